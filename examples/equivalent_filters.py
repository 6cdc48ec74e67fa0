"""python -m examples.equivalent_filters [OUT.png]: the filter that the network applies around one pixel.

Around a given input a denoiser is a linear filter that depends on the input: the row of its Jacobian d D_i / d x that
belongs to output pixel i (Mohan et al. 2020, "Robust and interpretable blind image denoising"). Autograd gives that row
in one backward pass. Prints how wide it is at each noise level, and writes the rows side by side.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from explorer import examples, weights
from explorer.core.denoiser import Denoiser
from explorer.core.noise import white
from explorer.images.decoder import fit, to_data

SIDE, PIXEL = 64, (32, 32)
SIGMAS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)


def jacobian_row(denoiser: Denoiser, x: Tensor, sigma: float, pixel: tuple[int, int]) -> Tensor:
    """Return d mean_c D(x)[c, pixel] / d x summed over the input's colours, (H, W). x: (3, H, W), data units."""
    x = x[None].clone().requires_grad_(True)
    output = denoiser(x, sigma)[0, :, *pixel].mean()
    (gradient,) = torch.autograd.grad(output, x)
    return gradient[0].sum(0)


def width(row: Tensor, pixel: tuple[int, int]) -> float:
    """Return the rms distance from the pixel, in pixels, weighted by the squares of the row (H, W)."""
    y, x = torch.meshgrid(*(torch.arange(side) - at for side, at in zip(row.shape, pixel, strict=True)), indexing="ij")
    energy = row.square()
    return float(((x.square() + y.square()) * energy).sum().div(energy.sum()).sqrt())


def main(argv: list[str]) -> int:
    """Print the table and write the filters; grey is 0, and each has a scale of its own."""
    denoiser, x0 = weights.load("scenes"), torch.from_numpy(to_data(fit(examples.load("cat"), SIDE)))
    rows = []
    print(f"{'sigma':>6} {'width':>12} {'at the pixel itself':>20} {'sum':>6}")
    for sigma in SIGMAS:
        row = jacobian_row(denoiser, x0 + sigma * white(x0.shape, 0, "equivalent filters"), sigma, PIXEL)
        rows.append(127.5 + 127.5 * row / row.abs().max())
        print(f"{sigma:6.2f} {width(row, PIXEL):5.1f} pixels {float(row[PIXEL]):20.3f} {float(row.sum()):6.2f}")
    path = Path(argv[0]) if argv else Path("filters.png")
    Image.fromarray(np.concatenate([row.round().byte().numpy() for row in rows], axis=1)).save(path)
    print(f"written to {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
