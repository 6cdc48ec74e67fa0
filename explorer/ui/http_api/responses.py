"""Answers of the engine as JSON, and their pictures as a file of arrays."""

from __future__ import annotations

import io
import math
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from explorer.schemas.autoencoders import MissingAutoencoder
from explorer.server.blob_store import BlobStore

T = TypeVar("T")


@dataclass(frozen=True)
class Progress:
    """How far a computation has come."""

    done: int
    of: int


@dataclass(frozen=True)
class Answer:
    """What was found: numbers for the JSON, and arrays for the file."""

    numbers: Mapping[str, object]
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)


def to_json(value: object) -> object:
    """value as JSON has it: arrays as lists, and None for what is not finite."""
    if isinstance(value, Mapping):
        return {str(name): to_json(item) for name, item in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [to_json(item) for item in (value.tolist() if isinstance(value, np.ndarray) else value)]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_answer(answer: Answer, blobs: BlobStore) -> dict:
    """The JSON object of an answer, its arrays kept as a part whose address is in it."""
    found = {str(name): to_json(item) for name, item in answer.numbers.items()}
    if answer.arrays:
        file = io.BytesIO()
        np.savez(file, **answer.arrays)
        found["arrays"] = f"/parts/{blobs.put(file.getvalue())}"
        found["shapes"] = {name: list(array.shape) for name, array in answer.arrays.items()}
    return found


def stack_half(pictures: list[np.ndarray]) -> np.ndarray:
    """Pictures as one array, float16: half the bytes, and still ten times finer than a display."""
    return np.stack(pictures).astype(np.float16)


def missing_reasons(missing: list[MissingAutoencoder] | tuple[MissingAutoencoder, ...]) -> dict[str, str]:
    """Which members of the family could not be asked, and why."""
    return {out.name: out.reason for out in missing}


def report_progress(states: Iterable[T], of: int) -> Generator[Progress, None, T]:
    """Yield how far it has come after each of these states of one result, and return the last of them."""
    for done, last in enumerate(states, 1):  # noqa: B007 - it is returned
        yield Progress(done, of)
    return last
