"""The table that an evaluation prints: plain text, one section after the other."""

from __future__ import annotations

from explorer.evaluate.cost import RUN_STEPS


def show(result: dict) -> None:
    """Print every section that the result has."""
    _show_mse(result)
    if result.get("psnr"):
        _show_psnr(result["psnr"])
    for section in ("generation", "guided"):
        if section in result:
            _show_generation(result[section])
    c = result["cost"]
    print(
        f"\nCost: {c['parameters'] / 1e6:.2f} million parameters, {c['bytes'] / 1e6:.1f} MB, {c['gflop']:.2f} GFLOP"
        f" at 64x64; forward {c['forward_ms']:.1f} ms = {c['forward_over_product']:.3f} of a 4096 bf16 product;\n"
        f"a run of {RUN_STEPS} Heun steps {c['run_gflop']:.0f} GFLOP, "
        f"at full resolution alone {c['run_gflop_full_resolution']:.0f}"
    )
    print("\nAcceptance")
    for line in result["bar"]:
        print(f"  {'holds' if line['holds'] else 'FAILS'}  {line['asked']}: {line['found']}")


def _show_mse(result: dict) -> None:
    """MSE, and its ratio to the Wiener denoiser's."""
    size = result["size"]
    print(f"MSE on {result['pictures']} held-out pictures at {size}x{size} (in brackets: share of Wiener's)")
    print(" " * 26 + "".join(f"{f'sigma {s:g}':>18}" for s in result["sigmas"]))
    wiener = result["mse"]["Wiener"]
    for title, errors in result["mse"].items():
        cells = (f"{e:.5f} ({e / w:.2f})" for e, w in zip(errors, wiener, strict=True))
        print(f"{title:26}" + "".join(f"{cell:>18}" for cell in cells))


def _show_psnr(rows: list[dict]) -> None:
    titles = list(dict.fromkeys(name for row in rows for name in row["db"]))
    print("\nPSNR in dB; noise in grey levels of 255; in brackets: on the pictures that BM3D was run on")
    print(f"{'set':12}{'noise':>6}{'pictures':>14}" + "".join(f"{t:>27}" for t in titles) + f"{'BM3D':>10}")
    for row in rows:
        same = row.get("compared", {"pictures": 0, "db": {}})
        count = f"{row['pictures']} ({same['pictures']})" if same["db"] else str(row["pictures"])
        cells = []
        for title in titles:
            db, on_same = row["db"].get(title), same["db"].get(title)
            cells.append("–" if db is None else f"{db:.2f}" + ("" if on_same is None else f" ({on_same:.2f})"))
        last = f"{same['db']['BM3D']:.2f}" if same["db"] else "–"
        print(f"{row['set']:12}{row['noise']:>6}{count:>14}" + "".join(f"{c:>27}" for c in cells) + f"{last:>10}")


def _show_generation(g: dict) -> None:
    how = f"{g['steps']} steps ({g['sampler']}), guidance {g['guidance']:g}"
    print(f"\n{g['samples']} samples in {how}; {g['real']} held-out pictures")
    print("  spectrum, dB by octave, coarse to fine   " + "  ".join(f"{db:+.2f}" for db in g["octaves_db"]))
    ours, theirs = g["nearest"]["samples"], g["nearest"]["held out"]
    for name in ours:
        print(f"  nearest training picture, {name:15}{ours[name]:.4f}   held out {theirs[name]:.4f}")
    if "frechet" not in g:
        return
    f, accuracy, spread = g["frechet"], g["accuracy"], g["diversity"]
    print(
        f"  Fréchet distance                         {f['samples']:.2f};   with {f['half']} a side:"
        f" {f['samples, half']:.2f}, two halves of the real {f['real halves']:.2f}"
    )
    print(f"  class accuracy                           {accuracy['samples']:.3f}   held out {accuracy['held out']:.3f}")
    print(f"  diversity within a class                 {spread['samples']:.3f}   held out {spread['held out']:.3f}")
    shares = (f"{name} {ours:.2f} ({theirs:.2f})" for name, (ours, theirs) in g["accuracy_per_class"].items())
    print("  accuracy per class (held out)            " + ", ".join(shares))
