"""The models in memory and who uses them: the ledger is told of each before it is used, and after
it was."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import cast

from dragon_node.inference.budget.governor import Governor
from dragon_node.inference.budget.ledger import Resident
from dragon_node.inference.engines.engine import Engine, Opening, VectorEngine, VectorOpening
from dragon_node.inference.scheduling.calls import Call, Embedding, Loading, Speaking
from dragon_node.inference.scheduling.inbox import Unload
from dragon_node.inference.scheduling.pace import Pace
from dragon_node.inference.scheduling.residency import Board, State
from dragon_node.inference.scheduling.source import Needs

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Held:
    """A model in memory, or on its way there."""

    name: str
    needs: Needs
    pace: Pace
    slots: int = 1
    """Requests at a time, as long as the engine does not say so itself."""
    stamp: str = ""
    """Of the files that it is loaded from."""
    opening: Opening | VectorOpening | None = None
    """While it loads."""
    engine: Engine | None = None
    vectors: VectorEngine | None = None
    weight_bytes: int = 0
    waiting: list[Call] = field(default_factory=list[Call])
    """Admitted, until it is loaded."""
    live: dict[int, Speaking] = field(default_factory=dict[int, Speaking])
    """By slot."""
    texts: list[Embedding] = field(default_factory=list[Embedding])
    leaving: Unload | None = None
    """It is wanted out of memory."""
    outdated: bool = False
    """Its files have changed."""
    loaded_s: float = 0.0
    used_s: float = 0.0
    idle_steps: int = 0
    """In a row, in which nothing was made or read."""
    entered_cache_bytes: int = 0
    """Of the prompt cache, as the ledger has them."""

    @property
    def calls(self) -> list[Call]:
        """Everyone who was admitted."""
        return [*self.waiting, *self.live.values(), *self.texts]

    @property
    def requests(self) -> int:
        """Admitted; who waits for its load alone asks for nothing more."""
        return sum(not isinstance(c, Loading) for c in self.calls)

    @property
    def full(self) -> bool:
        """Every slot is taken, or will be."""
        slots = self.slots if self.engine is None else self.engine.slots
        return self.speaking >= max(1, slots)

    @property
    def speaking(self) -> int:
        """Slots that are taken, or will be."""
        return len(self.live) + sum(isinstance(c, Speaking) for c in self.waiting)

    @property
    def cache_bytes(self) -> int:
        """Held for prompts that come again."""
        return 0 if self.engine is None else self.engine.cache_bytes

    @property
    def leaving_s(self) -> float:
        """Who came after that waits until it has left."""
        if self.outdated:
            return -math.inf
        return math.inf if self.leaving is None else self.leaving.asked_s

    def kv_bytes(self, more: int = 0) -> int:
        """The most that the admitted take together, with one of `more` tokens among them."""
        tokens = [c.tokens for c in self.calls if c.tokens]
        if more:
            tokens.append(more)
        if not tokens:
            return 0
        return (self.needs if self.engine is None else self.engine).kv_bytes(tokens)


class Residents:
    """Owned by one thread. The ledger's entry of a model is computed from what is held, each time
    that changes: nothing is added up or taken off by hand."""

    def __init__(self, governor: Governor, board: Board, clock: Callable[[], float]) -> None:
        self._governor = governor
        self._board = board
        self._clock = clock
        self._held: dict[str, Held] = {}
        self._pins: frozenset[str] = frozenset()
        self.version = 0
        """Grows when somebody who waits for memory should ask again."""

    def __iter__(self) -> Iterator[Held]:
        return iter(tuple(self._held.values()))

    def get(self, name: str) -> Held | None:
        """By name."""
        return self._held.get(name)

    @property
    def busy(self) -> bool:
        """There is something to do at once."""
        return any(h.opening is not None or h.live or h.texts for h in self)

    def pinned(self, name: str) -> bool:
        """Never evicted."""
        return name in self._pins

    def pin(self, names: Collection[str]) -> None:
        """The whole set. To be read after what was asked for: who pins and then asks means that."""
        changed = self._pins ^ frozenset(names)
        self._pins = frozenset(names)
        for name in changed:
            held = self._held.get(name)
            if held is not None:
                self.enter(held)
            self._board.post(name, pinned=name in self._pins)

    def add(self, held: Held, reason: str) -> None:
        """A model begins to load: its weights are spoken for from here on."""
        held.used_s = self._clock()
        self._held[held.name] = held
        self.enter(held)
        self._board.post(
            held.name, state="loading", progress=0.0, detail="", reason=reason, waiting=""
        )

    def loaded(self, held: Held, engine: Engine | VectorEngine) -> None:
        """It is in memory, and may be used."""
        held.opening = None
        held.loaded_s = held.used_s = self._clock()
        held.weight_bytes = engine.weight_bytes
        held.engine = speaker(engine)
        held.vectors = cast("VectorEngine", engine) if held.engine is None else None
        self.enter(held)
        self._board.post(held.name, state="loaded", progress=1.0, bytes=held.weight_bytes)

    def leave(self, held: Held, *calls: Call) -> None:
        """It is over for these of its calls, however."""
        gone = {id(c) for c in calls}
        held.live = {slot: c for slot, c in held.live.items() if id(c) not in gone}
        held.waiting = [c for c in held.waiting if id(c) not in gone]
        held.texts = [c for c in held.texts if id(c) not in gone]
        held.used_s = self._clock()
        self.enter(held)
        self._board.post(held.name, used_ms=time.time_ns() // 1_000_000)

    def enter(self, held: Held) -> None:
        """Tells the ledger what it takes now. Prompts that come again keep what is left over."""
        kv_bytes = held.kv_bytes()
        self._shorten(held, held.weight_bytes + kv_bytes)
        held.entered_cache_bytes = held.cache_bytes
        requests = held.requests
        self._governor.put(
            Resident(
                held.name,
                held.weight_bytes,
                kv_bytes,
                held.entered_cache_bytes,
                requests,
                pinned=held.name in self._pins,
                loading=held.opening is not None,
                loaded_s=held.loaded_s,
                used_s=held.used_s,
            )
        )
        self.version += 1
        self._board.post(held.name, requests=requests, pinned=held.name in self._pins)

    def outdate(self, held: Held) -> None:
        """Its files have changed: it goes when its requests have ended."""
        held.outdated = True
        self.version += 1

    def trim(self, needed_bytes: int) -> None:
        """Gives so much of the prompt caches back, of the longest unused models first."""
        for held in sorted(self, key=lambda h: h.used_s):
            if needed_bytes <= 0:
                return
            if held.engine is not None and (before := held.engine.cache_bytes):
                held.engine.trim(max(0, before - needed_bytes))
                needed_bytes -= before - held.engine.cache_bytes
                held.engine.rest()
                self.enter(held)

    def drop(self, held: Held, *, state: State = "ready", detail: str = "", reason: str) -> None:
        """Out of memory, then out of the ledger. Its calls are the caller's to end."""
        try:
            self._free(held)
        finally:
            del self._held[held.name]
            self._governor.drop(held.name)
        self.version += 1
        self._board.post(
            held.name,
            state=state,
            progress=0.0,
            bytes=0,
            requests=0,
            detail=detail,
            reason=reason,
            leaving="",
        )
        if held.leaving is not None:
            held.leaving.waiters.done()

    def _free(self, held: Held) -> None:
        opening, engine = held.opening, held.engine or held.vectors
        held.opening = held.engine = held.vectors = None
        try:
            if opening is not None:
                opening.close()
            if engine is not None:
                engine.close()
        except Exception:  # it goes whatever it says: nobody may be left waiting for that
            log.exception("a model does not close model=%s", held.name)

    def _shorten(self, held: Held, needed_bytes: int) -> None:
        if held.engine is None or not (cache_bytes := held.engine.cache_bytes):
            return
        ledger = self._governor.ledger
        before = ledger.resident(held.name)
        room = ledger.free_bytes + (0 if before is None else before.bytes) - needed_bytes
        if cache_bytes > room:
            held.engine.trim(max(0, room))


def turn_of(held: Held) -> str:
    """Why a request has to wait for its turn."""
    return f"{held.name} works on {held.speaking} requests already"


def speaker(engine: Engine | VectorEngine) -> Engine | None:
    """The engine when it speaks; None when it makes vectors."""
    return cast("Engine", engine) if hasattr(engine, "insert") else None
