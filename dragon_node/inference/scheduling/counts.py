"""What the models did, in numbers: since the start, and over the last ten seconds."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

WINDOW_S = 10.0
BUCKET_S = 0.5
"""Steps within so long are counted as one: the window has twenty numbers, not thousands."""

Ending = Literal["finished", "refused", "cancelled", "failed"]


@dataclass(frozen=True, slots=True)
class Counts:
    """As in InferenceStats."""

    waiting: int = 0
    running: int = 0
    batch_width: int = 0
    """Requests in the last step; 0 when nothing runs."""
    tokens_per_s: float = 0.0
    prompt_tokens_per_s: float = 0.0
    prompt_tokens: int = 0
    """Of requests that began, cached or not."""
    cached_tokens: int = 0
    completion_tokens: int = 0
    finished: int = 0
    refused: int = 0
    cancelled: int = 0
    failed: int = 0
    instead: int = 0
    evicted: int = 0


@dataclass(slots=True)
class _Bucket:
    begin_s: float
    tokens: int
    prompt_tokens: int


class Tally:
    """Keeps the counts; any thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts = Counts()
        self._buckets: deque[_Bucket] = deque()

    def began(self, prompt_tokens: int, cached_tokens: int) -> None:
        """A request was taken by its engine."""
        with self._lock:
            self._counts = replace(
                self._counts,
                prompt_tokens=self._counts.prompt_tokens + prompt_tokens,
                cached_tokens=self._counts.cached_tokens + cached_tokens,
            )

    def stepped(self, width: int, tokens: int, prompt_tokens: int) -> None:
        """One step."""
        with self._lock:
            self._counts = replace(
                self._counts,
                batch_width=width,
                completion_tokens=self._counts.completion_tokens + tokens,
            )
            self._bucket(tokens, prompt_tokens)

    def ended(self, how: Ending) -> None:
        """A request is over; each is counted once."""
        with self._lock:
            self._counts = replace(self._counts, **{how: getattr(self._counts, how) + 1})

    def add(self, *, instead: int = 0, evicted: int = 0) -> None:
        """What else happened."""
        with self._lock:
            self._counts = replace(
                self._counts,
                instead=self._counts.instead + instead,
                evicted=self._counts.evicted + evicted,
            )

    def running(self, waiting: int, running: int) -> None:
        """Requests that are admitted and wait for their model, and those that run."""
        with self._lock:
            width = self._counts.batch_width if running else 0
            self._counts = replace(
                self._counts, waiting=waiting, running=running, batch_width=width
            )

    def counts(self) -> Counts:
        """Now."""
        with self._lock:
            self._forget()
            tokens = sum(b.tokens for b in self._buckets)
            prompt_tokens = sum(b.prompt_tokens for b in self._buckets)
            return replace(
                self._counts,
                tokens_per_s=tokens / WINDOW_S,
                prompt_tokens_per_s=prompt_tokens / WINDOW_S,
            )

    def _bucket(self, tokens: int, prompt_tokens: int) -> None:
        now_s = self._clock()
        if not self._buckets or now_s - self._buckets[-1].begin_s >= BUCKET_S:
            self._forget()
            self._buckets.append(_Bucket(now_s, 0, 0))
        self._buckets[-1].tokens += tokens
        self._buckets[-1].prompt_tokens += prompt_tokens

    def _forget(self) -> None:
        oldest_s = self._clock() - WINDOW_S
        while self._buckets and self._buckets[0].begin_s < oldest_s:
            self._buckets.popleft()
