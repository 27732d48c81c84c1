"""The one thread that owns MLX, and the table of requests that live on it."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Protocol

from common.errors import OverLimit, PostDevAIError, Unavailable
from common.model.llm import ChatMessage, Generated
from dragon_node.inference.engines.batched import SLOTS, Step
from dragon_node.inference.scheduling.mailbox import Mailbox

log = logging.getLogger(__name__)

INBOX_MAX = 32
"""Requests that wait for a slot; the next is refused."""


class Engine(Protocol):
    """A loaded model. Every call comes from one thread."""

    @property
    def bytes(self) -> int:
        """Of its weights in memory."""
        ...

    def insert(
        self, messages: Sequence[ChatMessage], max_tokens: int, temperature: float
    ) -> tuple[int, int]:
        """(slot, prompt tokens)."""
        ...

    def step(self) -> list[Step]:
        """What one step made."""
        ...

    def remove(self, slot: int) -> None:
        """Ends a request before its time."""
        ...

    def rest(self) -> None:
        """Nothing to do for now."""
        ...

    def close(self) -> None:
        """Frees the model."""
        ...


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is asked."""

    model: str
    """Catalogue name."""
    messages: tuple[ChatMessage, ...]
    max_tokens: int = 256
    temperature: float = 0.0


@dataclass(frozen=True, slots=True)
class Residency:
    """What the thread has made of a model so far."""

    loaded: bool = False
    bytes: int = 0
    failed: str = ""


@dataclass(slots=True, eq=False)
class _Request:
    prompt: Prompt
    mailbox: Mailbox | None
    """None for a request that only loads the model."""
    cancelled: bool = False
    slot: int = -1
    prompt_tokens: int = 0

    def fail(self, error: PostDevAIError) -> None:
        if self.mailbox is not None:
            self.mailbox.fail(error)


@dataclass(slots=True)
class _Resident:
    engine: Engine
    live: dict[int, _Request] = field(default_factory=dict[int, _Request])


