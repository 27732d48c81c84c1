"""Engines without a model, as strict as the port: what they say depends on the prompt alone, what
they take is counted, and a test may hold them between two steps."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from common.errors import Missing, PostDevAIError
from common.model.llm import GenerationRequest
from dragon_node.inference.engines.engine import (
    Inserted,
    Made,
    Opening,
    Stepped,
    VectorOpening,
)
from dragon_node.inference.reading.prompted import Prompted, Said
from dragon_node.inference.scheduling.source import Needs

TOKEN_BYTES = 10
GROWS = 16
"""Tokens by which caches grow."""
HELD_S = 5.0
"""A test that fails must not leave the owner thread standing."""
VOCABULARY = 10_000
STOP = VOCABULARY
"""The token that ends an answer and says nothing."""


def asked(*tokens: int, say: int = 3, **request: object) -> Prompted:
    """A prompt of these tokens, with every default filled."""
    filled: dict[str, object] = {"top_p": 1.0, "repetition_penalty": 1.0, "seed": 1} | request
    return Prompted(GenerationRequest(max_tokens=say, **filled), tokens or (1,))  # pyright: ignore[reportArgumentType]


def words(prompted: Prompted) -> list[int]:
    """What a paper engine says, unless it is told to end sooner (PaperEngine.ends)."""
    seed = _seed(prompted)
    return [_word(seed, at) for at in range(prompted.request.max_tokens)]


def _seed(prompted: Prompted) -> int:
    return sum((at + 1) * token for at, token in enumerate(prompted.tokens)) * 31


def _word(seed: int, at: int) -> int:
    return (seed + at * 7) % VOCABULARY


def text(prompted: Prompted) -> str:
    """The same as PaperSpeech reads it."""
    return "".join(f"{word} " for word in words(prompted))


def kv_bytes(tokens: Sequence[int]) -> int:
    """A batch is as long as its longest."""
    longest = -(-max(tokens, default=0) // GROWS) * GROWS
    return len(tokens) * longest * TOKEN_BYTES


@dataclass(slots=True)
class _Running:
    prompted: Prompted
    unread: int
    seed: int
    made: int = 0


class PaperEngine:
    """Deterministic, with prefill in pieces and a cache of prompts."""

    def __init__(self, weight_bytes: int = 1_000, slots: int = 8, *, held: bool = False) -> None:
        """`held`: each step waits for a permit."""
        self.weight_bytes = weight_bytes
        self.slots = slots
        self.permits = threading.Semaphore(0) if held else None
        self.running: dict[int, _Running] = {}
        self.kept: dict[tuple[int, ...], int] = {}
        self.steps: list[Stepped] = []
        self.budgets: list[int] = []
        self.inserted: list[Prompted] = []
        self.removed: list[int] = []
        self.threads: set[str] = set()
        self.stepping = threading.Event()
        self.rested = threading.Event()
        self.closed = False
        self.fault: BaseException | None = None
        """Raised by the next step."""
        self.insert_fault: Exception | None = None
        self.rounds = 1
        """Tokens that a request gets in one step, as from a model with another that drafts."""
        self.stuck = False
        """Its steps do nothing."""
        self.stamp = ""
        """Of the files that it was loaded from."""
        self.misread: list[str] = []
        """Stamps of requests that were read by others."""
        self.ends: dict[int, int] = {}
        """By the first token of a prompt: its answer ends by itself after so many tokens."""

    @property
    def cache_bytes(self) -> int:
        """See Engine."""
        return sum(self.kept.values())

    def kv_bytes(self, tokens: Sequence[int]) -> int:
        """See Engine."""
        return kv_bytes(tokens)

    def insert(self, prompted: Prompted) -> Inserted:
        """See Engine."""
        self._called()
        if self.insert_fault is not None:
            raise self.insert_fault
        assert len(self.running) < self.slots, "no slot is free"
        self.inserted.append(prompted)
        if prompted.stamp not in ("", self.stamp):
            self.misread.append(prompted.stamp)
        slot = len(self.inserted)
        cached = self._nearest(prompted.tokens)
        self.running[slot] = _Running(prompted, len(prompted.tokens) - 1 - cached, _seed(prompted))
        return Inserted(slot, cached)

    def step(self, prompt_tokens: int) -> Stepped:
        """See Engine."""
        self._called()
        self.stepping.set()
        if self.permits is not None:
            self.permits.acquire(timeout=HELD_S)
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        if self.stuck:
            return Stepped()
        self.budgets.append(prompt_tokens)
        read = self._read(max(1, prompt_tokens))
        made = [
            self._make(slot)
            for _ in range(self.rounds)
            for slot, r in list(self.running.items())
            if not r.unread
        ]
        self.steps.append(Stepped(tuple(made), read, len({m.slot for m in made})))
        return self.steps[-1]

    def remove(self, slot: int) -> None:
        """See Engine."""
        self._called()
        running = self.running.pop(slot, None)
        if running is not None:
            self.removed.append(slot)
            self._keep(running)

    def trim(self, cache_bytes: int) -> None:
        """See Engine."""
        self._called()
        while self.cache_bytes > cache_bytes:
            del self.kept[next(iter(self.kept))]

    def rest(self) -> None:
        """See Engine."""
        self._called()
        self.rested.set()

    def close(self) -> None:
        """See Engine."""
        self._called()
        assert not self.closed, "closed twice"
        self.closed = True

    def let(self, steps: int = 100_000) -> None:
        """So many steps more."""
        assert self.permits is not None
        self.permits.release(steps)

    def _read(self, most: int) -> int:
        read = 0
        for running in self.running.values():
            piece = min(running.unread, most - read)
            running.unread -= piece
            read += piece
        return read

    def _make(self, slot: int) -> Made:
        running = self.running[slot]
        running.made += 1
        if self.ends.get(running.prompted.tokens[0]) == running.made - 1:
            return self._over(slot, Made(slot, None, "stop"))
        token = _word(running.seed, running.made - 1)
        if running.made == running.prompted.request.max_tokens:
            return self._over(slot, Made(slot, token, "length", -0.5, ((token, -0.5),)))
        return Made(slot, token, "", -0.5, ((token, -0.5),))

    def _over(self, slot: int, made: Made) -> Made:
        self._keep(self.running.pop(slot))
        return made

    def _keep(self, running: _Running) -> None:
        read = len(running.prompted.tokens) - running.unread
        tokens = running.prompted.tokens[:read] + tuple(
            _word(running.seed, at) for at in range(running.made)
        )
        self.kept.pop(tokens, None)
        self.kept[tokens] = len(tokens) * TOKEN_BYTES

    def _nearest(self, tokens: tuple[int, ...]) -> int:
        def common(other: tuple[int, ...]) -> int:
            pairs = zip(tokens[:-1], other, strict=False)
            return next(
                (n for n, (a, b) in enumerate(pairs) if a != b), min(len(tokens) - 1, len(other))
            )

        return max((common(kept) for kept in self.kept), default=0)

    def _called(self) -> None:
        assert not self.closed, "used after it was closed"
        self.threads.add(threading.current_thread().name)


class PaperVectors:
    """Vectors that say how long a text is."""

    def __init__(self, weight_bytes: int = 100) -> None:
        self.weight_bytes = weight_bytes
        self.slices: list[tuple[str, ...]] = []
        self.held: threading.Semaphore | None = None
        self.slicing = threading.Event()
        self.fault: Exception | None = None
        self.closed = False

    def vectors(self, texts: Sequence[str], *, query: bool) -> NDArray[np.float32]:
        """See VectorEngine."""
        assert not self.closed, "used after it was closed"
        self.slicing.set()
        if self.held is not None:
            self.held.acquire(timeout=HELD_S)
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        self.slices.append(tuple(texts))
        return np.array([[len(t), float(query)] for t in texts], np.float32)

    def close(self) -> None:
        """See VectorEngine."""
        self.closed = True


class PaperSpeech:
    """Each token is a number and a space; a stop string is a whole number."""

    def __init__(self, prompted: Prompted) -> None:
        self._stop = prompted.request.stop

    def feed(self, token: int) -> Said:
        """See Speech."""
        if str(token) in self._stop:
            return Said(ended=True)
        return Said(f"{token} ")

    def end(self, *, cut: bool) -> Said:
        """See Speech."""
        return Said()

    def word(self, token: int) -> str:
        """See Speech."""
        return str(token)


@dataclass(slots=True)
class Paper:
    """A model of the source: its engines in the order in which they are loaded."""

    weight_bytes: int = 1_000
    slots: int = 8
    slices: int = 4
    held: bool = False
    vectors: bool = False
    missing: PostDevAIError | None = None
    """Why it is not there."""
    broken: str = ""
    """What the second slice of its load fails with."""
    more_bytes: int = 0
    """That it takes beyond what was said."""
    stamp: str = ""
    """Of its files."""
    gate: threading.Semaphore | None = None
    """Each slice of its load waits for a permit."""
    reached: threading.Event = field(default_factory=threading.Event)
    """A slice of its load has begun."""
    engines: list[PaperEngine] = field(default_factory=list[PaperEngine])
    embedders: list[PaperVectors] = field(default_factory=list[PaperVectors])
    openings: int = 0
    given_up: int = 0

    @property
    def engine(self) -> PaperEngine:
        """The last that was loaded."""
        return self.engines[-1]


class PaperSource:
    """Models by name."""

    def __init__(self, **models: Paper) -> None:
        self.models = models
        self.gone: set[str] = set()
        """Those that have left the catalogue."""

    def slots(self, name: str) -> int:
        """See Source."""
        return self._model(name).slots

    def needs(self, name: str) -> Needs:
        """See Source."""
        model = self._model(name)
        if model.missing is not None:
            raise model.missing
        return Needs(model.weight_bytes, kv_bytes)

    def stamp(self, name: str) -> str:
        """See Source."""
        return self._model(name).stamp

    def opening(self, name: str) -> Opening | VectorOpening:
        """See Source."""
        model = self._model(name)
        model.openings += 1
        return _embedder(model) if model.vectors else _engine(model)

    def speech(self, name: str, prompted: Prompted) -> PaperSpeech:
        """See Source."""
        self._model(name)
        return PaperSpeech(prompted)

    def _model(self, name: str) -> Paper:
        if name in self.gone or name not in self.models:
            raise Missing(f"there is no {name}")
        return self.models[name]


def _engine(model: Paper) -> Opening:
    yield from _slices(model)
    weight_bytes = model.weight_bytes + model.more_bytes
    engine = PaperEngine(weight_bytes, model.slots, held=model.held)
    engine.stamp = model.stamp
    model.engines.append(engine)
    return engine


def _embedder(model: Paper) -> VectorOpening:
    yield from _slices(model)
    model.embedders.append(PaperVectors(model.weight_bytes + model.more_bytes))
    return model.embedders[-1]


def _slices(model: Paper) -> Generator[float, None, None]:
    try:
        for number in range(model.slices):
            model.reached.set()
            if model.gate is not None:
                model.gate.acquire(timeout=HELD_S)
            if number == 1 and model.broken:
                raise ValueError(model.broken)
            yield number / model.slices
    except GeneratorExit:
        model.given_up += 1
        raise
