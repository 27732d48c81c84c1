"""What callers wait for: an answer, a model in memory, vectors."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from common.errors import PostDevAIError
from common.model.llm import Finish, Generated, TokenAlternative, TokenLogprob
from dragon_node.inference.engines.engine import Made
from dragon_node.inference.reading.prompted import Prompted, Said, Speech
from dragon_node.inference.scheduling.mailbox import Mailbox
from dragon_node.inference.scheduling.source import Alternative
from dragon_node.inference.scheduling.waiters import Waiters

BACKGROUND_WAITS_S = 60.0
"""So much longer does work in the background wait behind what a person waits for; not for ever."""


@dataclass(slots=True, eq=False, kw_only=True)
class Call(ABC):
    """Somebody waits. Only the owner thread changes it, but for `cancelled`."""

    model: str
    reason: str
    """Why its model is loaded, for people."""
    arrived_s: float
    background: bool = False
    timeout_s: float = 0.0
    cancelled: bool = False
    """Set once, from any thread."""
    again_s: float = math.inf
    """Before that, admission need not be asked again unless something has changed."""
    seen: int = -1
    """The change up to which admission was asked."""
    blocked_s: float = math.inf
    """Since when memory is what it waits for."""
    waits: str = ""
    """Why it has not begun, for people."""

    def free(self, waits: str) -> None:
        """It does not wait for memory, but for its turn."""
        self.again_s, self.seen, self.blocked_s = math.inf, -1, math.inf
        self.waits = waits

    @property
    def order(self) -> float:
        """The lower, the sooner."""
        return self.arrived_s + (BACKGROUND_WAITS_S if self.background else 0.0)

    @property
    def deadline_s(self) -> float:
        """When it is over, on the scheduler's clock."""
        return self.arrived_s + self.timeout_s if self.timeout_s > 0 else math.inf

    @property
    def tokens(self) -> int:
        """Of prompt and answer; 0 when it needs no cache."""
        return 0

    @property
    def stamp(self) -> str:
        """Of the files that it was read by; empty when it goes with any."""
        return ""

    @abstractmethod
    def fail(self, error: PostDevAIError) -> None:
        """There will be nothing more, and why."""


@dataclass(slots=True, eq=False, kw_only=True)
class Speaking(Call):
    """Wants an answer."""

    prompted: Prompted
    mailbox: Mailbox
    alternatives: tuple[Alternative, ...] = ()
    readings: dict[str, Future[Prompted]] = field(default_factory=dict[str, "Future[Prompted]"])
    """The request as alternatives read it; begun when the model that was asked cannot begin."""
    read: bool = False
    """All of them are done, and were offered."""
    instead: str = ""
    """Why another model speaks."""
    speech: Speech | None = None
    slot: int = -1
    cached_tokens: int = 0
    completion_tokens: int = 0
    called: bool = False
    """It has made a tool call."""

    @property
    def tokens(self) -> int:
        return len(self.prompted.tokens) + self.prompted.request.max_tokens

    @property
    def stamp(self) -> str:
        return self.prompted.stamp

    def fail(self, error: PostDevAIError) -> None:
        self.mailbox.fail(error)

    def piece(self, said: Said, made: Made | None = None) -> Generated:
        """What one token said."""
        self.called = self.called or bool(said.tool_calls)
        logprobs = () if made is None else self._logprobs(made)
        return Generated(
            said.text,
            model=self.model,
            reasoning=said.reasoning,
            tool_calls=said.tool_calls,
            logprobs=logprobs,
        )

    def last(self, finish: Finish) -> Generated:
        """The end, with the counts."""
        return Generated(
            "",
            "tool_calls" if finish == "stop" and self.called else finish,
            len(self.prompted.tokens),
            self.completion_tokens,
            self.model,
            cached_tokens=self.cached_tokens,
        )

    def _logprobs(self, made: Made) -> tuple[TokenLogprob, ...]:
        if not self.prompted.request.logprobs or made.token is None or self.speech is None:
            return ()
        word = self.speech.word
        top = tuple(TokenAlternative(word(token), logprob) for token, logprob in made.top)
        return (TokenLogprob(word(made.token), made.logprob, top),)


@dataclass(slots=True, eq=False, kw_only=True)
class Loading(Call):
    """Wants a model in memory: one for all who wait for that."""

    waiters: Waiters = field(default_factory=Waiters)
    kept: bool = False
    """It goes on when nobody waits for it."""

    def fail(self, error: PostDevAIError) -> None:
        self.waiters.fail(error)

    def done(self) -> None:
        """It is there."""
        self.waiters.done()


@dataclass(slots=True, eq=False, kw_only=True)
class Embedding(Call):
    """Wants vectors."""

    texts: tuple[str, ...]
    query: bool
    rows: list[NDArray[np.float32]] = field(default_factory=list[NDArray[np.float32]])
    """Of the slices that are done."""
    future: Future[NDArray[np.float32]] = field(default_factory=Future[NDArray[np.float32]])

    @property
    def made(self) -> int:
        """Texts that have their vector."""
        return sum(len(rows) for rows in self.rows)

    def fail(self, error: PostDevAIError) -> None:
        if self.future.set_running_or_notify_cancel():
            self.future.set_exception(error)

    def done(self) -> None:
        """Every text has its vector."""
        if self.future.set_running_or_notify_cancel():
            self.future.set_result(np.concatenate(self.rows))
