"""The command line, `python app.py` or `noise-scale-explorer`: read the options, build the engine, serve."""

from __future__ import annotations

import argparse
import copy
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import torch

from explorer import weights
from explorer.engine import Engine
from explorer.engine.loading import replicas_of
from explorer.errors import ClusterRefused, HubRefused, UserError, WeightsRefused
from explorer.hub import PREFIX
from explorer.inference.autotune import Tuning, tune
from explorer.inference.device import DEVICES, DTYPES
from explorer.inference.optimize import optimize
from explorer.inference.replicas.placement import Cluster, replica_bounds
from explorer.schemas import SIZES, NoisingRequest
from explorer.server import malloc
from explorer.server.config import AUTH_VARIABLE, Hosting, check_mcp, default_host, parse_account, parse_root_path
from explorer.server.pwa import has_desktop, is_loopback

SHIPPED = "scenes"  # the network of weights/ that serves when none is named


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (--help lists the options)\n")


def program() -> str:
    """Return the name that this was started by, such as app.py or noise-scale-explorer."""
    return Path(sys.argv[0]).name or "noise-scale-explorer"


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; argparse leaves with status 2 and one line on a bad option."""
    parser = _Parser(prog=program(), description="See which sizes of things survive a noise level.")
    parser.add_argument("--host", default=default_host(), help="address to serve at (default: this machine only)")
    parser.add_argument("--port", type=int, default=7860, help="port (default 7860)")
    parser.add_argument(
        "--share", action="store_true", help="also make a public link that lasts a week; anyone who has it gets in"
    )
    parser.add_argument(
        "--auth", metavar="USER:PASSWORD",
        help=f"let in only who knows them; better set {AUTH_VARIABLE}, which no list of processes shows",
    )  # fmt: skip
    parser.add_argument("--mcp", action="store_true", help="also offer the calls of programs as tools (MCP)")
    parser.add_argument("--root-path", default="", help="where a reverse proxy shows the page, such as /explorer")
    parser.add_argument("--no-browser", action="store_true", help="do not open the page by itself on a desktop")
    parser.add_argument("--device", choices=DEVICES, default="auto", help="default: the fastest there is")
    parser.add_argument("--dtype", choices=DTYPES, default="auto", help="number type (default: the faster one)")
    parser.add_argument("--compile", action="store_true", help="compile the network first: a minute or more")
    parser.add_argument(
        "--model", default=SHIPPED, help=f"a network in weights/ (default {SHIPPED}) or hub:OWNER/NAME@REVISION"
    )
    parser.add_argument(
        "--cluster", metavar="ADDRESS", help="run the network in replicas on Ray: at HOST:PORT, or auto for here"
    )
    parser.add_argument("--replicas", metavar="N", help="how many, or MIN-MAX as there is work (default 1)")
    sides = [side for side in SIZES if side >= NoisingRequest.size]  # what the first page opens with must be possible
    parser.add_argument("--largest-side", type=int, choices=sides, default=256, help="pixels (default 256)")
    options = parser.parse_args(argv)
    if not 0 < options.port < 65536:
        parser.error(f"argument --port: {options.port} is not a port; 1 to 65535 are")
    try:
        options.hosting, options.cluster = hosting_from(options), cluster_from(options)
    except UserError as error:
        parser.error(str(error))
    return options


def hosting_from(options: argparse.Namespace) -> Hosting:
    """Return where to serve and for whom. Raises HostingRefused."""
    here = is_loopback(options.host) and has_desktop(os.environ, sys.stdin is not None and sys.stdin.isatty())
    let_in = parse_account(options.auth)
    return Hosting(
        options.host, options.port, options.share, let_in, parse_root_path(options.root_path),
        browser=here and not options.no_browser, tools=check_mcp(options.mcp, let_in),
    )  # fmt: skip


def cluster_from(options: argparse.Namespace) -> Cluster | None:
    """Return where the replicas run, None for this process. Raises ClusterRefused."""
    if options.cluster is None and options.replicas is not None:
        raise ClusterRefused("argument --replicas: needs --cluster")
    return options.cluster and Cluster(options.cluster, *replica_bounds(options.replicas or "1"))


def choose_tuning(options: argparse.Namespace) -> Tuning:
    """Return device, number type and rows per pass: as given, or as timed with a network of weights/.

    Raises DeviceRefused and WeightsRefused.
    """
    name = SHIPPED if options.model.startswith(PREFIX) else options.model
    network = weights.load(name)
    if not isinstance(network, torch.nn.Module):
        raise WeightsRefused(f"'{name}' is not a network.")
    on = lambda device, dtype: optimize(copy.deepcopy(network).to(device, dtype), device)
    return tune(on, options.device, options.dtype)


def build_engine(options: argparse.Namespace) -> Engine:
    """Build the engine; around the shipped model, after one line on stderr, where a Hub model cannot be fetched.

    Raises ClusterRefused, DeviceRefused and WeightsRefused.
    """
    make: Callable[[str], Engine]
    if options.cluster:
        print("Starting the replicas; this takes half a minute or more.", flush=True)
        make = lambda model: build_engine_on_cluster(model, options)
    else:
        tuning = choose_tuning(options)
        settings = (tuning.device, tuning.dtype, options.largest_side, tuning.chunk, options.compile)
        make = lambda model: Engine(model, *settings)
    try:
        return make(options.model)
    except HubRefused as error:
        print(f"{program()}: {error} The shipped model serves instead.", file=sys.stderr)
        return make(SHIPPED)


def build_engine_on_cluster(model: str, options: argparse.Namespace) -> Engine:
    """Build the engine around replicas of the network. Raises ClusterRefused and WeightsRefused."""
    replicas = replicas_of(model, options.cluster, options.device, options.dtype, options.compile)
    return Engine(model, largest_side=options.largest_side, replicas=replicas)


def main(argv: list[str] | None = None) -> int:
    """Serve until interrupted and return 0; 2, after one line on stderr, when that is not possible."""
    options = parse(argv)
    malloc.trim_periodically()
    try:
        engine = build_engine(options)
        from explorer.serve import serve  # imported late: --help and refusals need no interface

        serve(engine, options.hosting)
    except UserError as error:
        print(f"{program()}: {error}", file=sys.stderr)
        return 2
    return 0
