"""What the Coordinator said last, so that a node knows whom to let in while it is away."""

from __future__ import annotations

import asyncio

from common.clients.registry import Word
from common.clients.remembered import Remembered
from common.model.rule_file import RuleFile
from common.rpc import policy
from common.rpc.rules import Rules, in_force

KEEP_WORD_MS = 30_000
"""So old the word on disk may be, where it says the same."""


class LastWord:
    """Ticket keys, denied nodes and rules: in memory, and on disk for the next start."""

    def __init__(self, kept: Remembered) -> None:
        self._kept = kept
        said, heard_ms = kept.word()
        self.said: Word = said
        self.heard_ms: int = heard_ms
        """By the mesh's time; 0 for never."""
        self._rules = policy.shipped()
        self._ruled_by: tuple[RuleFile, ...] = ()
        self._is_unwritten = False
        self._kept_ms = 0

    def hear(self, word: Word, now_ms: int) -> None:
        """It holds from now on."""
        self._is_unwritten = self._is_unwritten or word != self.said
        self.said, self.heard_ms = word, now_ms

    async def keep_when_due(self) -> None:
        """On disk, when it says something else or has not been written for long."""
        if self._is_unwritten or abs(self.heard_ms - self._kept_ms) >= KEEP_WORD_MS:
            await self.keep()

    async def keep(self) -> None:
        """On disk, with the time at which it was heard."""
        self._is_unwritten, self._kept_ms = False, self.heard_ms
        await asyncio.to_thread(self._kept.keep_word, self.said, self.heard_ms)

    def rules(self) -> Rules:
        """Those in force; those that came with this program until others are said."""
        said = self.said.rules
        if said != self._ruled_by:
            self._rules, self._ruled_by = in_force(said), said
        return self._rules
