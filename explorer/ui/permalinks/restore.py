"""Conversion of a link's query to updates of the page's components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from explorer.autoencoders import AUTOENCODERS
from explorer.examples import EXAMPLES
from explorer.permalinks.codec import Ignored, Link, read
from explorer.permalinks.schema import SECTIONS, VIEWS
from explorer.ui.permalinks.bindings import CONTROL_IDS

TITLES = {example.name: example.title for example in EXAMPLES}
MAX_NAMED_WORDS = 3  # ignored names that the notice lists
MAX_VALUE_CHARS = 24  # of an ignored name or value in the notice


@dataclass(frozen=True)
class OpenedLink:
    """The state of the page that a link describes."""

    view: str
    values: dict[str, Any]  # name -> value, if not the default
    picture: str  # name of an example
    opened: tuple[str, ...] | None  # unfolded sections, None for the defaults
    notice: str  # one line for the person, or ""

    @property
    def answer(self) -> dict[str, Any]:
        """Return the state as JSON values for the page's script."""
        opened = None if self.opened is None else list(self.opened)
        values = {name: list(v) if isinstance(v, tuple) else v for name, v in self.values.items()}
        return {**vars(self), "values": values, "opened": opened}


def open_link(query: str, choices: Mapping[tuple[str, str], Sequence[Any]]) -> OpenedLink:
    """Return the state that a query describes; ignore and report invalid names and values.

    choices: (view, name) -> the values that the control can have on this server
    """
    link, ignored = read(query)
    values, refused = _values(link, choices)
    picture = values.get("picture", VIEWS["noise-scale"]["noising"].default.picture)
    return OpenedLink(link.view, values, picture, link.opened, _notice(link, picture, [*ignored, *refused]))


def known_choices(components: Mapping[tuple[str, str], Component]) -> dict[tuple[str, str], tuple]:
    """Return {(view, name): possible values} of the controls with choices, the pictures and the autoencoders."""
    known = {key: tuple(v for _, v in c.choices) for key, c in components.items() if getattr(c, "choices", None)}
    pictures = {(view, "picture"): tuple(TITLES) for view in VIEWS}
    return known | pictures | {("autoencoders", "member"): tuple(AUTOENCODERS)}


def update_of(component: Component, value: Any) -> dict[str, Any]:  # noqa: ANN401 - of any control
    """Return the update that sets a control; in a text box, a tuple is joined by commas."""
    if isinstance(value, tuple):
        value = ", ".join(map(str, value)) if isinstance(component, gr.Textbox) else list(value)
    return gr.update(value=value)


def accordion_updates(found: OpenedLink) -> dict[tuple[str, str], dict[str, Any]]:
    """Return {(view, section): update} of the view's accordions, {} when the link does not name the unfolded ones."""
    if found.opened is None:
        return {}
    return {(found.view, name): gr.update(open=name in found.opened) for name in SECTIONS[found.view]}


def _values(link: Link, choices: Mapping[tuple[str, str], Sequence[Any]]) -> tuple[dict[str, Any], list[Ignored]]:
    values, refused = {}, []
    for key, made in link.pieces.items():
        piece = VIEWS[link.view][key]
        for name, attribute in piece.names.items():
            value, known = getattr(made, attribute), choices.get((link.view, name))
            if value == getattr(piece.default, attribute):
                continue
            if known is not None and not set(value if isinstance(value, tuple) else (value,)) <= set(known):
                refused.append(Ignored(name, str(value), "There is nothing of that name here."))
            else:
                values[name] = value
    return values, refused


def _notice(link: Link, picture: str, ignored: Sequence[Ignored]) -> str:
    lines = []
    if link.upload:
        lines.append(f"The picture of this link was uploaded and is not in it; here is “{TITLES[picture]}”.")
    if ignored:
        named = "; ".join(_named(one) for one in ignored[:MAX_NAMED_WORDS])
        more = f"; and {len(ignored) - MAX_NAMED_WORDS} more" if len(ignored) > MAX_NAMED_WORDS else ""
        lines.append(f"Left out of this link: {named}{more}.")
    return " ".join(lines)


def _named(one: Ignored) -> str:
    value = one.value if len(one.value) <= MAX_VALUE_CHARS else one.value[:MAX_VALUE_CHARS] + "…"
    said = f"{one.name[:MAX_VALUE_CHARS]}={value}" if value else one.name[:MAX_VALUE_CHARS]
    return f"{said} ({one.why[0].lower()}{one.why[1:].rstrip('.')})"


def names_of(view: str) -> list[str]:
    """Return the names of a view's controls, in the order in which the page reports them."""
    return list(CONTROL_IDS[view])
