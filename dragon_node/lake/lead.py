"""Whether a lake decides for itself, or copies another Dragon's journal and decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from common.errors import Unavailable
from common.model.lake import FOLLOWS


async def _alone(lsn: int) -> None:
    """Nobody follows."""


class Lead:
    """A lake that nobody told otherwise leads, and has no followers to wait for."""

    def __init__(self, following: str = "") -> None:
        self.agreed: Callable[[int], Awaitable[None]] = _alone
        """Returns once every follower that could take this one's place has a record."""
        self._following = following
        self._leads = asyncio.Event()
        if not following:
            self._leads.set()

    @property
    def following(self) -> str:
        """The Dragon whose journal is copied; empty for a lake that leads."""
        return self._following

    def begin(self) -> None:
        """It follows no more, and decides from now on."""
        self._following = ""
        self._leads.set()

    def stand_aside(self, leader: str) -> None:
        """Another one leads now: nothing is taken in any more."""
        self._following = leader
        self._leads.clear()

    async def until_leading(self) -> None:
        """Returns at once for a lake that leads."""
        await self._leads.wait()

    def check(self) -> None:
        """Unavailable, so that whoever asks goes to the one that leads."""
        if self._following:
            raise Unavailable(
                f"this Dragon follows {self._following} and takes nothing in itself",
                hint="It leads when that one is gone. Look at: postdevai nodes",
                field=FOLLOWS,
            )
