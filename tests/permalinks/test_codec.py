"""Links: what is written can be read, what cannot be used is named, and no text is an error."""

from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.core.samplers.registry import SAMPLERS
from explorer.core.schedules import SCHEDULES
from explorer.core.toy2d.densities import SIGMA_MAX, SIGMA_MIN
from explorer.permalinks.codec import MAX_QUERY_CHARS, Link, read, write
from explorer.permalinks.schema import HIDEABLE, SECTIONS, VERSION, VIEWS
from explorer.permalinks.view_state import (
    Comparison,
    DensityViewState,
    LineupViewState,
    NoiseViewState,
    ScoreFieldViewState,
    TrajectoryViewState,
    WiringViewState,
)
from explorer.schemas import MODELS, SIZES, NoisingRequest, SamplingRequest
from explorer.schemas.autoencoder_internals import OUTPUTS, SIGMA_RATIOS, WIRING_RANGE, WIRING_SIGMAS
from explorer.schemas.autoencoders import (
    CORRUPTIONS,
    NOISE_RANGE,
    ORDERS,
    CorruptionRequest,
    GenerateRequest,
    SeedRequest,
)
from explorer.schemas.sampling import COMPARABLE, START_RANGE, STARTS
from explorer.schemas.score_field import ARROWS, DENSITIES, EXTENT, MAX_POINTS, SOURCES, WalkRequest
from explorer.schemas.transfer import NONLINEAR, TransferRequest

one = st.sampled_from
text = st.text(max_size=20)
seed = st.integers(0, 2**53)
real = lambda low, high: st.floats(low, high)
steps = st.integers(1, 50)  # as many as the largest picture may have

RUN = st.builds(
    SamplingRequest, model=one(MODELS), sampler=one(list(SAMPLERS)), steps=steps, schedule=one(list(SCHEDULES)),
    label=text, guidance=real(0, 20), eta=real(0, 1), seed=seed, size=one(SIZES), start=one(STARTS), picture=text,
    sigma=real(*START_RANGE),
)  # fmt: skip
NOISING = st.builds(NoisingRequest, picture=text, model=one(MODELS), label=text, seed=seed, size=one(SIZES))
LINE_UP = st.builds(
    CorruptionRequest, picture=text, corruption=one(CORRUPTIONS), sigma=real(*NOISE_RANGE), rate=real(0, 1), seed=seed
)
B = {"steps": steps, "seed": seed, "guidance": real(0, 20), "label": text, "model": one(MODELS)}
B |= {"sampler": one(list(SAMPLERS)), "schedule": one(list(SCHEDULES))}
COMPARISON = st.builds(
    Comparison, differs=one(COMPARABLE), **{field: st.none() | values for field, values in B.items()}
)
LINEAR = [name for name in SAMPLERS if name not in NONLINEAR]
TRANSFER = st.builds(
    TransferRequest, samplers=st.lists(one(LINEAR), min_size=1, max_size=3), seed=seed,
    step_counts=st.lists(st.integers(2, 100), min_size=1, max_size=6),
)  # fmt: skip
POINTS = st.lists(st.tuples(real(-EXTENT, EXTENT), real(-EXTENT, EXTENT)), min_size=1, max_size=MAX_POINTS)
PIECES = {
    ("noise-scale", "noising"): NOISING,
    ("noise-scale", "view_state"): st.builds(NoiseViewState, sigma=real(0.01, 20), schedule=one(list(SCHEDULES))),
    ("sampling", "run"): RUN,
    ("sampling", "view_state"): st.builds(
        TrajectoryViewState, at=st.none() | st.just(0), shown=one(("scaled", "clipped"))
    ),
    ("sampling", "comparison"): COMPARISON,
    ("sampling", "transfer"): TRANSFER,
    ("autoencoders", "lineup"): LINE_UP,
    ("autoencoders", "view_state"): st.builds(LineupViewState, autoencoder=text, order=one(ORDERS)),
    ("autoencoders", "levels"): st.builds(SeedRequest, seed=seed),
    ("autoencoders", "generate"): st.builds(GenerateRequest, seed=seed, steps=st.integers(2, 60)),
    ("autoencoders", "density"): st.builds(DensityViewState, density=one(DENSITIES))
    | st.builds(DensityViewState, points=POINTS.map(tuple)),
    ("autoencoders", "wiring"): st.builds(
        WiringViewState,
        sigma=real(*WIRING_RANGE),
        sigma_ratio=one(SIGMA_RATIOS.tolist()),
        output=one(OUTPUTS),
        residual=one(("off", "on")),
    ),
    ("autoencoders", "walk"): st.builds(WalkRequest, source=one(SOURCES), seed=seed, sigma=real(SIGMA_MIN, SIGMA_MAX)),
    ("autoencoders", "arrows"): st.builds(ScoreFieldViewState, arrow=one(ARROWS)),
}


