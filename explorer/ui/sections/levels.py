"""The section on noise levels: denoisers trained at one level and tested at all, beside the conditional one."""

from __future__ import annotations

from explorer.engine import Engine
from explorer.engine.autoencoders import MATRIX_ROWS
from explorer.figures.levels import matrix_figure
from explorer.schemas.autoencoders import SeedRequest
from explorer.server.blob_store import BlobStore
from explorer.ui.sections.measurement import (
    Measurement,
    SectionText,
    build_plot_with_text,
    build_seed,
    measurement_section,
    progress_answer,
)
from explorer.ui.widgets.notes import missing_note

TEXT = SectionText(
    title="Train at one noise level, test at another",
    elem_id="levels",
    button="Measure",
    button_id="measure-levels",
    stop_id="stop-levels",
    note="Each row is one denoiser, each column a noise level of the test on the example pictures. 1.00 is the best "
    "at that level. A specialist is good at its own level; the conditional one, told the level, should match them all.",
)


def build(engine: Engine, blobs: BlobStore) -> None:
    """Lay out and connect the section."""

    def measure(seed: float) -> Measurement:
        """Measure the matrix, shown after every row with the missing autoencoders."""
        show = lambda matrix: (matrix_figure(matrix), missing_note(matrix.missing))
        return Measurement(engine.autoencoders.level_matrix(SeedRequest(seed)), len(MATRIX_ROWS), show)

    measurement_section(
        blobs,
        TEXT,
        measure,
        progress_answer("matrix"),
        controls=lambda: [build_seed(0, "levels-seed")],
        results=build_plot_with_text,
        api_name="level_matrix",
    )
