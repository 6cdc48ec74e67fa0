"""Workers of one run measure each claim once between them."""

import os

import pytest

from tests.support import verdicts


@pytest.fixture(scope="session", autouse=True)
def shared_verdicts(tmp_path_factory):
    if "PYTEST_XDIST_WORKER" in os.environ:
        verdicts.share(tmp_path_factory.getbasetemp().parent / "verdicts")
