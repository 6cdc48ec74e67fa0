"""The masthead with its button for links, and its connections to the page."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.permalinks.codec import EXTENT_HUNDREDTHS, MAX_QUERY_CHARS
from explorer.permalinks.schema import HIDEABLE, SECTIONS, VERSION, VIEWS
from explorer.schemas.noising import NoisingRequest
from explorer.ui.permalinks.bindings import accordions, controls, entries
from explorer.ui.permalinks.restore import TITLES, accordion_updates, known_choices, names_of, open_link, update_of
from explorer.ui.players.shared.modules import mount, reference

FOLDER = Path(__file__).parent
MAX_HIDDEN_MS = 10_000  # the page is shown after this even if the module fails to load
PRIVATE_EVENT = {"api_visibility": "private", "show_progress": "hidden"}


def build_masthead(title: str) -> gr.HTML:
    """Return the masthead; its value is set once, to OpenedLink.answer, when a link has been read."""
    template = (FOLDER / "template.html").read_text().replace("@@title@@", html.escape(title))
    script = _before_mounted() + mount("permalinks/masthead.js", _schema())
    return gr.HTML(value=None, html_template=template, js_on_load=script)


def _before_mounted() -> str:
    """Return the script that runs before the module loads: apply "hide", and record the reports of events."""
    return f"""
const words = new URLSearchParams(location.search), hidden = (words.get("hide") ?? "").split(",");
document.documentElement.dataset.hide = {json.dumps(list(HIDEABLE))}.filter((name) => hidden.includes(name)).join(" ");
if (words.has("view")) document.documentElement.dataset.opening = "";
setTimeout(() => delete document.documentElement.dataset.opening, {MAX_HIDDEN_MS});
const early = [], note = (name) => (...values) => void early.push([name, values]);
const reports = Object.fromEntries(["failed", "viewed", "took", "unfolded"].map((name) => [name, note(name)]));
(window.players ??= {{}}).permalink = {{ early, ...reports }};
"""


def connect(app: gr.Blocks, masthead: gr.HTML, tabs: gr.Tabs, picture: gr.State) -> None:
    """Restore the link in the address when the page is loaded, and report every change to the masthead's script.

    Call after all views are built. Raise KeyError when one of them lacks a component that a link names.
    """
    held, folded = controls(app), accordions(app)
    choices = known_choices(held)

    def restore(query: str) -> list[Any]:
        found = open_link(str(query), choices)
        values = {(found.view, name): update_of(held[found.view, name], value) for name, value in found.values.items()
                  if (found.view, name) in held}  # fmt: skip
        unfolded = accordion_updates(found)
        updates = [values.get(key, gr.skip()) for key in held] + [unfolded.get(key, gr.skip()) for key in folded]
        return [found.answer, gr.update(selected=found.view), found.picture, *updates]

    query = gr.Textbox("", visible=False)
    outputs = [masthead, tabs, picture, *held.values(), *folded.values()]
    permalink = reference("permalink")
    words = f"() => [location.search.slice(0, {MAX_QUERY_CHARS + 2})]"
    restored = app.load(restore, query, outputs, js=words, queue=False, **PRIVATE_EVENT)
    restored.failure(fn=None, js=f"() => {permalink}?.failed()")
    for view in VIEWS:
        mine = [held[view, name] for name in names_of(view)]
        took = f"(...values) => {permalink}?.took('{view}', values)"
        gr.on([c.change for c in mine], fn=None, inputs=mine, js=took, trigger_mode="multiple", **PRIVATE_EVENT)
    for (view, section), accordion in folded.items():
        for event, state in ((accordion.expand, "true"), (accordion.collapse, "false")):
            event(fn=None, js=f"() => {permalink}?.unfolded('{view}', '{section}', {state})", **PRIVATE_EVENT)
    for tab in tabs.children:
        tab.select(fn=None, js=f"() => {permalink}?.viewed('{tab.id}')", **PRIVATE_EVENT)


def _schema() -> dict[str, Any]:
    """Return the constants of the script: the names of all views in the order of the address, with their defaults."""
    return {
        "version": VERSION,
        "corner": EXTENT_HUNDREDTHS,
        "first": next(iter(VIEWS)),
        "views": {view: entries(view) for view in VIEWS},
        "controls": {view: names_of(view) for view in VIEWS},
        "sections": SECTIONS,
        "hideable": list(HIDEABLE),
        "picture": NoisingRequest().picture,
        "pictures": TITLES,
    }
