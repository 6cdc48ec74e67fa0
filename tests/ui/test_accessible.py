"""Every view, from a phone to a projector, passes axe-core with no serious finding and fits into the window.

axe-core comes in the package axe-playwright-python; it is put into the page as text, so nothing is fetched.
"""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.support.pages.views import VIEWS, open_view

WIDTHS = {"phone": 375, "desktop": 1280, "projector": 1920}
OPTIONS = [
    pytest.param({"viewport": {"width": width, "height": 800}, "color_scheme": scheme}, id=f"{name}-{scheme}")
    for name, width in WIDTHS.items()
    for scheme in ("light", "dark")
    if not (name == "projector" and scheme == "dark")
]


def findings(page) -> list[str]:
    """One line for each element with a serious or critical finding."""
    result = Axe().run(page).response
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:160]}"
        for rule in result["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("explorer", OPTIONS, indirect=True)
@pytest.mark.parametrize("view", VIEWS)
def test_no_serious_finding_and_nothing_wider_than_the_window(explorer, view, request):
    dark = "dark" if "dark" in request.node.callspec.id else "light"
    open_view(explorer, view, f"&__theme={dark}")
    explorer.shoot(f"fits-{request.node.callspec.id}")
    assert findings(explorer.page) == []
    assert explorer.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
