"""Every view by keyboard alone: what has the focus can be seen, all can be reached in a few steps, and all answers."""

import pytest

from tests.support.pages.views import VIEWS, open_view

FOCUS = """() => {
  const node = document.activeElement, marks = [node, node.closest("label")].filter(Boolean).map(getComputedStyle);
  return {
    end: node === document.body,
    seen: marks.some((style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0),
    name: `${node.tagName} ${node.closest("[id]")?.id} ${node.ariaLabel ?? node.textContent.trim().slice(0, 30)}`,
  };
}"""


def stops(page, most=120):
    """What the Tab key comes to from the top of the page to its end."""
    found = []
    for _ in range(most):
        page.keyboard.press("Tab")
        if (stop := page.evaluate(FOCUS))["end"]:
            return found
        found.append(stop)
    pytest.fail(f"the end of the page is not reached by {most} stops, the last being {found[-3:]}")


def tab_to(page, selector, most=70):
    """Press Tab until this has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"{selector} is not reached")


@pytest.mark.parametrize("view", VIEWS)
def test_all_is_reached_and_what_has_the_focus_is_seen(explorer, view):
    found = stops(open_view(explorer, view).page)
    assert len(found) > 20 and [stop["name"] for stop in found if not stop["seen"]] == []


def test_the_first_view(explorer):
    page = explorer.open().page
    position = "players.noise_slider.state.position"
    tab_to(page, "#noise-slider")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(position) == 1
    for row in ("ve", "vp", "denoised"):  # one stop for each strip
        tab_to(page, f"[data-row={row}] button", most=12)
        page.keyboard.press("ArrowRight")
        page.wait_for_function("document.activeElement.classList.contains('ns-here')")  # with the next frame
    assert page.evaluate(position) > 1
    tab_to(page, "#examples button:nth-of-type(2), .examples-row button:nth-of-type(2)")
    before = page.evaluate("players.noise_slider.state.base.picture")
    page.keyboard.press("Enter")
    page.wait_for_function(f"window.players?.noise_slider?.state.base?.picture !== '{before}'")
    explorer.ready()
    tab_to(page, "#model input[value=wiener]")
    page.keyboard.press("Space")
    explorer.busy_then_ready()
    assert "Wiener filter" in explorer.text("#sentence")


def test_from_view_to_view(explorer):
    page = explorer.open().page
    tab_to(page, "#views [role=tab]:nth-of-type(2)")
    page.keyboard.press("Enter")
    page.wait_for_function(VIEWS["sampling"], timeout=120_000)
    tab_to(page, "#trajectory-slider")
    page.keyboard.press("Home")
    assert page.evaluate("document.activeElement.value") == "0"
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.value") == "1"
    page.keyboard.press("Shift+Tab")
    for _ in range(20):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.matches('#views [role=tab]:nth-of-type(3)')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_function(VIEWS["autoencoders"], timeout=120_000)
    tab_to(page, "#wiring button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#wiring [data-explain], .wiring .ns-status", state="visible", timeout=60_000)
