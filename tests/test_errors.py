"""One tree of the errors that people see."""

import ast
import pickle

import pytest

from explorer import errors, images
from harness import ROOT

CLASSES = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]
INTERNAL = {"Cancelled", "ReplicaUnhealthy"}  # nobody sees these


@pytest.mark.parametrize("error", CLASSES)
def test_all_are_user_errors_with_a_sentence_of_their_own(error):
    assert issubclass(error, errors.UserError) and error.__doc__
    assert not issubclass(error, ValueError | OSError | RuntimeError)  # what catches those must not swallow these
    raised = error(400, "No.") if error is errors.BodyRefused else error("No.")
    assert str(raised) == "No."


@pytest.mark.parametrize("error", [c for c in CLASSES if c is not errors.BodyRefused])
def test_they_travel_between_processes(error):
    assert str(pickle.loads(pickle.dumps(error("No.")))) == "No."


def test_weights_of_the_hub_and_of_replicas_are_weights():
    assert issubclass(errors.HubRefused, errors.WeightsRefused)
    assert issubclass(errors.WeightsDiffer, errors.WeightsRefused)


def test_pictures_raise_the_same_error_as_they_export():
    assert images.ImageRefused is errors.ImageRefused


def test_no_other_module_defines_one():
    found = set()
    for path in (ROOT / "explorer").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and path.name != "errors.py":
                bases = {ast.unparse(base).split(".")[-1] for base in node.bases}
                if any(base == "Exception" or base.endswith(("Error", "Refused")) for base in bases):
                    found.add(node.name)
    assert found <= INTERNAL
