"""Random operations on a scheduler, whatever its models are made of."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule
from numpy.typing import NDArray

from common.errors import PostDevAIError
from common.model.llm import Generated
from dragon_node.inference.budget.governor import Governor
from dragon_node.inference.budget.ledger import Resident
from dragon_node.inference.reading.prompted import Prompted
from dragon_node.inference.scheduling.scheduler import Scheduler
from dragon_node.inference.scheduling.source import Alternative, Source
from tests.support.scheduling import came_round

ENDS_S = 60.0
"""In which everything that was asked comes to an end."""
MIN_RESIDENCY_S = 0.02
T = TypeVar("T")


class World(Protocol):
    """Models, and what is known of them beforehand."""

    memory_bytes: int
    speakers: tuple[str, ...]
    embedder: str
    prompts: Sequence[Prompted]

    def source(self) -> Source:
        """For one scheduler."""
        ...

    def stamp(self, name: str) -> str:
        """Of the files that are there now."""
        ...

    def says(self, name: str, prompt: int) -> str:
        """What a model answers when it is alone."""
        ...

    def harm(self, name: str, how: str) -> None:
        """Lets something go wrong."""
        ...

    def over(self) -> str:
        """What is said when more memory is in use, of the machine and not of the ledger, than
        the budget and what a step may take beside it; or when a model was given what was read by
        other files than its own."""
        ...

    def kept_over(self, ledger_bytes: int) -> str:
        """The same while nothing runs: more than the ledger says."""
        ...


class StrictGovernor(Governor):
    """Remembers when more was taken than there is."""

    broken = ""

    def put(self, resident: Resident) -> None:
        """See Governor."""
        super().put(resident)
        if self.ledger.free_bytes < 0:
            self.broken = f"{-self.ledger.free_bytes} bytes too many: {self.ledger}"


class Loop:
    """An event loop beside the test, as the daemon's is."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Without waiting."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """And waits."""
        return self.begin(work).result(ENDS_S)

    def close(self) -> None:
        """Ends its thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@dataclass(slots=True, eq=False)
class Request:
    """What was asked, and what came of it."""

    prompt: int
    outcome: Future[tuple[str, Generated]]
    cancelled: bool = False


class SchedulerMachine(RuleBasedStateMachine):
    """Subclass it with a world."""

    world: ClassVar[World]
    harms: ClassVar[tuple[str, ...]] = ()
    requests = Bundle("requests")

    def __init__(self) -> None:
        super().__init__()
        self.loop = Loop()
        self.governor = StrictGovernor(
            self.world.memory_bytes, 0, reserve_bytes=0, min_residency_s=MIN_RESIDENCY_S
        )
        self.scheduler = self.loop.run(self._scheduler())
        self.asked: list[Request] = []
        self.all = self.left_alone = 0
        """Requests, and those of them that nobody cancelled."""
        self.waits: list[Future[None]] = []
        self.embedded: list[tuple[list[str], Future[NDArray[np.float32]]]] = []

    @rule(target=requests, data=st.data(), background=st.booleans(), alternative=st.booleans())
    def generate(self, data: st.DataObject, background: bool, alternative: bool) -> Request:
        name = data.draw(st.sampled_from(self.world.speakers))
        prompt = data.draw(st.integers(0, len(self.world.prompts) - 1))
        timeout_s = data.draw(st.sampled_from([0.0, 0.0, 0.0, 0.005, 0.1]))
        return self._ask(name, prompt, background, timeout_s, alternative)

    @rule(target=requests, count=st.integers(2, 12), data=st.data())
    def generate_many(self, count: int, data: st.DataObject) -> Request:
        name = data.draw(st.sampled_from(self.world.speakers))
        for at in range(count - 1):
            self._ask(name, at % len(self.world.prompts), False, 0.0, False)
        return self._ask(name, 0, False, 0.0, True)

    @rule(request=consumes(requests))
    def cancel(self, request: Request) -> None:
        request.cancelled = True
        request.outcome.cancel()

    @rule(request=consumes(requests))
    def hear(self, request: Request) -> None:
        self._heard(request)

    @rule(data=st.data())
    def load(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from((*self.world.speakers, self.world.embedder)))
        self.waits.append(self.loop.begin(self.scheduler.load(name, "somebody asked")))

    @rule(data=st.data(), now=st.booleans())
    def unload(self, data: st.DataObject, now: bool) -> None:
        name = data.draw(st.sampled_from((*self.world.speakers, self.world.embedder)))
        self.waits.append(self.loop.begin(self.scheduler.unload(name, now=now)))

    @rule(data=st.data())
    def give_up_waiting(self, data: st.DataObject) -> None:
        if self.waits:
            data.draw(st.sampled_from(self.waits)).cancel()

    @rule(data=st.data())
    def pin(self, data: st.DataObject) -> None:
        names = st.sampled_from((*self.world.speakers, self.world.embedder))
        self.scheduler.pin(data.draw(st.frozensets(names)))

    @rule(
        texts=st.lists(st.text("xyz ", min_size=1, max_size=20), max_size=20), query=st.booleans()
    )
    def embed(self, texts: list[str], query: bool) -> None:
        work = self.scheduler.vectors(self.world.embedder, texts, query=query)
        self.embedded.append((texts, self.loop.begin(work)))

    @rule(data=st.data())
    def go_wrong(self, data: st.DataObject) -> None:
        if self.harms:
            names = (*self.world.speakers, self.world.embedder)
            name = data.draw(st.sampled_from(names))
            self.world.harm(name, data.draw(st.sampled_from(self.harms)))

    @rule()
    def settle(self) -> None:
        """Everyone comes to an end, and then nothing but weights and prompts is kept."""
        for request in self.asked:
            self._heard(request)
        self.left_alone += sum(not r.cancelled for r in self.asked)
        self.asked = []
        self.loop.run(self.scheduler.idle())
        self._settled()
        self._nothing_is_kept()

    @invariant()
    def never_too_much(self) -> None:
        assert not self.governor.broken, self.governor.broken
        assert not (over := self.world.over()), over

    def teardown(self) -> None:
        """Nobody is left, and nothing."""
        try:
            self.settle()
        finally:
            self.loop.run(self.scheduler.close())
            self.loop.close()
        assert self.governor.ledger.residents == ()
        assert not self.governor.broken, self.governor.broken

    async def _scheduler(self) -> Scheduler:
        return Scheduler(self.world.source(), self.governor, backoff_s=0.002)

    def _ask(
        self, name: str, prompt: int, background: bool, timeout_s: float, alternative: bool
    ) -> Request:
        asked = self.world.prompts[prompt]
        wanted = replace(asked.request, background=background, timeout_s=timeout_s)
        prompted = replace(asked, request=wanted)
        others = [n for n in self.world.speakers if n != name] if alternative else []
        alternatives = [Alternative(n, partial(self._read, n, prompted)) for n in others]
        pieces = self.scheduler.generate(name, self._read(name, prompted), alternatives)
        request = Request(prompt, self.loop.begin(_whole(pieces)))
        self.asked.append(request)
        self.all += 1
        return request

    def _read(self, name: str, prompted: Prompted) -> Prompted:
        return replace(prompted, stamp=self.world.stamp(name))

    def _heard(self, request: Request) -> None:
        if request.cancelled:
            return
        try:
            said, last = request.outcome.result(ENDS_S)
        except PostDevAIError as why:
            assert why.message
            return
        expected = self.world.says(last.model, request.prompt)
        assert said == expected or (last.finish == "deadline" and expected.startswith(said))

    def _nothing_is_kept(self) -> None:
        """That the ledger does not know, once the owner thread has come round."""
        with suppress(PostDevAIError):  # it has just died, with all that it held
            self.loop.run(came_round(self.scheduler))
        over = self.world.kept_over(self.governor.ledger.used_bytes)
        assert not over, over

    def _settled(self) -> None:
        for wait in self.waits:
            if not wait.cancelled():
                assert isinstance(wait.exception(ENDS_S), PostDevAIError | None)
        for texts, outcome in self.embedded:
            if outcome.exception(ENDS_S) is None:
                assert len(outcome.result()) == len(texts)
            else:
                assert isinstance(outcome.exception(), PostDevAIError)
        self.waits, self.embedded = [], []
        assert all(r.kv_bytes == 0 for r in self.governor.ledger.residents if not r.requests)
        assert self.scheduler.requests == 0
        done = self.scheduler.counts()
        ended = done.finished + done.refused + done.cancelled + done.failed
        assert self.left_alone <= ended <= self.all, "each is counted once"


async def _whole(pieces: AsyncGenerator[Generated]) -> tuple[str, Generated]:
    said, last = "", Generated("")
    async with aclosing(pieces):
        async for last in pieces:
            said += last.text
    assert last.finish, "an answer without an end"
    return said, last
