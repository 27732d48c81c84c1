"""How many tokens of new prompts a step reads: those who speak must not stutter."""

from __future__ import annotations

from dataclasses import dataclass, field

from dragon_node.inference.engines.engine import Stepped

PAUSE_S = 0.1
"""What reading a prompt may add to a step while somebody speaks."""
ALONE_S = 1.0
"""The same while nobody does: what a cancel waits for at most."""
TOKENS_MIN = 64
"""Fewer a step waste the machine: reading 64 takes hardly longer than reading 16."""
ALONE_TOKENS_MIN = 512
TOKENS_MAX = 2_048
WEIGHT = 0.3
"""Of the newest measurement in the running mean."""


@dataclass(slots=True)
class Pace:
    """Of one model, from what its steps took."""

    fixed_tokens: int = 0
    """A step reads so many whatever happens; 0 for what was measured."""
    _tokens_per_s: float = field(default=0.0, init=False)
    _decode_s: float = field(default=0.0, init=False)

    def prompt_tokens(self, *, speaking: bool) -> int:
        """For the next step."""
        if self.fixed_tokens:
            return self.fixed_tokens
        if speaking:
            return _between(TOKENS_MIN, self._tokens_per_s * PAUSE_S)
        return _between(ALONE_TOKENS_MIN, self._tokens_per_s * ALONE_S)

    def saw(self, stepped: Stepped, seconds: float) -> None:
        """What a step did in so long."""
        if stepped.prompt_tokens == 0:
            if stepped.width:
                self._decode_s = _mean(self._decode_s, seconds)
            return
        decode_s = self._decode_s if stepped.width else 0.0
        # A step that seems to have read in no time at all says nothing about reading.
        reading_s = max(seconds - decode_s, seconds / 10, 1e-6)
        self._tokens_per_s = _mean(self._tokens_per_s, stepped.prompt_tokens / reading_s)


def _mean(before: float, now: float) -> float:
    return now if before == 0 else before + WEIGHT * (now - before)


def _between(least: int, tokens: float) -> int:
    return int(min(TOKENS_MAX, max(least, tokens)))
