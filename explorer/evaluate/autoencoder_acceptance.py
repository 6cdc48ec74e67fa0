"""Acceptance of the autoencoders: what each one's closed form or twin predicts, and whether it is reached."""

from __future__ import annotations

from collections.abc import Iterator

from explorer.autoencoders import CODE_SIZES, DAE_SIGMAS
from explorer.core.networks.linear_probe import confidence_interval
from explorer.evaluate.acceptance import Verdict, as_records

MAX_TOTAL_BYTES = 30e6  # all weight files together


def rising(curve: list[float]) -> bool:
    """Return whether every value is above the one before."""
    return all(a < b for a, b in zip(curve, curve[1:], strict=False))


def _closed_forms(result: dict) -> Iterator[Verdict]:
    rows = result["members"]
    if "ae-identity" in rows:
        error = rows["ae-identity"]["own_mse"]
        yield "identity: MSE below 1e-6", f"{error:.1e}", error < 1e-6
    for k in CODE_SIZES:
        if f"ae-linear-{k}" in rows and f"pca-{k}" in rows:
            exact = rows[f"pca-{k}"]["training"]["mse"][str(k)]
            ratio = rows[f"ae-linear-{k}"]["training"]["loss"] / exact
            yield f"linear, {k}: within 2 % of the eigenvalues left out", f"{ratio:.4f}", abs(ratio - 1) <= 0.02
        if f"ae-conv-{k}" in rows and f"pca-{k}" in rows:
            ratio = rows[f"ae-conv-{k}"]["own_mse"] / rows[f"pca-{k}"]["own_mse"]
            yield f"convolutional, {k}: not above PCA on val", f"{ratio:.2f}", ratio <= 1


def _of_denoisers(result: dict) -> Iterator[Verdict]:
    mse, sigmas = result["mse"], result["sigmas"]
    for name, sigma in DAE_SIGMAS.items():
        if f"dae-{name}" in mse:
            j = sigmas.index(sigma)
            ours, wiener = mse[f"dae-{name}"][j], mse["Wiener"][j]
            found = f"{ours:.4f} against {sigma**2:.4f} and {wiener:.4f}"
            yield f"denoising at {sigma:g}: below its input's error and Wiener's", found, ours < min(sigma**2, wiener)
    if "dae-mask" in mse:
        ours, peer = result["members"]["dae-mask"]["own_mse"], result["masked"]["filled"]
        found = f"{ours:.4f} against {peer:.4f} and {result['masked']['input']:.4f}"
        yield "masking: below its input's error and that of holes filled from around", found, ours < peer
    if "conditional" in mse and all(f"dae-{name}" in mse for name in DAE_SIGMAS):
        ratios = [mse["conditional"][sigmas.index(s)] / mse[f"dae-{n}"][sigmas.index(s)] for n, s in DAE_SIGMAS.items()]
        found = " ".join(f"{r:.3f}" for r in ratios)
        yield "conditional: at most 1.1 times each specialist", found, max(ratios) <= 1.1


def _of_codes(result: dict) -> Iterator[Verdict]:
    codes = result["codes"]
    for idea in ("pca", "ae-linear", "ae-conv"):
        curve = [codes["half_power_frequency"].get(f"{idea}-{k}") for k in CODE_SIZES]
        if None not in curve:
            found = " ".join(f"{f:.3f}" for f in curve)
            yield f"{idea}: half-power frequency rises with the code", found, rising(curve)
    if len(codes["jacobian"]) == 2:
        twin, ours = (codes["jacobian"][name]["norm"] for name in ("ae-conv-64", "ae-contractive"))
        found = f"{ours:.3f} against {twin:.3f}"
        yield "contractive: norm of the Jacobian below its twin's, both codes of unit variance", found, ours < twin
    if "vae" in codes:
        found = f"{codes['vae']['kl_nats']:.0f} nats in {codes['vae']['used']} numbers"
        yield "variational: code in use", found, codes["vae"]["used"] > 0
    if "vq-vae" in codes:
        bits, used = codes["vq-vae"]["bits"], codes["vq-vae"]["used_bits"]
        yield "quantised: at least 80 % of its bits used", f"{used:.0f} of {bits:.0f}", used >= 0.8 * bits


def _of_history(result: dict) -> Iterator[Verdict]:
    rows, centroids = result["members"], result["codes"]["filter_centroids"]
    for name in ("dae-dense", "dae-scheduled", "dae-composite", "dae-stacked"):
        probe = rows.get(name, {}).get("training", {}).get("probe")
        if probe:
            low, high = probe["interval"]
            found = f"{probe['gain']:+.3f} ({low:+.3f} to {high:+.3f})"
            yield f"{name}: linear probe above the same network as initialised", found, low > 0
    pair = [rows.get(n, {}).get("training", {}).get("probe") for n in ("dae-scheduled", "dae-dense")]
    if all(pair):
        gains = [a - b for a, b in zip(pair[0]["trained"], pair[1]["trained"], strict=True)]
        low, high = confidence_interval(gains)
        found = f"{sum(gains) / len(gains):+.3f} ({low:+.3f} to {high:+.3f})"
        yield "scheduled: linear probe above that of fixed noise", found, low > 0
    if "dae-composite" in centroids:
        curve = centroids["dae-composite"]
        found = " ".join(f"{f:.3f}" for f in curve)
        yield "composite: filters finer the less noise", found, rising(curve)


def verdicts(result: dict) -> list[dict]:
    """Return every criterion that the evaluation has figures for, with what was found and whether it holds."""
    lines = [*_closed_forms(result), *_of_denoisers(result), *_of_codes(result), *_of_history(result)]
    lines.append(
        ("all weight files at most 30 MB", f"{result['bytes'] / 1e6:.1f} MB", result["bytes"] <= MAX_TOTAL_BYTES)
    )
    return as_records(lines)
