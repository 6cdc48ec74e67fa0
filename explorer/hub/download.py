"""Download of a Hub model's files, from the local cache of huggingface_hub or from the Hub.

A commit never changes, so files in the cache need no network. Otherwise one request lists the files with their sizes
and hashes before any of them is downloaded. Only JSON and safetensors files are requested: no pickle, no code.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer.errors import HubRefused
from explorer.hub.model_id import HubModel
from explorer.hub.time_budget import BASE_BUDGET_S, TimeBudget

WEIGHTS_STEM = "diffusion_pytorch_model"
INDEX_FILE = "model_index.json"
SCHEDULE_FILES = ("scheduler/scheduler_config.json", "scheduler_config.json")
# (configuration, weights) of a whole pipeline, and of a network by itself
NETWORK_FILES = tuple((f"{folder}config.json", f"{folder}{WEIGHTS_STEM}.safetensors") for folder in ("unet/", ""))
FETCHED_FILES = (INDEX_FILE, *SCHEDULE_FILES, *NETWORK_FILES[0], *NETWORK_FILES[1])
MAX_WEIGHTS_BYTES = 2 * 2**30
MAX_JSON_BYTES = 2**20  # of each file


@dataclass(frozen=True)
class Layout:
    """Names of the files that are needed from a repository."""

    config: str
    weights: str
    schedule: str
    index: str | None  # None for a network by itself


@dataclass
class Repository:
    """The files of a model, all in the cache or all listed by the Hub."""

    model: HubModel
    layout: Layout
    read_path: Callable[[str], Path]  # file name -> local path, downloading the file if need be
    sha256: str | None  # of the weights, as stated by the Hub

    def json(self, name: str) -> dict[str, Any]:
        """Return the content of a JSON file. Raise HubRefused unless it is an object of at most MAX_JSON_BYTES."""
        path = self.read_path(name)
        try:
            if path.stat().st_size > MAX_JSON_BYTES:
                raise ValueError("too large")
            fields = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            fields = None
        if not isinstance(fields, dict):
            raise HubRefused(f"A settings file of {self.model.repository} cannot be read.")
        return fields

    def weights(self) -> tuple[bytes, str]:
        """Return the bytes of the safetensors file and their sha256. Raise HubRefused for another than the Hub's."""
        path = self.read_path(self.layout.weights)
        try:
            if path.stat().st_size > MAX_WEIGHTS_BYTES:
                raise HubRefused(_too_large(self.model))
            data = path.read_bytes()
        except OSError:
            raise HubRefused(f"The weights of {self.model.repository} cannot be read.") from None
        found = hashlib.sha256(data).hexdigest()
        if self.sha256 not in (None, found):
            raise HubRefused(f"The weights of {self.model.repository} are not those the Hub lists: the hash differs.")
        return data, found


def find(model: HubModel, cache: str | Path | None = None, endpoint: str | None = None) -> Repository:
    """Return the repository at the model's commit, from the cache if complete there, else from the Hub.

    cache: folder in the layout of huggingface_hub, default its own. endpoint: address of the Hub, default the public
    one. Raise HubRefused.
    """
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.utils import logging

    logging.set_verbosity_error()  # a refusal is a single line, without the library's warnings
    cached: dict[str, Path] = {}
    for name in FETCHED_FILES:
        path = try_to_load_from_cache(model.repository, name, cache_dir=cache, revision=model.revision)
        if isinstance(path, str):
            cached[name] = Path(path)
    layout = _layout(cached)
    if layout is not None:
        return Repository(model, layout, cached.__getitem__, _stated_hash(cached[layout.weights]))
    return _on_the_hub(model, cache, endpoint)


def _on_the_hub(model: HubModel, cache: str | Path | None, endpoint: str | None) -> Repository:
    from huggingface_hub import HfApi, hf_hub_download

    budget = TimeBudget(model)
    info = budget.run(
        lambda: HfApi(endpoint=endpoint).model_info(
            model.repository, revision=model.revision, files_metadata=True, timeout=BASE_BUDGET_S
        )
    )
    files = {file.rfilename: file for file in info.siblings or ()}
    layout = _layout(files)
    if layout is None or info.sha != model.revision:
        raise HubRefused(_missing_files(model, files))
    sizes: dict[str, int] = {}
    for name in filter(None, vars(layout).values()):
        size, limit = files[name].size, MAX_WEIGHTS_BYTES if name == layout.weights else MAX_JSON_BYTES
        if type(size) is not int or not 0 <= size <= limit:
            raise HubRefused(_too_large(model))
        sizes[name] = size

    def fetched(name: str) -> Path:
        budget.expect(sizes[name])
        return Path(
            budget.run(
                lambda: hf_hub_download(
                    model.repository, name, revision=model.revision, cache_dir=cache, endpoint=endpoint,
                    etag_timeout=BASE_BUDGET_S, tqdm_class=budget.progress_bar(),
                )
            )
        )  # fmt: skip

    listed = files[layout.weights].lfs
    return Repository(model, layout, fetched, listed.sha256 if listed else None)


def _layout(names: Collection[str]) -> Layout | None:
    """The files to use, None when one is missing. A network in a subfolder needs the pipeline's index."""
    schedule = next((name for name in SCHEDULE_FILES if name in names), None)
    for config, weights in NETWORK_FILES:
        whole = INDEX_FILE in names or "/" not in config
        if config in names and weights in names and schedule is not None and whole:
            return Layout(config, weights, schedule, INDEX_FILE if INDEX_FILE in names else None)
    return None


def _missing_files(model: HubModel, names: Collection[str]) -> str:
    pickled = any(name.endswith(f"{WEIGHTS_STEM}.bin") for name in names)
    if pickled and not any(name.endswith(".safetensors") for name in names):
        return f"{model.repository} holds pickled weights only, which could run code; safetensors are needed."
    return f"{model.repository} holds no UNet2DModel with its scheduler at this revision."


def _too_large(model: HubModel) -> str:
    return f"The files of {model.repository} are too large to be fetched, or their size is unknown."


def _stated_hash(pointer: Path) -> str | None:
    """The sha256 of a large file, which is the name of the cache's blob that the path links to; None for others."""
    name = Path(os.readlink(pointer)).name if pointer.is_symlink() else ""
    return name if len(name) == 64 else None