@st.composite
def links(draw):
    view = draw(one(list(VIEWS)))
    pieces = {name: draw(made) for (of, name), made in PIECES.items() if of == view and draw(st.booleans())}
    pieces = {name: made for name, made in pieces.items() if made != VIEWS[view][name].default}
    opened = draw(st.none() | st.sets(one(list(SECTIONS[view]))))
    hidden = draw(st.sets(one(list(HIDEABLE))))
    in_order = lambda known, some: tuple(name for name in known if name in some)
    opened = None if opened is None else in_order(SECTIONS[view], opened)
    return Link(view, pieces, opened, draw(st.booleans()), in_order(HIDEABLE, hidden))


@given(links())
@settings(max_examples=300, deadline=None)
def test_what_is_written_is_read_again(link):
    query = write(link)
    assert len(query) < MAX_QUERY_CHARS and query.isascii()
    assert read(query) == (link, ())


@pytest.mark.parametrize(("view", "name"), [(view, name) for view, pieces in VIEWS.items() for name in pieces])
def test_every_name_holds_a_field_of_its_own(view, name):
    piece = VIEWS[view][name]
    known = {field.name for field in fields(piece.default)}
    assert set(piece.names.values()) <= known and len(set(piece.names.values())) == len(piece.names)
    others = [other for key, other in VIEWS[view].items() if key != name]
    shared = {"v", "view", "open", "upload", "hide"}.union(*(other.names for other in others))
    assert not shared & set(piece.names)


def test_a_link_is_short_and_readable():
    run = SamplingRequest(start="picture", picture="cat", steps=20, seed=3)
    link = Link("sampling", {"run": run, "view_state": TrajectoryViewState(at=7)})
    assert write(link) == "v=1&view=sampling&picture=cat&start=picture&steps=20&seed=3&at=7"
    assert write(Link()) == "v=1"
    several = TransferRequest(samplers=("euler", "ddpm"), step_counts=(5, 50))
    assert write(Link("sampling", {"transfer": several})).endswith("&transfer.samplers=euler,ddpm&transfer.steps=5,50")


def test_what_links_of_version_1_mean_by_what_they_leave_out():
    """Whoever changes a default changes what old links mean: raise VERSION, and keep reading the old ones rightly."""
    usual = {
        view: {
            name: value
            for piece in pieces.values()
            for name, field in piece.names.items()
            if (value := getattr(piece.default, field)) is not None
        }
        for view, pieces in VIEWS.items()
    }
    assert VERSION == 1
    assert usual == {
        "noise-scale": {
            "picture": "mountains", "model": "network", "class": "any", "size": 128, "seed": 0, "sigma": 0.5,
            "schedule": "cosine-vp",
        },
        "sampling": {
            "picture": "mountains", "start": "noise", "sigma": 1.0, "model": "network", "size": 64, "sampler": "heun",
            "steps": 30, "schedule": "karras", "guidance": 1.0, "eta": 1.0, "seed": 0, "class": "any",
            "shown": "scaled", "b": "nothing", "branch.origin": "step", "branch.count": 6, "branch.steps": 20,
            "branch.seed": 0, "turn.levels": 7, "turn.count": 4, "turn.seed": 0,
            "transfer.samplers": ("euler", "heun"), "transfer.seed": 0, "transfer.steps": (5, 10, 20, 40),
        },
        "autoencoders": {
            "picture": "mountains", "corruption": "gaussian", "sigma": 0.5, "rate": 0.5, "seed": 0,
            "member": "conditional", "order": "group",
            "wiring.sigma": 0.5, "wiring.told": 1.0, "wiring.output": "eps", "wiring.residual": "off",
            "levels.seed": 0, "skips.seed": 0, "generate.seed": 0, "generate.steps": 18,
            "field.density": "two", "field.points": (), "field.source": "exact", "field.seed": 0, "field.sigma": 0.05,
            "field.arrow": "move",
        },
    }  # fmt: skip


def ignored(query):
    return {one.name: one.why for one in read(query)[1]}


def test_what_cannot_be_used_is_named_and_spoils_nothing_else():
    link, left = read("?v=1&view=sampling&steps=999&sampler=nope&seed=x&schedule=flow&colour=red&hide=tabs,walls&at=5")
    assert link == Link(
        "sampling", {"run": SamplingRequest(schedule="flow"), "view_state": TrajectoryViewState(at=5)}, hide=("tabs",)
    )
    assert {one.name: one.value for one in left} == {
        "steps": "999", "sampler": "nope", "seed": "x", "colour": "red", "hide": "walls"
    }  # fmt: skip
    assert all(one.why.endswith(".") and len(one.why) < 140 for one in left)


def test_values_that_do_not_go_together_keep_what_comes_first():
    link, left = read("view=sampling&size=256&steps=200&at=201")
    assert link.pieces["run"] == SamplingRequest(size=256, steps=200) and [one.name for one in left] == ["at"]
    link, left = read("view=sampling&size=512&steps=200&seed=4")
    assert link.pieces["run"] == SamplingRequest(size=512, seed=4) and [one.name for one in left] == ["steps"]
    link, left = read("view=sampling&steps=10&at=11")
    assert "view_state" not in link.pieces and left[0].why == "The run has 10 steps."


