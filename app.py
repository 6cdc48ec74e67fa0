"""Noise & Scale Explorer: python app.py serves it at http://127.0.0.1:7860."""

from __future__ import annotations

import argparse
import sys

import torch

from explorer.api import SIZES
from explorer.backends.device import DEVICES, DTYPES, DeviceRefused, choose_device, choose_dtype
from explorer.engine import Engine
from explorer.hub import HubRefused
from explorer.weights import WeightsRefused

SHIPPED = "scenes"


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line; a bad option gets one line."""
    parser = argparse.ArgumentParser(description="See which sizes of things survive a noise level.")
    parser.error = lambda message: parser.exit(2, f"app.py: {message} (python app.py --help lists the options)\n")
    parser.add_argument("--host", default="127.0.0.1", help="address to serve at (default: this machine only)")
    parser.add_argument("--port", type=int, default=7860, help="port (default 7860)")
    parser.add_argument("--share", action="store_true", help="also make a public link that lasts a week")
    parser.add_argument("--device", choices=DEVICES, default="auto", help="default: CUDA, else MPS, else the CPU")
    parser.add_argument("--dtype", choices=DTYPES, default="auto", help="what the network computes in")
    parser.add_argument(
        "--model", default=SHIPPED, help=f"a network in weights/ (default {SHIPPED}) or hub:OWNER/NAME@REVISION"
    )
    parser.add_argument("--largest-side", type=int, choices=SIZES, default=256, help="pixels (default 256)")
    options = parser.parse_args(argv)
    if not 0 < options.port < 65536:
        parser.error(f"argument --port: {options.port} is not a port; 1 to 65535 are")
    return options


def engine_with(model: str, device: torch.device, dtype: torch.dtype, largest_side: int) -> Engine:
    """The engine around a model; where one of the Hub cannot be had, one line and the shipped model instead."""
    try:
        return Engine(model, device, dtype, largest_side)
    except HubRefused as refusal:
        print(f"app.py: {refusal} The shipped model serves instead.", file=sys.stderr)
        return Engine(SHIPPED, device, dtype, largest_side)


def main(argv: list[str] | None = None) -> int:
    """Serve until interrupted; whatever is missing is said in one line."""
    options = parse(argv)
    try:
        device = choose_device(options.device)
        engine = engine_with(options.model, device, choose_dtype(device, options.dtype), options.largest_side)
    except (DeviceRefused, WeightsRefused) as refusal:
        print(f"app.py: {refusal}", file=sys.stderr)
        return 2
    from explorer.ui.launch import serve  # imported late: --help and refusals need no interface

    return serve(engine, host=options.host, port=options.port, share=options.share)


if __name__ == "__main__":
    sys.exit(main())
