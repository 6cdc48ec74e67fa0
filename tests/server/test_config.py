"""Behind a reverse proxy, with a password, as an app of the desktop: what the page then is, in a real browser."""

import json

import httpx
import pytest

from explorer.errors import HostingRefused
from explorer.server.config import (
    AUTH_VARIABLE,
    SPACE_VARIABLE,
    TRUSTED_PROXIES_VARIABLE,
    Hosting,
    default_host,
    parse_account,
    parse_root_path,
    trust_proxies,
)
from explorer.server.pwa import has_desktop, is_loopback
from harness.server_process import running_app
from tests.support.guarded_app import API
from tests.support.pages.explorer import READY, SCREENSHOTS, Explorer
from tests.support.reverse_proxy import proxied

USER, PASSWORD = "ada", "pass:word, with a colon"
PREFIX = "/explorer"


@pytest.fixture(scope="module")
def closed():
    """A server behind a password and, for a browser, behind a proxy that shows it at /explorer."""
    patch = pytest.MonkeyPatch()
    patch.setenv(AUTH_VARIABLE, f"{USER}:{PASSWORD}")
    with running_app("--device", "cpu", "--dtype", "float32", "--root-path", PREFIX) as direct:
        with proxied(direct, PREFIX) as shown:
            yield direct, shown
    patch.undo()


@pytest.fixture
def visitor(browser, closed):
    """A page at the proxied address, not logged in."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    explorer = Explorer(context.new_page(), closed[1])
    yield explorer
    context.close()


def log_in(visitor, password):
    page = visitor.page
    page.goto(visitor.url + "/")
    page.get_by_label("username").fill(USER)
    page.get_by_label("password").fill(password)
    page.get_by_role("button", name="login").click()


def test_who_has_no_password_gets_nothing(closed):
    with httpx.Client(base_url=closed[0]) as stranger:
        for path in ("/config", f"{API}/info", f"{API}/file=/tmp/x", f"{API}/queue/data?session_hash=a"):
            assert stranger.get(path).status_code == 401, path
        for path in (f"{API}/queue/join", f"{API}/call/noising", f"{API}/run/noising", f"{API}/upload"):
            answer = stranger.post(path, json={"data": [], "session_hash": "a", "fn_index": 0})
            assert answer.status_code in (401, 413), path
        assert "components" in stranger.get("/").text and '"components":[]' in stranger.get("/").text.replace(" ", "")
        wrong = stranger.post("/login", data={"username": USER, "password": "wrong"})
        assert wrong.status_code == 400
        right = stranger.post("/login", data={"username": USER, "password": PASSWORD})
        assert right.status_code == 200 and stranger.get("/config").status_code == 200
        assert PASSWORD not in stranger.get("/config").text


def test_behind_a_proxy_and_a_password_the_page_works(visitor):
    log_in(visitor, "wrong")
    visitor.page.get_by_text("Incorrect Credentials").wait_for()
    log_in(visitor, PASSWORD)
    visitor.page.wait_for_function(READY, timeout=120_000)
    asked = [address.removeprefix(visitor.url) for address in visitor.requests]
    assert sum(address.startswith("/parts/") for address in asked) >= 2
    assert all(address.startswith("/") for address in asked if "/parts/" in address)
    before = visitor.pixels("denoised")
    visitor.choose("model", "Wiener").page.wait_for_function(READY)
    assert (visitor.level(20).pixels("denoised") != before).any()
    visitor.page.evaluate("window.scrollTo(0, 0)")
    SCREENSHOTS.mkdir(exist_ok=True)
    visitor.page.screenshot(path=SCREENSHOTS / "behind-a-proxy.png")
    outside = [a for a in visitor.requests if not a.startswith(visitor.url)]
    assert {a.rsplit("/", 1)[-1] for a in outside} <= {"manifest.json", "favicon.ico"}  # of Gradio's own page
    expected = ("404", "400", "401")  # Gradio's own look for a manifest, the wrong password, and before any password
    assert not [problem for problem in visitor.problems if not any(status in problem for status in expected)]


def test_it_can_be_installed_from_behind_the_prefix(visitor):
    """Chromium's own judgement, on a manifest and icons that all come from under the prefix."""
    log_in(visitor, PASSWORD)
    visitor.page.wait_for_function(READY, timeout=120_000)
    session = visitor.page.context.new_cdp_session(visitor.page)
    manifest = session.send("Page.getAppManifest")
    assert manifest["url"] == f"{visitor.url}/manifest.json" and not manifest["errors"]
    problems = [error["errorId"] for error in session.send("Page.getInstallabilityErrors")["installabilityErrors"]]
    assert not set(problems) - {"in-incognito"}
    described = json.loads(manifest["data"])
    assert described["display"] == "standalone" and described["start_url"] == "./"
    for icon in described["icons"]:
        answer = httpx.get(f"{visitor.url}/{icon['src']}")
        assert answer.status_code == 200 and answer.headers["content-type"] == "image/png"
        width, height = (int.from_bytes(answer.content[i : i + 4]) for i in (16, 20))
        assert f"{width}x{height}" == icon["sizes"]
    assert httpx.get(f"{visitor.url}/favicon.ico").headers["content-type"] == "image/png"


