"""An engine without a model: it moves only when a test lets it."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from common.errors import Invalid
from common.model.llm import ChatMessage
from dragon_node.inference.engines.batched import Step


class SteppedEngine:
    """Says `word0 word1 ...` for each message `word`, one word a permitted step."""

    bytes = 1_000

    def __init__(self) -> None:
        self.permits = threading.Semaphore(0)
        self.slots: dict[int, tuple[str, int, int]] = {}
        self.batches: list[int] = []
        """How many requests each step worked on."""
        self.removed: list[int] = []
        self.inserted: list[str] = []
        self.threads: set[str] = set()
        self.stepping = threading.Event()
        """Set when the first step begins."""
        self.rested = threading.Event()
        """Set when nothing was left to do."""
        self.closed = False
        self.fault: Exception | None = None
        self.insert_fault: Exception | None = None

    def insert(
        self, messages: Sequence[ChatMessage], max_tokens: int, temperature: float
    ) -> tuple[int, int]:
        """A slot for each, numbered in order."""
        self._called()
        if self.insert_fault is not None:
            raise self.insert_fault
        word = messages[0].content
        if word == "too long":
            raise Invalid("it is too long", field="messages")
        self.inserted.append(word)
        slot = len(self.inserted)
        self.slots[slot] = (word, 0, max_tokens)
        return slot, 7

    def step(self) -> list[Step]:
        """Waits for its permit, then one word for everyone."""
        self._called()
        self.stepping.set()
        self.permits.acquire()
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        self.batches.append(len(self.slots))
        steps: list[Step] = []
        for slot, (word, made, most) in list(self.slots.items()):
            last = made + 1 == most
            steps.append(Step(slot, f"{word}{made} ", "length" if last else "", made + 1))
            if last:
                del self.slots[slot]
            else:
                self.slots[slot] = (word, made + 1, most)
        return steps

    def remove(self, slot: int) -> None:
        """Frees the slot."""
        self._called()
        self.removed.append(slot)
        del self.slots[slot]

    def rest(self) -> None:
        """Noted."""
        self._called()
        self.rested.set()

    def close(self) -> None:
        """Noted."""
        self._called()
        self.closed = True

    def _called(self) -> None:
        self.threads.add(threading.current_thread().name)
