"""How much goes into one slice, learned from how long the last ones took."""

from __future__ import annotations

CHARS_FIRST = 4_096
CHARS_MIN = 512
CHARS_MAX = 65_536
SLICE_S = 0.1
"""What a question, and whoever is being answered, may wait for a slice of texts."""


class Pace:
    """Characters a slice, each text as long as the longest. One text may be longer than that."""

    def __init__(self, chars: int = CHARS_FIRST) -> None:
        self.chars = chars

    def learn(self, chars: int, seconds: float) -> None:
        """A slice of so many took so long. Slow ones shrink the next and fast ones that were half
        full let it grow, at most twofold: one that had to load a model says little."""
        aim = int(chars * SLICE_S / max(seconds, 1e-6))
        if seconds > SLICE_S:
            self.chars = max(CHARS_MIN, aim, self.chars // 2)
        elif 2 * chars >= self.chars:
            self.chars = min(CHARS_MAX, max(aim, self.chars), self.chars * 2)
