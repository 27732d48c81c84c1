"""The port to a loaded model. Every call comes from the owner thread."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from dragon_node.inference.reading.prompted import Prompted


@dataclass(frozen=True, slots=True)
class Made:
    """What one step made for one request."""

    slot: int
    token: int | None
    """None when the last token is one that ends an answer and says nothing."""
    finish: Literal["", "stop", "length"] = ""
    logprob: float = 0.0
    """Natural logarithm, when it was wanted."""
    top: tuple[tuple[int, float], ...] = ()
    """Likeliest tokens with theirs, best first, when they were wanted."""


@dataclass(frozen=True, slots=True)
class Stepped:
    """What one step did."""

    made: tuple[Made, ...] = ()
    prompt_tokens: int = 0
    """Tokens of prompts that it read."""
    width: int = 0
    """Requests that got a token."""


@dataclass(frozen=True, slots=True)
class Inserted:
    """A request that an engine has taken."""

    slot: int
    """Never used twice by one engine."""
    cached_tokens: int
    """Tokens of its prompt that need not be read again."""


class Engine(Protocol):
    """A loaded model that makes tokens for several requests."""

    @property
    def weight_bytes(self) -> int:
        """In memory, a draft model's included."""
        ...

    @property
    def cache_bytes(self) -> int:
        """Held for prompts that come again; none of it is needed."""
        ...

    @property
    def slots(self) -> int:
        """Requests at a time, at most."""
        ...

    def kv_bytes(self, tokens: Sequence[int]) -> int:
        """The most that the caches take while requests of so many tokens each (prompt and answer)
        run together: a batch is as long as its longest, and grows in steps."""
        ...

    def insert(self, prompted: Prompted) -> Inserted:
        """Takes a request; at most `slots` of them. Reads nothing yet."""
        ...

    def step(self, prompt_tokens: int) -> Stepped:
        """A token for each that generates, and at most so many tokens of prompts that begin (at
        least one goes on). Whoever is finished has left its slot."""
        ...

    def remove(self, slot: int) -> None:
        """Ends a request before its time; nothing happens when it has ended."""
        ...

    def trim(self, cache_bytes: int) -> None:
        """Holds no more than that for prompts that come again."""
        ...

    def rest(self) -> None:
        """Nothing to do for now: gives buffers back."""
        ...

    def close(self) -> None:
        """Frees the model."""
        ...


class VectorEngine(Protocol):
    """A loaded model that makes vectors."""

    @property
    def weight_bytes(self) -> int:
        """In memory."""
        ...

    def vectors(self, texts: Sequence[str], *, query: bool) -> NDArray[np.float32]:
        """(len(texts), dimension) rows of unit length, in order. One call is one slice of the owner
        thread's time: callers send few texts of like length."""
        ...

    def close(self) -> None:
        """Frees the model."""
        ...


Opening = Generator[float, None, Engine]
"""Loads in slices: yields the share that is in memory, 0 to 1, and returns the engine. Closing it
gives up and frees what is there. Raises Unavailable or Corrupt with a sentence."""
VectorOpening = Generator[float, None, VectorEngine]
