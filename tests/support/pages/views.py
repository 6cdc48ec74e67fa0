"""All views of the page, and when each has answered its first question."""

from tests.support.pages.autoencoders import LINED_UP
from tests.support.pages.explorer import READY
from tests.support.pages.sampling import SAMPLED

VIEWS = {"noise-scale": READY, "sampling": SAMPLED, "autoencoders": LINED_UP}


def open_view(explorer, view, query=""):
    """The page opened on a view, at rest."""
    explorer.page.goto(f"{explorer.url}/?view={view}{query}")
    explorer.page.wait_for_function(VIEWS[view], timeout=120_000)
    return explorer.at_rest()
