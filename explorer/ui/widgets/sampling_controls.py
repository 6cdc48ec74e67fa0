"""The controls of the sampling page: those of a run, and what a second run differs in."""

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
# the request's fields in the order in which the handler takes them
RUN_FIELDS = ("model", "label", "sampler", "steps", "schedule", "guidance", "eta", "seed", "size", "start", "sigma")
# what run B may differ in: the request's field -> what it is called
COMPARABLE_FIELDS = {field: "class" if field == "label" else field for field in COMPARABLE}
MAX_RADIO_CHOICES = 12  # choices


@dataclass(frozen=True)
class Controls:
    """The components that the view connects."""

    run: list[Component]  # in the order of RUN_FIELDS
    seed: gr.Number
    start: gr.Radio
    differs: gr.Radio
    others: list[Component]  # run B's values, in the order of COMPARABLE_FIELDS
    examples: gr.HTML
    upload: gr.UploadButton
    again: gr.Button
    stop: gr.Button
    begin: gr.Button  # not shown; the player presses it when it is first seen


def build_controls(engine: Engine) -> Controls:
    """Lay them out: the ones that everybody needs first, the rest under "More" and "Compare"."""
    fields, default = _Fields(engine), SamplingRequest()
    with gr.Column(elem_id="sampling-controls", elem_classes="controls"):
        with gr.Row(elem_classes="line"):
            again = gr.Button("New noise", size="sm", variant="primary", elem_id="again")
            stop = gr.Button("Stop", size="sm", elem_id="stop")
            begin = gr.Button("Run", elem_id="begin")
            start = gr.Radio(START_TITLES, value=default.start, label="Start from", elem_id="start")
            sigma = gr.Number(default.sigma, label="Its noise, sigma", elem_id="start-sigma")
            label = fields.make("label")
        with gr.Row(elem_classes="chooser", elem_id="sampling-chooser"):
            examples = build_picture_picker(default.picture, "sampling-examples")
            upload = build_upload(elem_id="sampling-upload")
        with gr.Row(elem_classes="line"):
            sampler, steps = fields.make("sampler"), fields.make("steps")
        with gr.Accordion("More", open=False, elem_id="more"), gr.Row(elem_classes="line"):
            model, size = fields.make("model"), fields.make("size")
            schedule, guidance = fields.make("schedule"), fields.make("guidance")
            eta, seed = gr.Number(default.eta, label="Fresh noise, eta", elem_id="eta"), fields.make("seed")
        with (
            gr.Accordion("Compare with a second run", open=False, elem_id="comparing"),
            gr.Row(elem_classes="line", elem_id="compare"),
        ):
            choices = [(NO_DIFFERENCE, NO_DIFFERENCE), *((title, field) for field, title in COMPARABLE_FIELDS.items())]
            differs = gr.Radio(choices, value=NO_DIFFERENCE, label="Run B differs in", elem_id="differs")
            others = [fields.make(field, other=True) for field in COMPARABLE_FIELDS]
    made = dict(model=model, label=label, sampler=sampler, steps=steps, schedule=schedule, guidance=guidance)
    made |= dict(eta=eta, seed=seed, size=size, start=start, sigma=sigma)
    run = [made[field] for field in RUN_FIELDS]
    return Controls(run, seed, start, differs, others, examples, upload, again, stop, begin)


class _Fields:
    """Makes the control of a request's field, for run A or, with another value to begin with, for run B."""

    def __init__(self, engine: Engine) -> None:
        sizes = [(str(size), size) for size in SIZES if size <= engine.largest_side]
        self.choices = {
            "model": ("Model", list(MODEL_TITLES), "wiener"),
            "label": ("Class", [(name, name) for name in engine.models.classes], engine.models.classes[0]),
            "sampler": ("Sampler", SAMPLER_TITLES, "ddpm"),
            "schedule": ("Schedule", SCHEDULE_TITLES, "flow"),
            "size": ("Size, pixels", sizes, None),
        }
        self.numbers = {"steps": ("Steps", 8, 0), "guidance": ("Guidance weight", 3.0, None), "seed": ("Seed", 1, 0)}

    def make(self, field: str, other: bool = False) -> Component:
        """other: for run B, whose first value differs from run A's."""
        value, name = getattr(SamplingRequest(), field), f"{'other' if other else 'run'}-{field}"
        if field in self.choices:
            title, choices, second = self.choices[field]
            return radio_or_dropdown(choices, second if other else value, _title(title, other), name)
        title, number, precision = self.numbers[field]
        return gr.Number(number if other else value, label=_title(title, other), precision=precision, elem_id=name)


def radio_or_dropdown(
    choices: list[tuple[str, object]], value: object, title: str, elem_id: str
) -> gr.Radio | gr.Dropdown:
    """All choices in sight, or a list to search where they are too many for that."""
    known = {inner for _, inner in choices}
    value = value if value in known else choices[0][1]
    kind = gr.Radio if len(choices) <= MAX_RADIO_CHOICES else gr.Dropdown
    return kind(choices, value=value, label=title, elem_id=elem_id)


def _title(title: str, other: bool) -> str:
    return f"{title} of B" if other else title
