"""The handler of an API endpoint, made from a request class and a function that answers it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, asdict, dataclass, fields, is_dataclass
from inspect import Parameter, Signature
from typing import Any, get_origin, get_type_hints

from explorer.engine import Engine
from explorer.errors import RequestRefused
from explorer.server.blob_store import BlobStore
from explorer.server.error_handling import show_user_errors
from explorer.ui.http_api.parameter_docs import PARAMETER_DOCS
from explorer.ui.http_api.responses import Answer, Progress, to_json, write_answer
from explorer.ui.streaming.events import MAX_COMPUTATION_S
from explorer.ui.streaming.streams import TIMEOUT_MESSAGE

PROGRESS_INTERVAL_S = 0.2  # between two progress messages; Gradio notices a disconnected client at a message


@dataclass(frozen=True)
class Endpoint:
    """An API function: the request class with its parameters, its implementation, and a description of its answer."""

    request: type
    answer: Callable[[Engine, Any], Iterator[Progress | Answer]]  # gives the endpoint its name and docstring
    gives: str

    @property
    def name(self) -> str:
        """Return the name of the endpoint, without the slash."""
        return self.answer.__name__

    @property
    def words(self) -> str:
        """Return the description, with parameters and return value in the format that Gradio parses."""
        parameters = "\n".join(f"    {field.name}: {PARAMETER_DOCS[field.name]}" for field in fields(self.request))
        return f"{self.answer.__doc__}\n\nParameters:\n{parameters}\nReturns:\n    {self.gives}"

    @property
    def signature(self) -> Signature:
        """Return the parameters by name, with types and defaults; a nested request is an object of its fields."""
        hints = get_type_hints(self.request)
        made = [
            Parameter(f.name, Parameter.POSITIONAL_OR_KEYWORD, default=_default(f), annotation=_simple(hints[f.name]))
            for f in fields(self.request)
        ]
        return Signature(made, return_annotation=dict)


def handler(call: Endpoint, engine: Engine, blobs: BlobStore) -> Callable[..., Iterator[dict]]:
    """Return the handler of an endpoint: a generator of {"done", "of"} and at last of the answer.

    It raises gr.Error when the request is refused or takes longer than MAX_COMPUTATION_S.
    """
    names = [field.name for field in fields(call.request)]

    def answer(*values: object) -> Iterator[dict]:
        with show_user_errors():
            request = build_request(call.request, dict(zip(names, values, strict=True)))
            deadline, told = time.monotonic() + MAX_COMPUTATION_S, 0.0
            for item in call.answer(engine, request):
                if isinstance(item, Answer):
                    yield {"request": to_json(asdict(request)), **write_answer(item, blobs)}
                    return
                if (now := time.monotonic()) > deadline:
                    raise RequestRefused(TIMEOUT_MESSAGE)
                if now - told > PROGRESS_INTERVAL_S:
                    told = now
                    yield {"done": item.done, "of": item.of}

    answer.__name__, answer.__doc__, answer.__signature__ = call.name, call.words, call.signature
    answer.__annotations__ = {p.name: p.annotation for p in call.signature.parameters.values()} | {"return": dict}
    return answer


def build_request(kind: type, values: dict[str, object]) -> Any:  # noqa: ANN401 - an instance of kind
    """Return the request with these values, an object for each nested request.

    Raise RequestRefused for an unknown parameter, an invalid value, or a nested request that is not an object.
    """
    hints = get_type_hints(kind)
    unknown = [str(name)[:40] for name in values if name not in hints]
    if unknown:
        raise RequestRefused(f"There is no parameter named {unknown[0]!r} here.")
    made = {name: _inner(hints[name], name, value) for name, value in values.items()}
    return kind(**made)


def _inner(hint: Any, name: str, value: object) -> object:  # noqa: ANN401 - a type, or what stands for one
    if not is_dataclass(hint):
        return value
    if not isinstance(value, dict):
        raise RequestRefused(f"The {name} must be an object with its parameters by name.")
    return build_request(hint, value)


def _default(field: Field) -> object:
    if field.default is MISSING:
        return Parameter.empty
    if is_dataclass(field.default):
        return {}
    return list(field.default) if isinstance(field.default, tuple) else field.default


def _simple(hint: Any) -> Any:  # noqa: ANN401 - a type, or what stands for one
    """Return the type of the parameter in JSON."""
    if is_dataclass(hint):
        return dict
    if get_origin(hint) is tuple:
        return list[hint.__args__[0]]
    return hint
