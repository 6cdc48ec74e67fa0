"""One real server and one real browser for all tests of the page, and the markers of tests that need them."""

from __future__ import annotations

import pytest
from playwright.sync_api import sync_playwright

from explorer.engine import Engine
from harness.browser import FLAGS, installed
from harness.server_process import running_app
from tests.support.pages.explorer import Explorer
from tests.support.training_data import training_data  # noqa: F401 - a fixture

# Fixtures behind which a server runs, in a process of its own or in threads of the test's.
SERVER_FIXTURES = {"app", "closed", "process", "server", "served", "url"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the fixtures that they use, and begin with what takes longest.

    Workers take whole modules in this order: what is left for the end is short, so that all end at the same time.
    """
    for item in items:
        fixtures = set(item.fixturenames)
        if "browser" in fixtures:
            item.add_marker("browser")
        if fixtures & SERVER_FIXTURES:
            item.add_marker("server")
    heavy = {item.path: 0 for item in items}
    for item in items:
        weight = 3 if item.get_closest_marker("browser") else 2 if item.get_closest_marker("slow") else 0
        heavy[item.path] = max(heavy[item.path], weight or int(item.get_closest_marker("server") is not None))
    items.sort(key=lambda item: -heavy[item.path])  # stable: within a module nothing changes places


@pytest.fixture(scope="session")
def engine():
    """What the server computes with, for comparison; float32, as the server is told to use."""
    return Engine()


@pytest.fixture(scope="session")
def server():
    with running_app("--device", "cpu", "--dtype", "float32") as url:
        yield url


@pytest.fixture(scope="session")
def browser():
    path = installed()
    assert path, "no Chromium: run `python -m harness.browser`"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def explorer(browser, server, request):
    """A fresh page in a context of its own; at the end nothing may have gone wrong in its console."""
    options = getattr(request, "param", {"viewport": {"width": 1280, "height": 800}})
    context = browser.new_context(accept_downloads=True, **options)
    explorer = Explorer(context.new_page(), server)
    yield explorer
    problems = explorer.problems
    context.close()
    assert not problems, problems
