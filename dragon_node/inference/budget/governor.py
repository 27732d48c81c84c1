"""Holds the ledger: the one place that knows who has the machine's memory."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Self

from common.clock import Clock, SystemClock
from dragon_node.inference.budget import sentences
from dragon_node.inference.budget.ledger import Decision, Ledger, Resident, Want
from dragon_node.inference.budget.machine import Machine, reserve_of
from dragon_node.inference.budget.plan import decide

MIN_RESIDENCY_S = 60.0
"""Two models that are asked for in turn would load and unload each other without it."""


class Governor:
    """Thread-safe. It counts and decides; the scheduler loads, trims and unloads."""

    def __init__(
        self,
        memory_bytes: int,
        lake_bytes: int,
        *,
        reserve_bytes: int,
        clock: Clock | None = None,
        min_residency_s: float = MIN_RESIDENCY_S,
        lake_yields: bool = True,
    ) -> None:
        """`clock.monotonic()` is the clock of the residents' times; `lake_yields` as in Ledger."""
        self._lock = threading.Lock()
        self._clock = clock or SystemClock()
        self._min_residency_s = min_residency_s
        self._ledger = Ledger(memory_bytes, lake_bytes, reserve_bytes, lake_yields=lake_yields)

    @classmethod
    def of(cls, machine: Machine, lake_bytes: int, *, clock: Clock | None = None) -> Self:
        """For all that a machine has, beside a lake of this size."""
        return cls(
            machine.plan_bytes(lake_bytes),
            lake_bytes,
            reserve_bytes=reserve_of(machine.memory_bytes),
            clock=clock,
            lake_yields=machine.lake_yields(lake_bytes),
        )

    @property
    def ledger(self) -> Ledger:
        """As of now."""
        return self._ledger

    def now_s(self) -> float:
        """On the clock of the residents' times."""
        return self._clock.monotonic()

    def ask(self, want: Want) -> Decision:
        """What to do for a request. Nothing is taken by asking: obey, then `put`."""
        return decide(self._ledger, want, self.now_s(), min_residency_s=self._min_residency_s)

    def put(self, resident: Resident) -> None:
        """What a model has from now on."""
        with self._lock:
            self._ledger = self._ledger.having(resident)

    def drop(self, name: str) -> None:
        """A model is out of memory; nothing happens when it was not there."""
        with self._lock:
            self._ledger = self._ledger.without(name)

    def set_embedder(self, embedder_bytes: int) -> None:
        """An embedder that is not on MLX takes so much. That is a fact, not a wish: when it is too
        much, the next that asks makes room first. Say it before models are loaded."""
        with self._lock:
            self._ledger = replace(self._ledger, embedder_bytes=embedder_bytes)

    def sentence(self) -> str:
        """The sum, for people."""
        return sentences.sum_of(self._ledger)
