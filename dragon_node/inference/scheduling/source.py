"""The port to what the scheduler is told about models: what they need, and how they open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from dragon_node.inference.engines.engine import Opening, VectorOpening
from dragon_node.inference.reading.prompted import Prompted, Speech


@dataclass(frozen=True, slots=True)
class Needs:
    """What a model takes before it is loaded."""

    weight_bytes: int
    """In memory, a draft model's included."""
    kv_bytes: Callable[[Sequence[int]], int]
    """The most that the caches of requests of so many tokens each take together."""


class Source(Protocol):
    """Models by name. Every call comes from the owner thread."""

    def slots(self, name: str) -> int:
        """Requests at a time, at most."""
        ...

    def needs(self, name: str) -> Needs:
        """Unavailable or Missing says why it is not there."""
        ...

    def stamp(self, name: str) -> str:
        """Of the files that it would be loaded from: another when they change. Missing when the
        name is not known, Unavailable while there are none; empty for what never changes."""
        ...

    def opening(self, name: str) -> Opening | VectorOpening:
        """Loads it in slices; nothing has been read yet."""
        ...

    def speech(self, name: str, prompted: Prompted) -> Speech:
        """A fresh one for one request."""
        ...


@dataclass(frozen=True, slots=True)
class Alternative:
    """A model that may stand in for the one that was asked."""

    name: str
    read: Callable[[], Prompted]
    """The same request as this model reads it. Called beside the owner thread, and only when the
    model that was asked for cannot begin; what it raises takes it out of the choice."""
