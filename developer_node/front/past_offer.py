"""What a first start ends with, once in a HOME: something of the past that can be proven.

HOME/developer/past-offered is there once it was shown, or said that there is none.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import PostDevAIError
from common.model.remedy import MinedFix, MineEnd, MineStep

if TYPE_CHECKING:
    from common.daemon.home import Home


@dataclass(frozen=True, slots=True)
class PastOffer:
    """The mark of one HOME."""

    home: Home

    @property
    def due(self) -> bool:
        """Nobody was told yet."""
        return not self._mark.exists()

    def made(self) -> None:
        """It was shown; the next start says nothing of it."""
        self._mark.touch(mode=0o600)

    @property
    def _mark(self) -> Path:
        return self.home.directory("developer") / "past-offered"


@dataclass(frozen=True, slots=True)
class Offered:
    """The most telling fix, or why there is none."""

    fix: MinedFix | None
    sentence: str


async def look(walk: AsyncGenerator[MineStep]) -> Offered | None:
    """The first fix of a walk; None when the log could not be read now, to be tried again."""
    try:
        async with aclosing(walk) as steps:
            async for step in steps:
                match step.step:
                    case MinedFix() as fix:
                        return Offered(fix, "")
                    case MineEnd(sentence=sentence):
                        return Offered(None, sentence)
                    case _:
                        pass
    except PostDevAIError:
        return None
    return None
