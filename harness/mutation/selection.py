"""Which faults are put in, and which tests cover the module that a fault is in."""

from __future__ import annotations

import random
import tomllib
from fnmatch import fnmatch
from pathlib import Path

from harness.mutation.operators import Fault, faults

SOURCES = ("explorer/core", "explorer/engine", "explorer/inference", "explorer/schemas", "explorer/images")
SINGLE_FILES = ("explorer/weights.py",)
LISTED = Path(__file__).with_name("listed.toml")

# Tests that cover a module besides the module of tests that mirrors it; all patterns that match count.
COVERING = {
    "explorer/core/denoiser.py": ("tests/core/denoisers",),
    "explorer/core/denoisers/preconditioning.py": ("tests/core/networks/test_unet.py",),
    "explorer/core/denoisers/gaussian_mixture.py": ("tests/claims/test_annealing.py",),
    "explorer/core/networks/autoencoder*.py": ("tests/core/networks/test_autoencoder.py", "tests/test_autoencoders.py"),
    "explorer/core/networks/classifier.py": ("tests/evaluate/test_classifier.py", "tests/evaluate/test_command.py"),
    "explorer/core/networks/linear_probe.py": ("tests/train/test_autoencoders.py",),
    "explorer/core/samplers/*.py": ("tests/core/samplers", "tests/core/spectra/test_sampler_gain.py"),
    "explorer/core/schedules.py": ("tests/core/samplers/test_ode.py",),
    "explorer/core/spectra/*.py": ("tests/core/spectra",),
    "explorer/core/toy2d/*.py": ("tests/core/toy2d",),
    "explorer/engine/autoencoder*.py": (
        "tests/engine/test_autoencoders.py",
        "tests/engine/test_missing_autoencoders.py",
    ),
    "explorer/engine/cache.py": ("tests/engine/test_sampling.py",),
    "explorer/engine/loading.py": ("tests/engine", "tests/hub/test_engine.py"),
    "explorer/engine/models.py": ("tests/engine", "tests/hub/test_engine.py"),
    "explorer/engine/noising.py": ("tests/engine/test_engine.py",),
    "explorer/engine/branching.py": ("tests/engine/test_sampling.py",),
    "explorer/engine/engine.py": ("tests/engine",),
    "explorer/engine/picture_store.py": ("tests/engine/test_engine.py",),
    "explorer/engine/score_field.py": ("tests/core/toy2d", "tests/ui/players/test_score_field.py"),
    "explorer/engine/transfer.py": ("tests/engine/test_sampling.py",),
    "explorer/images/*.py": ("tests/images",),
    "explorer/inference/batcher.py": (
        "tests/inference/test_batcher_locks.py",
        "tests/inference/test_batcher_faults.py",
    ),
    "explorer/inference/device.py": ("tests/inference/test_autotune.py",),
    "explorer/inference/onednn.py": ("tests/inference/test_optimize.py",),
    "explorer/inference/replicas/*.py": ("tests/inference/replicas",),
    "explorer/inference/scheduler.py": ("tests/inference/test_batcher.py", "tests/inference/test_batcher_faults.py"),
    "explorer/schemas/*.py": ("tests/schemas", "tests/permalinks/test_codec.py"),
    "explorer/schemas/autoencoder*.py": ("tests/engine/test_autoencoders.py",),
    "explorer/schemas/branching.py": ("tests/engine/test_sampling.py",),
    "explorer/schemas/sampling.py": ("tests/engine/test_sampling.py",),
    "explorer/schemas/score_field.py": ("tests/core/toy2d",),
    "explorer/schemas/transfer.py": ("tests/engine/test_sampling.py",),
    "explorer/claims/skips.py": ("tests/claims/test_noise_levels.py",),
    "explorer/claims/score.py": ("tests/claims/test_conversions.py",),
}


def covering_tests(root: Path, path: str) -> list[str]:
    """Return the tests that cover a module, nearest first; raises LookupError where there are none.

    They are the module that mirrors it and those of the table, or else all in the folder that mirrors its own.
    """
    module = Path(path)
    mirror = Path("tests", *module.parent.parts[1:])
    tabled = [test for pattern, more in COVERING.items() if fnmatch(path, pattern) for test in more]
    wanted = [str(mirror / f"test_{module.stem}.py"), *tabled]
    if not any((root / test).exists() for test in wanted):
        wanted = [str(mirror)]
    files: dict[str, None] = {}  # an ordered set
    for test in wanted:
        place = root / test
        found = sorted(place.rglob("test_*.py")) if place.is_dir() else [place] if place.is_file() else []
        files |= dict.fromkeys(str(file.relative_to(root)) for file in found)
    if not files:
        raise LookupError(f"no tests are known to cover {path}")
    return list(files)


def mutated_modules(root: Path, pattern: str = "*") -> list[str]:
    """Return the modules that faults are put into, those whose path matches the pattern, relative to root."""
    paths = [path for folder in SOURCES for path in sorted((root / folder).rglob("*.py"))]
    paths += [root / path for path in SINGLE_FILES if (root / path).exists()]
    return [text for path in paths if fnmatch(text := str(path.relative_to(root)), pattern)]


def drawn_faults(root: Path, seed: int, count: int, pattern: str = "*") -> list[Fault]:
    """Return at most `count` faults on as many lines: every line that can be changed is as likely as any other."""
    random_source = random.Random(seed)
    by_line: dict[tuple[str, int], list[Fault]] = {}
    for path in mutated_modules(root, pattern):
        for fault in faults(path, (root / path).read_text()):
            by_line.setdefault((path, fault.line), []).append(fault)
    lines = random_source.sample(sorted(by_line), min(count, len(by_line)))
    return [random_source.choice(by_line[line]) for line in lines]


def listed_faults(root: Path, path: Path = LISTED) -> tuple[list[Fault], list[str]]:
    """Return the faults of the list, and one sentence for each that no longer applies to the code under root.

    An entry names file, old line and new line; spaces do not count, and the old line must be unique in its file unless
    `occurrence` (1-based) says which one is meant. Entries that say why they are `equivalent` are passed over.
    """
    applied, stale = [], []
    for entry in tomllib.loads(path.read_text())["fault"]:
        place = root / entry["file"]
        lines = place.read_text().splitlines() if place.exists() else []
        matches = [i for i, line in enumerate(lines) if _normal(line) == _normal(entry["old"])]
        which = entry.get("occurrence", 1 if len(matches) == 1 else 0)
        if not 1 <= which <= len(matches):
            stale.append(f"{entry['id']}: {len(matches)} lines of {entry['file']} read `{entry['old'].strip()}`")
        elif "equivalent" not in entry:
            old = lines[matches[which - 1]]
            new = old[: len(old) - len(old.lstrip())] + entry["new"].strip()
            line = matches[which - 1] + 1
            applied.append(Fault(entry["file"], line, old, new, entry["id"], entry.get("test", "")))
    return applied, stale


def _normal(line: str) -> str:
    return " ".join(line.split())
