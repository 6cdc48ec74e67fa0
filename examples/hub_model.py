"""python -m examples.hub_model hub:OWNER/NAME@REVISION: a model of the Hugging Face Hub beside the Wiener filter.

The model is a pixel-space UNet2DModel in safetensors, REVISION a full commit hash. Needs diffusers, pip install -e
'.[hub]', and a way to the Hub, or the model in huggingface_hub's cache. Prints the error of both denoisers on an
example picture.
"""

import sys

import torch
from torch import Tensor

from explorer import examples, hub, weights
from explorer.core.noise import white
from explorer.errors import UserError
from explorer.images.decoder import fit, to_data

SIDE = 64  # pixels
SIGMAS = (0.1, 0.2, 0.5, 1.0, 2.0)


def main(argv: list[str]) -> int:
    """Print the table; return 2, after one line, where the model cannot be had."""
    if len(argv) != 1:
        print("usage: python -m examples.hub_model hub:OWNER/NAME@REVISION", file=sys.stderr)
        return 2
    try:
        network, card = hub.load(argv[0])
    except UserError as error:
        print(f"{argv[0]}: {error}", file=sys.stderr)
        return 2
    wiener, x0 = weights.load("wiener"), torch.from_numpy(to_data(fit(examples.load("cat"), SIDE)))[None]
    print(f"{card['name']}, {card['parameters']:,} parameters; mean squared error at {SIDE}x{SIDE}")
    print(f"{'sigma':>6} {'model':>9} {'Wiener filter':>14}")
    squared_error = lambda estimate: float((estimate - x0).square().mean())
    for sigma in SIGMAS:
        x: Tensor = x0 + sigma * white(x0.shape, 0, "hub model")
        print(f"{sigma:6.2f} {squared_error(network(x, sigma)):9.5f} {squared_error(wiener(x, sigma)):14.5f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
