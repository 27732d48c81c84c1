"""How many calls are carried at a time: for each caller, and to each node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from common.errors import OverLimit


@dataclass(frozen=True, slots=True)
class Most:
    """Calls at a time."""

    of_caller: int = 64
    to_target: int = 256


class Turns:
    """The calls that are being carried now."""

    def __init__(self, most: Most) -> None:
        self._most = most
        self._of: Counter[str] = Counter()
        self._to: Counter[str] = Counter()

    @contextmanager
    def taken(self, caller: str, target: str) -> Generator[None]:
        """For as long as the call runs; OverLimit, with the number, when there are too many."""
        if self._of[caller] >= self._most.of_caller:
            raise OverLimit(
                f"{self._most.of_caller} calls of this caller are relayed already",
                hint="wait until one has ended",
            )
        if self._to[target] >= self._most.to_target:
            raise OverLimit(
                f"{self._most.to_target} calls are relayed to that node already",
                hint="wait until one has ended",
            )
        self._of[caller] += 1
        self._to[target] += 1
        try:
            yield
        finally:
            _less(self._of, caller)
            _less(self._to, target)

    def now(self) -> int:
        """How many are carried."""
        return sum(self._of.values())


def _less(count: Counter[str], name: str) -> None:
    count[name] -= 1
    if not count[name]:
        del count[name]