OTHERS = [("2", "newer"), ("0", "no such"), ("one", "no such"), ("9" * 50, "no such")]


@pytest.mark.parametrize(("version", "why"), OTHERS)
def test_other_versions_open_as_far_as_they_agree(version, why):
    link, left = read(f"v={version}&seed=3")
    assert link.pieces["noising"] == NoisingRequest(seed=3)
    assert [one.name for one in left] == ["v"] and why in left[0].why


def test_a_drawing_is_a_word_of_places():
    drawing = DensityViewState(points=((0.12, -0.4), (-1.6, 1.6), (0.004, -0.006)))
    assert drawing == DensityViewState("drawn", ((0.12, -0.4), (-1.6, 1.6), (0.0, -0.01)))  # whole hundredths
    written = write(Link("autoencoders", {"density": drawing}))
    assert written == "v=1&view=autoencoders&field.density=drawn&field.points=172120,000320,160159"
    for query in ("field.points=172120", "field.points=172120&field.density=ring"):
        assert read("view=autoencoders&" + query)[0].pieces["density"] == DensityViewState("drawn", ((0.12, -0.4),))
    assert read("view=autoencoders&field.density=drawn")[0].pieces["density"] == DensityViewState("drawn")


def test_the_largest_drawing_fits():
    points = tuple((n / 100 - 1, 1 - n / 100) for n in range(MAX_POINTS))
    link = Link("autoencoders", {"density": DensityViewState(points=points)})
    word = write(link).rpartition("=")[2]
    assert len(word) == 1399 and read(write(link)) == (link, ())


POINTS_REFUSED = ["17212", "1721200", "172120,", "-60120", "172120;098133", "321000", "000321", "١٧٢١٢٠", "1e2120", ""]


@pytest.mark.parametrize("word", [*POINTS_REFUSED, ",".join(["160160"] * 201)])
def test_a_drawing_with_a_wrong_place_is_left_out_whole(word):
    link, left = read(f"view=autoencoders&field.seed=4&field.points={word}")
    assert link == Link("autoencoders", {"walk": WalkRequest(seed=4)})
    assert [one.name for one in left] == ["field.points"] and left[0].why.endswith(".")


def test_what_the_wiring_can_be_set_to_is_what_is_computed():
    assert WIRING_RANGE == (WIRING_SIGMAS[0], WIRING_SIGMAS[-1])
    for ratio in SIGMA_RATIOS:
        link, ignored = read(f"view=autoencoders&wiring.told={ratio:g}")
        assert link.pieces.get("wiring", WiringViewState()).sigma_ratio == ratio and not ignored
    assert all(WIRING_RANGE[0] <= float(f"{level:.3g}") <= WIRING_RANGE[1] for level in WIRING_SIGMAS)  # as written
    wrong = {"sigma": "9", "told": "3", "output": "walls", "residual": "1"}
    for name, value in wrong.items():
        link, left = read(f"view=autoencoders&wiring.{name}={value}")
        assert link == Link("autoencoders") and [one.name for one in left] == [f"wiring.{name}"]


def test_an_unknown_view_opens_the_first():
    link, left = read("view=cellar&seed=3")
    assert link == Link("noise-scale", {"noising": NoisingRequest(seed=3)}) and left[0].name == "view"


def test_gradios_own_names_and_empty_links_are_passed_over():
    for query in ("", "?", "__theme=dark", "&&", "?__theme=dark&__sign=abc"):
        assert read(query) == (Link(), ())
    for query in ("open=none", "open="):
        assert read(query) == (Link(opened=()), ())


def test_a_name_given_twice_counts_once():
    link, left = read("seed=3&seed=4")
    assert link.pieces["noising"].seed == 3 and "twice" in left[0].why


HOSTILE = [
    "seed=<script>alert(1)</script>", "seed=%00", "seed=nan", "seed=inf", "seed=1e400", "seed=-1", "seed=1_000",
    "seed=٣", "seed=0x10", "seed=" + "9" * 400, "sigma=1e99", "sigma=-0", "model=../../etc/passwd", "size=true",
    "size=128.5", "hide=%F0%9F%A4%96", "upload=yes", "v=%ff%fe", "view=__proto__", "open=constructor",
]  # fmt: skip


@pytest.mark.parametrize("query", HOSTILE)
def test_hostile_values_are_left_out(query):
    link, left = read(query)
    assert replace(link, opened=None) == Link() and len(left) == 1


def test_long_links_are_read_to_a_limit():
    link, left = read("seed=3&" + "x" * 100_000)
    assert link.pieces["noising"].seed == 3 and {one.name for one in left} == {"…"}
    link, left = read("seed=3&" + "&".join(f"n{i}=" for i in range(500)))
    assert link.pieces["noising"].seed == 3 and len(left) <= 80


@given(st.text(max_size=300) | st.lists(st.tuples(one(["seed", "v", "at", "open", "hide", "view", "b"]), text)).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
))  # fmt: skip
@settings(max_examples=500, deadline=None)
def test_no_text_is_an_error_and_what_is_read_can_be_written(query):
    link, _ = read(query)
    assert read(write(link)) == (link, ())