def test_a_proxy_that_keeps_the_prefix_works_too(closed):
    with httpx.Client(base_url=closed[0]) as client:
        for path in ("/healthz", "/manifest.json", "/login_check"):
            assert client.get(PREFIX + path).status_code == client.get(path).status_code
        assert client.get(f"{PREFIX}/openapi.json").status_code == 404


@pytest.mark.parametrize("text", ["ada", "ada:", ":secret", " :secret"])
def test_half_an_account_is_refused_without_repeating_it(text):
    with pytest.raises(HostingRefused) as refused:
        parse_account(text, {})
    assert "secret" not in str(refused.value)


def test_accounts_come_from_the_option_or_the_environment():
    assert parse_account(None, {}) is None and parse_account("", {AUTH_VARIABLE: ""}) is None
    assert parse_account(None, {AUTH_VARIABLE: "a:b:c"}) == ("a", "b:c") and parse_account(
        "x:y", {AUTH_VARIABLE: "a:b"}
    ) == ("x", "y")
    assert "secret" not in repr(Hosting(account=("a", "secret")))


@pytest.mark.parametrize(
    "given, taken",
    [("", ""), ("/", ""), ("/explorer/", "/explorer"), ("/a/b", "/a/b"), ("https://x.org/a/", "https://x.org/a")],
)
def test_root_paths(given, taken):
    assert parse_root_path(given) == taken


@pytest.mark.parametrize("given", ["explorer", "//x.org/a", "ftp://x.org", "/a?b=c", "/a#b", "https://"])
def test_what_is_no_root_path_is_refused(given):
    with pytest.raises(HostingRefused):
        parse_root_path(given)


def test_in_a_space_it_listens_everywhere_and_believes_the_proxies_there_alone():
    assert default_host({}) == "127.0.0.1" and default_host({SPACE_VARIABLE: "a/b"}) == "0.0.0.0"
    own, space, set_ = {}, {SPACE_VARIABLE: "a/b"}, {SPACE_VARIABLE: "a/b", TRUSTED_PROXIES_VARIABLE: "192.0.2.1"}
    for environ in (own, space, set_):
        trust_proxies(environ)
    assert (
        TRUSTED_PROXIES_VARIABLE not in own
        and "*" not in space[TRUSTED_PROXIES_VARIABLE]
        and "10.0.0.0/8" in space[TRUSTED_PROXIES_VARIABLE]
    )
    assert set_[TRUSTED_PROXIES_VARIABLE] == "192.0.2.1"


@pytest.mark.parametrize(
    "environ, terminal, platform, there",
    [
        ({"DISPLAY": ":0"}, True, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True, "linux", True),
        ({}, True, "linux", False),
        ({"DISPLAY": ":0"}, False, "linux", False),
        ({"DISPLAY": "localhost:10.0", "SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22"}, True, "linux", False),
        ({}, True, "darwin", True),
        ({}, True, "win32", True),
        ({}, False, "win32", False),
    ],
)
def test_whether_somebody_sits_at_this_machine(environ, terminal, platform, there):
    assert has_desktop(environ, terminal, platform) is there


def test_addresses_of_this_machine():
    assert all(is_loopback(host) for host in ("127.0.0.1", "127.8.9.1", "localhost", "::1", "[::1]"))
    assert not any(is_loopback(host) for host in ("0.0.0.0", "::", "192.168.1.5", "example.org"))
