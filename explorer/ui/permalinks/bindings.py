"""The table of a link's names (explorer.permalinks.schema) and the element ids of their components.

Components are found by their elem_id, so that the views do not depend on links.
"""

from __future__ import annotations

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component

from explorer.permalinks.schema import SECTIONS, VIEWS

# view -> name in a link -> elem_id
CONTROL_IDS: dict[str, dict[str, str]] = {
    "noise-scale": {"model": "model", "class": "class", "size": "size", "seed": "seed"},
    "sampling": {
        **{n: f"run-{n}" for n in ("model", "size", "sampler", "steps", "schedule", "guidance", "seed")},
        **{"class": "run-label", "start": "start", "sigma": "start-sigma", "eta": "eta", "b": "differs"},
        **{f"b.{n}": f"other-{n}" for n in ("sampler", "steps", "schedule", "guidance", "seed", "model")},
        "b.class": "other-label",
        **{f"branch.{n}": f"branch-{n}" for n in ("origin", "count", "steps", "seed")},
        **{f"turn.{n}": f"turn-{n}" for n in ("levels", "count", "seed")},
        **{"transfer.samplers": "transfer-samplers", "transfer.steps": "step-counts", "transfer.seed": "transfer-seed"},
    },
    "autoencoders": {
        **{"corruption": "corruption", "sigma": "lineup-sigma", "rate": "lineup-rate", "seed": "lineup-seed"},
        **{f"{n}.seed": f"{n}-seed" for n in ("levels", "skips", "generate")},
        "generate.steps": "generate-steps",
        **{f"field.{n}": f"score-field-{n}" for n in ("density", "source", "seed")},
    },
}
# view -> section -> elem_id of its accordion
ACCORDION_IDS: dict[str, dict[str, str]] = {
    "noise-scale": {"full": "full"},
    "sampling": {
        "more": "more", "compare": "comparing", "branch": "branching", "turn": "u-turns", "transfer": "transfer",
    },
    "autoencoders": {
        "wiring": "wiring", "skips": "skips", "levels": "levels", "codes": "what-codes-hold", "generate": "generating",
        "field": "score-field",
    },
}  # fmt: skip


def controls(app: gr.Blocks) -> dict[tuple[str, str], Component]:
    """Return {(view, name): component} of all views. Raise KeyError when the page lacks a component."""
    found = _by_id(app)
    return {(view, name): found[elem_id] for view, names in CONTROL_IDS.items() for name, elem_id in names.items()}


def accordions(app: gr.Blocks) -> dict[tuple[str, str], gr.Accordion]:
    """Return {(view, section): accordion} of all views. Raise KeyError when the page lacks an accordion."""
    found = _by_id(app)
    return {(view, name): found[ACCORDION_IDS[view][name]] for view, names in SECTIONS.items() for name in names}


def _by_id(app: gr.Blocks) -> dict[str, Block]:
    return {block.elem_id: block for block in app.blocks.values() if block.elem_id}


def entries(view: str) -> list[dict]:
    """Return the names of a view for the page's script, in the order of the address.

    Each is {"name", "usual": its default}, with "only": [other name, value] where it depends on another name.
    """
    made = []
    for piece in VIEWS[view].values():
        for name, attribute in piece.names.items():
            usual = getattr(piece.default, attribute)
            entry = {"name": name, "usual": list(usual) if isinstance(usual, tuple) else usual}
            if name in piece.only:
                entry["only"] = ["b", piece.only[name]]
            if (view, name) in RELEVANT_IF:
                entry["only"] = RELEVANT_IF[view, name]
            made.append(entry)
    return made


# (view, name) -> [other name, the value that it must have for the name to apply]
RELEVANT_IF = {
    ("sampling", "picture"): ["start", "picture"],
    ("sampling", "sigma"): ["start", "picture"],
    ("autoencoders", "sigma"): ["corruption", "gaussian"],
    ("autoencoders", "rate"): ["corruption", "mask"],
    ("autoencoders", "field.points"): ["field.density", "drawn"],
}
