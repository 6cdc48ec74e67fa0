"""Identifiers of models of the Hugging Face Hub: hub:OWNER/NAME@REVISION.

The revision must be a full commit hash, because a branch or tag can be moved to other files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from explorer.errors import HubRefused

PREFIX = "hub:"
_WORD = re.compile(r"[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+|_+)*")
_HASH = re.compile(r"[0-9a-f]{40}")
MAX_REPOSITORY_CHARS = 96  # of OWNER/NAME; the Hub's own limit


@dataclass(frozen=True)
class HubModel:
    """A commit of a model repository."""

    owner: str
    name: str
    revision: str  # 40 hexadecimal digits

    @property
    def repository(self) -> str:
        """OWNER/NAME."""
        return f"{self.owner}/{self.name}"

    @property
    def page(self) -> str:
        """Address of the model's page."""
        return f"https://huggingface.co/{self.repository}/tree/{self.revision}"


def parse(spec: str) -> HubModel:
    """Parse hub:OWNER/NAME@REVISION. Raise HubRefused for anything else, a branch name included."""
    repository, at, revision = spec.removeprefix(PREFIX).partition("@")
    owner, slash, name = repository.partition("/")
    if (
        not spec.startswith(PREFIX)
        or not slash
        or len(repository) > MAX_REPOSITORY_CHARS
        or not (_plain(owner) and _plain(name))
    ):
        raise HubRefused("A model of the Hub is written hub:OWNER/NAME@REVISION.")
    if not at or not _HASH.fullmatch(revision):
        raise HubRefused("The revision after @ must be a full commit hash, 40 digits 0-9a-f: a branch name can move.")
    return HubModel(owner, name, revision)


def _plain(word: str) -> bool:
    return bool(_WORD.fullmatch(word)) and ".." not in word and "--" not in word
