"""The few files of a Hub model, from the local cache of huggingface_hub or from the Hub.

A commit never changes, so what the cache holds needs no network. Otherwise one request lists the files with their
sizes and hashes before any is fetched. Only JSON and safetensors are ever asked for: no pickle, no code.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from explorer.errors import HubRefused
from explorer.hub.model_id import HubModel
from explorer.hub.time_budget import BASE_BUDGET_S, TimeBudget

WEIGHTS_STEM = "diffusion_pytorch_model"
INDEX_FILE = "model_index.json"
SCHEDULE_FILES = ("scheduler/scheduler_config.json", "scheduler_config.json")
# of a whole pipeline, and of a network alone
NETWORK_FILES = tuple((f"{folder}config.json", f"{folder}{WEIGHTS_STEM}.safetensors") for folder in ("unet/", ""))
FETCHED_FILES = (INDEX_FILE, *SCHEDULE_FILES, *NETWORK_FILES[0], *NETWORK_FILES[1])
MAX_WEIGHTS_BYTES = 2 * 2**30  # bytes of weights
MAX_JSON_BYTES = 2**20  # bytes


@dataclass(frozen=True)
class Layout:
    """Where a repository keeps what is needed of it; `index` is None where a network lies alone."""

    config: str
    weights: str
    schedule: str
    index: str | None


@dataclass
class Repository:
    """Files that can be read: all of them in the cache, or all of them listed by the Hub."""

    model: HubModel
    layout: Layout
    read_path: Callable[[str], Path]
    sha256: str | None  # of the weights, as the Hub states it

    def json(self, name: str) -> dict:
        """A JSON file as a dictionary. Raises HubRefused."""
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
        """The safetensors file and its sha256, which agrees with what the Hub states. Raises HubRefused."""
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
    """The repository at that commit, in the cache or else on the Hub. Raises HubRefused.

    cache: folder in the layout of huggingface_hub, default its own. endpoint: address of the Hub, default its own.
    """
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.utils import logging

    logging.set_verbosity_error()  # its warnings would add lines to the one that a refusal gets
    kept = {}
    for name in FETCHED_FILES:
        path = try_to_load_from_cache(model.repository, name, cache_dir=cache, revision=model.revision)
        if isinstance(path, str):
            kept[name] = Path(path)
    layout = _layout(kept)
    if layout is not None:
        return Repository(model, layout, kept.__getitem__, _stated_hash(kept[layout.weights]))
    return _on_the_hub(model, cache, endpoint)


def _on_the_hub(model: HubModel, cache: str | Path | None, endpoint: str | None) -> Repository:
    from huggingface_hub import HfApi, hf_hub_download

    patience = TimeBudget(model)
    info = patience.watch(
        lambda: HfApi(endpoint=endpoint).model_info(
            model.repository, revision=model.revision, files_metadata=True, timeout=BASE_BUDGET_S
        )
    )
    files = {file.rfilename: file for file in info.siblings or ()}
    layout = _layout(files)
    if layout is None or info.sha != model.revision:
        raise HubRefused(_what_is_missing(model, files))
    sizes = {name: files[name].size for name in vars(layout).values() if name is not None}
    for name, size in sizes.items():
        if type(size) is not int or not 0 <= size <= (MAX_WEIGHTS_BYTES if name == layout.weights else MAX_JSON_BYTES):
            raise HubRefused(_too_large(model))

    def fetched(name: str) -> Path:
        patience.expect(sizes[name])
        return Path(
            patience.watch(
                lambda: hf_hub_download(
                    model.repository, name, revision=model.revision, cache_dir=cache, endpoint=endpoint,
                    etag_timeout=BASE_BUDGET_S, tqdm_class=patience.counter(),
                )
            )
        )  # fmt: skip

    listed = files[layout.weights].lfs
    return Repository(model, layout, fetched, listed.sha256 if listed else None)


def _layout(names: Collection[str]) -> Layout | None:
    """Which of these files to use; None when something is missing. A pipeline's index must say what it is made of."""
    schedule = next((name for name in SCHEDULE_FILES if name in names), None)
    for config, weights in NETWORK_FILES:
        whole = INDEX_FILE in names or "/" not in config
        if config in names and weights in names and schedule is not None and whole:
            return Layout(config, weights, schedule, INDEX_FILE if INDEX_FILE in names else None)
    return None


def _what_is_missing(model: HubModel, names: Collection[str]) -> str:
    pickled = any(name.endswith(f"{WEIGHTS_STEM}.bin") for name in names)
    if pickled and not any(name.endswith(".safetensors") for name in names):
        return f"{model.repository} holds pickled weights only, which could run code; safetensors are needed."
    return f"{model.repository} holds no UNet2DModel with its scheduler at this revision."


def _too_large(model: HubModel) -> str:
    return f"The files of {model.repository} are too large to be fetched, or their size is unknown."


def _stated_hash(pointer: Path) -> str | None:
    """The cache links to a blob that is named by its sha256 when it is a large file; None where it is not."""
    name = Path(os.readlink(pointer)).name if pointer.is_symlink() else ""
    return name if len(name) == 64 else None
