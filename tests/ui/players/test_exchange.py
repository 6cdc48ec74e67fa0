"""The page's side of an answer that grows, alone in a browser: what is taken in, whatever order values come in."""

import pytest

from harness import ROOT

SHARED = ROOT / "explorer" / "ui" / "players" / "shared"
# What the page around the exchange would be: parts arrive when the test says so, and are noted in the order of taking.
AROUND = """
(source) => {
  document.body.innerHTML = "<div><p class='ns-status'></p><i class='ns-progress'></i></div>";
  const element = document.body.firstChild, props = {}, taken = [], arriving = [];
  let told;
  window.fetch = (name) => new Promise((arrive) => arriving.push(() => arrive(response(name))));
  const response = (name) => {
    const header = new TextEncoder().encode(JSON.stringify({ name: name.split("/").pop(), blobs: [] }));
    const whole = new Uint8Array(4 + header.length);
    new DataView(whole.buffer).setUint32(0, header.length, true);
    whole.set(header, 4);
    return new Response(whole);
  };
  const watch = (name, call) => (told = call), takePart = async (part) => taken.push(part.name);
  const showProgress = (answer) => setStatus(answer.state === "done" ? "ready" : "running", 1);
  let setStatus;
  const exchange = new Function("element", "props", "watch", "takePart", "showProgress",
    `${source}; listen(); return { ticket, setStatus };`)(element, props, watch, takePart, showProgress);
  setStatus = exchange.setStatus;
  window.exchange = {
    ask: exchange.ticket, taken, arriving: () => arriving.length,
    value: (generation, parts, state) => {
      props.value = { generation, parts, state };
      told();
    },
    arrive: async () => {
      while (arriving.length) (arriving.shift()(), await new Promise((go) => setTimeout(go, 20)));
      return [taken.join(" "), element.querySelector(".ns-status").textContent];
    },
  };
}
"""


@pytest.fixture
def page(browser):
    page = browser.new_page()
    page.evaluate(AROUND, "".join((SHARED / name).read_text() for name in ("common.js", "old_exchange.js")))
    yield page
    page.close()


def test_an_older_answers_last_word_does_not_displace_the_one_that_is_being_fetched(page):
    page.evaluate("exchange.ask(); exchange.value(1, ['a'], 'running')")
    assert page.evaluate("exchange.arrive()") == ["a", "running"]
    page.evaluate("exchange.ask(); exchange.value(2, ['b'], 'running')")
    page.evaluate("exchange.value(2, ['b', 'c'], 'done'); exchange.value(1, ['a', 'x'], 'running')")
    assert page.evaluate("exchange.arrive()") == ["a b c", "ready"]


def test_a_newer_answer_ends_the_one_that_is_being_fetched(page):
    page.evaluate("exchange.ask(); exchange.value(1, ['a', 'x', 'x'], 'running')")
    page.wait_for_function("exchange.arriving() > 0")
    page.evaluate("exchange.ask(); exchange.value(2, ['b', 'c'], 'done')")
    assert page.evaluate("exchange.arrive()") == ["a b c", "ready"]


def test_nothing_is_ready_while_a_newer_question_is_on_its_way(page):
    page.evaluate("exchange.ask(); exchange.ask(); exchange.value(1, ['a'], 'done')")
    assert page.evaluate("exchange.arrive()") == ["a", "working\u2026"]