class Scheduler:
    """Runs requests on models that `load` loads by name, when they are first asked for."""

    def __init__(self, load: Callable[[str], Engine]) -> None:
        self._load = load
        self._news = threading.Condition()
        self._inbox: deque[_Request] = deque()
        self._residents: dict[str, _Resident] = {}
        self._states: dict[str, Residency] = {}
        self._stopping = ""
        self._open = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._thread = threading.Thread(target=self._run, name="mlx", daemon=True)
        self._thread.start()

    @property
    def requests(self) -> int:
        """Requests that wait or run."""
        return self._open

    def residency(self, model: str) -> Residency:
        """Whether a model is in memory."""
        return self._states.get(model, Residency())

    async def idle(self) -> None:
        """Returns when no request waits or runs."""
        await self._idle.wait()

    def prepare(self, model: str) -> None:
        """Begins to load a model, so that it is there when its prompt is."""
        if not self.residency(model).loaded:
            with self._news:
                waits = any(r.mailbox is None and r.prompt.model == model for r in self._inbox)
                if not waits and not self._stopping:
                    self._inbox.append(_Request(Prompt(model, ()), None))
                    self._news.notify()

    async def generate(self, prompt: Prompt) -> AsyncGenerator[Generated]:
        """Pieces as they are made. Closing the iterator cancels the request and frees its slot."""
        mailbox = Mailbox()
        request = _Request(prompt, mailbox)
        self._submit(request)
        self._open += 1
        self._idle.clear()
        try:
            async with aclosing(mailbox.pieces(prompt.model)) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            self._cancel(request)
            self._open -= 1
            if self._open == 0:
                self._idle.set()

    async def close(self) -> None:
        """Ends the thread after its present step; what still runs is Unavailable."""
        with self._news:
            self._stopping = self._stopping or "the Dragon is stopping"
            self._news.notify()
        await asyncio.to_thread(self._thread.join)

    def _submit(self, request: _Request) -> None:
        with self._news:
            if self._stopping:
                raise Unavailable(self._stopping, hint="ask again in a moment")
            waiting = sum(1 for r in self._inbox if r.mailbox is not None)
            if waiting >= INBOX_MAX:
                raise OverLimit(
                    f"{waiting} requests already wait for a model, {INBOX_MAX} at most",
                    hint="ask again in a moment",
                )
            self._inbox.append(request)
            self._news.notify()

    def _cancel(self, request: _Request) -> None:
        with self._news:
            request.cancelled = True
            if request in self._inbox:
                self._inbox.remove(request)

    # From here on: the owner thread.

    def _run(self) -> None:
        reason = "the Dragon is stopping"
        try:
            while (arrived := self._wait()) is not None:
                for request in arrived:
                    self._begin(request)
                self._step_all()
        except Exception:  # the thread's own lifecycle: nobody may wait for a dead thread
            log.exception("the MLX thread ended")
            reason = "the MLX thread has ended; its log says why"
        finally:
            self._end(reason)

    def _wait(self) -> list[_Request] | None:
        """Requests that fit into the free slots; None when it is time to stop."""
        with self._news:
            while not self._stopping and not self._inbox and not self._live():
                self._news.wait()
            if self._stopping:
                return None
            free = SLOTS - self._live()
            return [self._inbox.popleft() for _ in range(min(free, len(self._inbox)))]

    def _live(self) -> int:
        return sum(len(r.live) for r in self._residents.values())

    def _begin(self, request: _Request) -> None:
        try:
            resident = self._resident(request.prompt.model)
            if request.mailbox is not None and not request.cancelled:
                prompt = request.prompt
                request.slot, request.prompt_tokens = resident.engine.insert(
                    prompt.messages, prompt.max_tokens, prompt.temperature
                )
                resident.live[request.slot] = request
        except PostDevAIError as why:
            request.fail(why)
        except Exception as why:  # one request's fault must not end the thread
            log.exception("a request does not begin model=%s", request.prompt.model)
            request.fail(Unavailable(f"{request.prompt.model} cannot begin: {why}"))

    def _resident(self, model: str) -> _Resident:
        if model not in self._residents:
            try:
                engine = self._load(model)
            except PostDevAIError:
                raise  # not there yet, which the catalogue says better
            except Exception as why:  # MLX, mlx_lm and transformers raise what they like
                log.exception("a model does not load model=%s", model)
                self._states[model] = Residency(failed=f"it does not load: {why}")
                raise Unavailable(
                    f"model failed: {model} does not load: {why}",
                    hint="delete its directory and run scripts/fetch_models.py",
                ) from why
            self._residents[model] = _Resident(engine)
            self._states[model] = Residency(loaded=True, bytes=engine.bytes)
        return self._residents[model]

    def _step_all(self) -> None:
        for model, resident in list(self._residents.items()):
            for slot in [s for s, r in resident.live.items() if r.cancelled]:
                resident.engine.remove(slot)
                del resident.live[slot]
            if not resident.live:
                continue
            try:
                steps = resident.engine.step()
            except Exception as why:  # one model's fault must not end the thread
                log.exception("a step failed model=%s", model)
                self._drop(model, Unavailable(f"{model} failed while it spoke: {why}"))
                continue
            for step in steps:
                self._deliver(resident, step)
            if not resident.live:
                resident.engine.rest()

    def _deliver(self, resident: _Resident, step: Step) -> None:
        request = resident.live[step.slot]
        assert request.mailbox is not None
        if step.finish:
            del resident.live[step.slot]
            request.mailbox.end(
                Generated(step.text, step.finish, request.prompt_tokens, step.completion_tokens)
            )
        elif step.text:
            request.mailbox.put(Generated(step.text))

    def _drop(self, model: str, error: PostDevAIError) -> None:
        resident = self._residents.pop(model)
        self._states[model] = Residency(failed=error.message)
        for request in resident.live.values():
            request.fail(error)

    def _end(self, reason: str) -> None:
        with self._news:
            self._stopping = reason
            left = list(self._inbox)
            self._inbox.clear()
        for resident in self._residents.values():
            left += resident.live.values()
        for request in left:
            request.fail(Unavailable(reason, hint="ask again in a moment"))
        for model, resident in self._residents.items():
            self._states[model] = Residency()
            resident.engine.close()
        self._residents.clear()
