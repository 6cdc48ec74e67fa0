"""Modules that come after Gradio has drawn the page: nothing that was said before is lost."""


def test_what_comes_before_the_modules_is_taken_in(explorer):
    page, held = explorer.page, []
    page.route("**/modules/**", lambda route: held.append(route) if held is not None else route.continue_())
    page.goto(explorer.url + "/?v=1&sigma=2.2&model=wiener&size=64&hide=seed")
    page.wait_for_selector("#size label.selected:has-text('64')")  # Gradio has put on the page what the link says
    assert page.evaluate("document.documentElement.dataset.hide") == "seed"  # from the first moment on
    assert not page.evaluate("window.players?.noise_slider")
    page.locator("#model label", has_text="network").first.click()
    routes, held = held, None
    for route in routes:
        route.continue_()
    explorer.ready()
    assert explorer.text("#read-sigma") == "2.2"
    page.wait_for_function("!location.search.includes('model=')")  # a control that was set before is in the address
    assert "sigma=2." in page.url and "size=64" in page.url and "hide=seed" in page.url
    assert page.evaluate("players.noise_slider.state.base.request.model") == "network"


def test_a_module_that_cannot_be_loaded_says_so(browser, server):
    page = browser.new_page()
    page.route("**/modules/**/noise_slider/*", lambda route: route.abort())
    page.goto(server)
    page.wait_for_function("document.querySelector('#status')?.textContent.includes('could not be loaded')")
    assert page.evaluate("!window.players?.noise_slider") and page.locator("#examples button").count() > 1
    page.close()
