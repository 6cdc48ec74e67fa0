"""The controls of the sampling tab: those of run A, and those in which run B can differ."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr
from gradio.components import Component

from explorer.core.samplers.registry import SAMPLER_INFO
from explorer.core.schedules import SCHEDULES
from explorer.engine import Engine
from explorer.schemas import MODELS, SIZES, SamplingRequest
from explorer.schemas.sampling import COMPARABLE, NO_DIFFERENCE
from explorer.ui.widgets.picture_picker import build_picture_picker
from explorer.ui.widgets.upload import build_upload

MODEL_TITLES = tuple(zip(("network", "Wiener filter", "ideal denoiser"), MODELS, strict=True))
SAMPLER_TITLES = [(info.title, name) for name, info in SAMPLER_INFO.items()]
SCHEDULE_TITLES = [(schedule.label, name) for name, schedule in SCHEDULES.items()]
START_TITLES = [("pure noise", "noise"), ("the picture, noised", "picture")]
# the request's fields, in the order in which /page_sampling takes them
RUN_FIELDS = ("model", "label", "sampler", "steps", "schedule", "guidance", "eta", "seed", "size", "start", "sigma")
# fields in which run B may differ -> title
COMPARABLE_FIELDS = {field: "class" if field == "label" else field for field in COMPARABLE}
MAX_RADIO_CHOICES = 12  # with more choices a dropdown is used


class RunControls:
    """The controls of both runs, which `build_controls` lays out.

    They are created in the order of RUN_FIELDS, then COMPARABLE_FIELDS, because Gradio orders the inputs of a handler
    that takes a dictionary by the creation of their components.
    """

    def __init__(self, engine: Engine) -> None:
        factory = _ControlFactory(engine)
        choices = [(NO_DIFFERENCE, NO_DIFFERENCE), *((title, field) for field, title in COMPARABLE_FIELDS.items())]
        self.run = {field: factory.build(field) for field in RUN_FIELDS}
        self.differs = gr.Radio(choices, value=NO_DIFFERENCE, label="Run B differs in", elem_id="differs", render=False)
        self.others = {field: factory.build(field, other=True) for field in COMPARABLE_FIELDS}  # run B's values

    @property
    def all(self) -> list[Component]:
        """Return all controls in the order of their creation."""
        return [*self.run.values(), self.differs, *self.others.values()]

    def render(self, *fields: str) -> None:
        """Render the controls of run A for these fields in the current context."""
        for field in fields:
            self.run[field].render()


@dataclass(frozen=True)
class Controls:
    """The other components of the sampling tab that the view connects."""

    examples: gr.HTML
    upload: gr.UploadButton
    again: gr.Button
    stop: gr.Button
    begin: gr.Button  # not shown; the player presses it when it is first seen


def build_controls(runs: RunControls) -> Controls:
    """Lay out the controls, with the less common ones in the accordions "More" and "Compare", and return the others."""
    with gr.Column(elem_id="sampling-controls", elem_classes="controls"):
        with gr.Row(elem_classes="line"):
            again = gr.Button("New noise", size="sm", variant="primary", elem_id="again")
            stop = gr.Button("Stop", size="sm", elem_id="stop")
            begin = gr.Button("Run", elem_id="begin")
            runs.render("start", "sigma", "label")
        with gr.Row(elem_classes="chooser", elem_id="sampling-chooser"):
            examples = build_picture_picker(SamplingRequest().picture, "sampling-examples")
            upload = build_upload(elem_id="sampling-upload")
        with gr.Row(elem_classes="line"):
            runs.render("sampler", "steps")
        with gr.Accordion("More", open=False, elem_id="more"), gr.Row(elem_classes="line"):
            runs.render("model", "size", "schedule", "guidance", "eta", "seed")
        with (
            gr.Accordion("Compare with a second run", open=False, elem_id="comparing"),
            gr.Row(elem_classes="line", elem_id="compare"),
        ):
            runs.differs.render()
            for control in runs.others.values():
                control.render()
    return Controls(examples, upload, again, stop, begin)


class _ControlFactory:
    """A factory of the control of a request's field, for run A or, with another first value, for run B."""

    def __init__(self, engine: Engine) -> None:
        sizes = [(str(size), size) for size in SIZES if size <= engine.largest_side]
        # field -> (title, choices, run B's first value)
        self.choices = {
            "model": ("Model", list(MODEL_TITLES), "wiener"),
            "label": ("Class", [(name, name) for name in engine.models.classes], engine.models.classes[0]),
            "sampler": ("Sampler", SAMPLER_TITLES, "ddpm"),
            "schedule": ("Schedule", SCHEDULE_TITLES, "flow"),
            "size": ("Size, pixels", sizes, None),
            "start": ("Start from", START_TITLES, None),
        }
        # field -> (title, run B's first value, decimal places)
        self.numbers = {
            "steps": ("Steps", 8, 0),
            "guidance": ("Guidance weight", 3.0, None),
            "seed": ("Seed", 1, 0),
            "eta": ("Fresh noise, eta", None, None),
            "sigma": ("Its noise, sigma", None, None),
        }
        self.elem_ids = {"start": "start", "sigma": "start-sigma", "eta": "eta"}  # else run-FIELD

    def build(self, field: str, other: bool = False) -> Component:
        """Return the unrendered control of a field. other: for run B, whose first value differs from run A's."""
        first = getattr(SamplingRequest(), field)
        elem_id = f"other-{field}" if other else self.elem_ids.get(field, f"run-{field}")
        if field in self.choices:
            title, choices, second = self.choices[field]
            value, title = second if other else first, _title(title, other)
            return radio_or_dropdown(choices, value, title, elem_id, render=False)
        title, number, precision = self.numbers[field]
        value, title = number if other else first, _title(title, other)
        return gr.Number(value, label=title, precision=precision, elem_id=elem_id, render=False)


def radio_or_dropdown(
    choices: list[tuple[str, object]], value: object, title: str, elem_id: str, render: bool = True
) -> gr.Radio | gr.Dropdown:
    """Return radio buttons, or a dropdown for more than MAX_RADIO_CHOICES choices.

    choices: pairs (title, value); value: the first choice if it is not among them
    """
    known = {inner for _, inner in choices}
    value = value if value in known else choices[0][1]
    kind = gr.Radio if len(choices) <= MAX_RADIO_CHOICES else gr.Dropdown
    return kind(choices, value=value, label=title, elem_id=elem_id, render=render)


def _title(title: str, other: bool) -> str:
    return f"{title} of B" if other else title
