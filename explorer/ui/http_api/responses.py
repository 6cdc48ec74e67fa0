"""Conversion of answers of the engine to JSON, with their pictures in an .npz file."""

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
    """The progress of a computation: `done` of `of` items."""

    done: int
    of: int


@dataclass(frozen=True)
class Answer:
    """The result of an endpoint: values for the JSON object, and arrays for the file."""

    numbers: Mapping[str, object]
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)


def to_json(value: object) -> object:
    """Return the value as JSON types: arrays as lists, None for numbers that are not finite."""
    if isinstance(value, Mapping):
        return {str(name): to_json(item) for name, item in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [to_json(item) for item in (value.tolist() if isinstance(value, np.ndarray) else value)]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_answer(answer: Answer, blobs: BlobStore) -> dict:
    """Return the JSON object of an answer; its arrays are stored as a blob, whose address is in "arrays"."""
    found = {str(name): to_json(item) for name, item in answer.numbers.items()}
    if answer.arrays:
        file = io.BytesIO()
        np.savez(file, **answer.arrays)
        found["arrays"] = f"/parts/{blobs.put(file.getvalue())}"
        found["shapes"] = {name: list(array.shape) for name, array in answer.arrays.items()}
    return found


def stack_half(pictures: list[np.ndarray]) -> np.ndarray:
    """Return pictures as one float16 array: half the bytes, and still ten times finer than a display."""
    return np.stack(pictures).astype(np.float16)


def missing_reasons(missing: list[MissingAutoencoder] | tuple[MissingAutoencoder, ...]) -> dict[str, str]:
    """Return {name: reason} of the missing autoencoders."""
    return {out.name: out.reason for out in missing}


def report_progress(states: Iterable[T], of: int) -> Generator[Progress, None, T]:
    """Yield the progress after each of the states of one result, and return the last state.

    of: the number of states; there is at least one
    """
    for done, last in enumerate(states, 1):  # noqa: B007 - it is returned
        yield Progress(done, of)
    return last
