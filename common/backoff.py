"""How long to wait before trying again: twice as long each time, with some chance in it."""

from __future__ import annotations

import random


class Backoff:
    """Grows from `first_s` to `most_s`; `reset` after a success."""

    def __init__(self, first_s: float = 0.1, most_s: float = 3.0) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._next_s = first_s

    def next_s(self) -> float:
        """Seconds to wait now, between half and all of the current step."""
        step_s = self._next_s
        self._next_s = min(self._most_s, step_s * 2)
        return step_s * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """It worked: begin small again."""
        self._next_s = self._first_s
