"""Acceptance: what the model for pictures of any size has to reach, and whether the figures of an evaluation do."""

from __future__ import annotations

from collections.abc import Iterator

NETWORK, NETWORK_WITH_CLASS = "network, any class", "network, class told"  # titles in the evaluation's file
MAX_OCTAVE_DB = 1.0  # by which the spectrum of samples may differ in an octave
MIN_ACCURACY_SHARE = 0.85  # of the classifier's accuracy on held-out pictures
MAX_FILE_BYTES = 30e6
Verdict = tuple[str, str, bool]  # criterion, what was measured, whether it holds


def _against_bm3d(result: dict) -> Iterator[Verdict]:
    allowed = {("CBSD68 128", 15): -0.3, ("CBSD68 128", 25): 0.0, ("CBSD68 128", 50): 0.0}
    allowed |= {("CBSD68", noise): least for (_, noise), least in allowed.items()}
    allowed |= {("CBSD68 256", noise): -0.3 for noise in (15, 25, 50)}
    for row in result.get("psnr", []):
        least = allowed.get((row["set"], row["noise"]))
        if least is not None and "compared" in row:
            same = row["compared"]["db"]
            gap = same[NETWORK] - same["BM3D"]
            yield f"{row['set']}, noise {row['noise']}: at least BM3D {least:+.1f} dB", f"{gap:+.2f} dB", gap >= least


def _in_data_units(result: dict) -> Iterator[Verdict]:
    mse, sigmas = result["mse"], result["sigmas"]
    for peer, ceilings in (
        ("Wiener", {s: 0.8 if 0.2 <= s <= 2 else 1.0 for s in sigmas if 0.1 <= s <= 5}),
        ("ideal of the training set", {s: 1.0 for s in sigmas if s <= 2}),
    ):
        shares = {s: ours / theirs for s, ours, theirs in zip(sigmas, mse[NETWORK_WITH_CLASS], mse[peer], strict=True)}
        failing = [f"{s:g}" for s, ceiling in ceilings.items() if shares[s] > ceiling]
        criterion = (
            "below Wiener's MSE, 20 % from 0.2 to 2" if peer == "Wiener" else "below the ideal denoiser's MSE to 2"
        )
        found = ", ".join(f"{s:g}: {shares[s]:.2f}" for s in ceilings)
        yield criterion, found + (f" (not at {', '.join(failing)})" if failing else ""), not failing


def _of_samples(figures: dict) -> Iterator[Verdict]:
    octaves = figures["octaves_db"]
    found = " ".join(f"{db:+.1f}" for db in octaves) + " dB"
    yield "spectrum of samples within 1 dB in every octave", found, max(map(abs, octaves)) <= MAX_OCTAVE_DB
    if "accuracy" in figures:
        share = figures["accuracy"]["samples"] / figures["accuracy"]["held out"]
        yield "class accuracy of samples at least 85 % of real", f"{100 * share:.0f} %", share >= MIN_ACCURACY_SHARE
    for name, theirs in figures["nearest"]["held out"].items():
        ours = figures["nearest"]["samples"][name]
        found = f"{ours:.3f} against {theirs:.3f}"
        yield f"nearest training picture, {name}: not nearer than held out", found, ours >= theirs


def verdicts(result: dict) -> list[dict]:
    """Return every criterion that the evaluation has figures for, with what was found and whether it holds."""
    lines = [*_against_bm3d(result), *_in_data_units(result)]
    samples = result.get("guided", result.get("generation"))
    lines += _of_samples(samples) if samples else []
    size = result["cost"]["bytes"]
    lines.append(("a file of at most 30 MB", f"{size / 1e6:.1f} MB", size <= MAX_FILE_BYTES))
    return as_records(lines)


def as_records(verdicts: list[Verdict]) -> list[dict]:
    """Return verdicts as plain values for the evaluation's file."""
    return [{"asked": criterion, "found": found, "holds": bool(holds)} for criterion, found, holds in verdicts]
