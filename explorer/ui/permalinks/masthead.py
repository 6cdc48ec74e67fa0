"""The masthead with its button for links, and what connects it to the page."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.permalinks.codec import CORNER, LONGEST
from explorer.permalinks.schema import HIDEABLE, SECTIONS, VERSION, VIEWS
from explorer.schemas.noising import NoisingRequest
from explorer.ui.permalinks.bindings import accordions, controls, entries
from explorer.ui.permalinks.restore import TITLES, accordion_updates, known_choices, names_of, open_link, update_of
from explorer.ui.players.shared.scripts import common

FOLDER = Path(__file__).parent
PRIVATE_EVENT = {"api_visibility": "private", "show_progress": "hidden"}


def build_masthead(title: str) -> gr.HTML:
    """The component; its value is restore.Opening.answer, once, when a link has been read."""
    template = (FOLDER / "template.html").read_text().replace("@@title@@", html.escape(title))
    script = "\n".join([common(), f"const LINK = {json.dumps(_schema())};", (FOLDER / "masthead.js").read_text()])
    return gr.HTML(value=None, html_template=template, js_on_load=script)


def connect(app: gr.Blocks, masthead: gr.HTML, tabs: gr.Tabs, picture: gr.State) -> None:
    """Open what the address says when the page is loaded, and report every change to the masthead's script.

    All views must have been built. Raises KeyError when one of them lacks a component that a link names.
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
    asks = f"() => [window.permalink?.asks() ?? location.search.slice(0, {LONGEST + 2})]"
    restored = app.load(restore, query, outputs, js=asks, queue=False, **PRIVATE_EVENT)
    restored.failure(fn=None, js="() => window.permalink?.failed()")
    for view in VIEWS:
        mine = [held[view, name] for name in names_of(view)]
        took = f"(...values) => window.permalink?.took('{view}', values)"
        gr.on([c.change for c in mine], fn=None, inputs=mine, js=took, trigger_mode="multiple", **PRIVATE_EVENT)
    for (view, section), accordion in folded.items():
        for event, state in ((accordion.expand, "true"), (accordion.collapse, "false")):
            event(fn=None, js=f"() => window.permalink?.unfolded('{view}', '{section}', {state})", **PRIVATE_EVENT)
    for tab in tabs.children:
        tab.select(fn=None, js=f"() => window.permalink?.viewed('{tab.id}')", **PRIVATE_EVENT)


def _schema() -> dict[str, Any]:
    """What the script has to know: the names of all views in the order of the address, and what they are by default."""
    return {
        "version": VERSION,
        "longest": LONGEST,
        "corner": CORNER,
        "first": next(iter(VIEWS)),
        "views": {view: entries(view) for view in VIEWS},
        "controls": {view: names_of(view) for view in VIEWS},
        "sections": SECTIONS,
        "hideable": list(HIDEABLE),
        "picture": NoisingRequest().picture,
        "pictures": TITLES,
    }
