"""What the catalogue says of one model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from common.model.llm import Purpose
from dragon_node.inference.fetching.pins import Pin

Pooling = Literal["cls", "mean", "last"]

DEMONSTRATION_BELOW = 1_000_000_000
"""A model with fewer parameters is shown as a demonstration."""
PRIORITY = 100
SLOTS = 8
"""Requests that are generated together; measured to give 3.8 times the tokens of one after one."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """A file in a pinned wheel."""

    pin: Pin

    def __str__(self) -> str:
        return f"wheel {self.pin.package} {self.pin.version}"


@dataclass(frozen=True, slots=True)
class Hub:
    """A repository of a model hub."""

    id: str
    """OWNER/NAME."""
    revision: str = "main"
    """A commit, a tag or a branch; what arrived is kept with its commit."""

    def __str__(self) -> str:
        return f"hub {self.id}@{self.revision}"


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory of the Dragon that somebody else looks after."""

    path: Path

    def __str__(self) -> str:
        return f"directory {self.path}"


Source = Wheel | Hub | Directory


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that may be used."""

    name: str
    purpose: Purpose
    source: Source
    parameters: int = 0
    """0 when the catalogue does not say."""
    priority: int = PRIORITY
    """The lower, the sooner it is chosen among models of one purpose."""
    context: int = 0
    """Tokens of prompt and answer together; 0 is what the model's own configuration says."""
    prompt_tokens: int = 0
    """Tokens that a question's prompt may take; 0 is three quarters of the context."""
    alternatives: tuple[str, ...] = ()
    """Names of those that may stand in for it, in order; each time the reply says so."""
    pin: bool = False
    """Loaded as soon as it is there and never evicted."""
    slots: int = SLOTS
    """Requests that are generated together, at most."""
    draft: str = ""
    """Name of the entry that drafts for it: one request at a time then."""
    draft_tokens: int = 3
    """Tokens that are drafted before the model looks."""
    kv_bits: int = 0
    """Quantises the key-value cache to so many bits (4 or 8): one request at a time then."""
    pooling: Pooling = "last"
    """For embedders: which states become the vector."""
    query_prefix: str = ""
    """For embedders: put before a question."""
    embed_tokens: int = 512
    """For embedders: what is longer is cut."""

    @property
    def demonstration(self) -> bool:
        """Too small for its prose to be trusted."""
        return 0 < self.parameters < DEMONSTRATION_BELOW
