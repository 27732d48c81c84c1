"""Cards that a person put off on one laptop are not shown by the others either."""

from __future__ import annotations

from typing import Protocol

from common.model.remedy import CardStats
from developer_node.shared.replica import Replica


class Reception(Protocol):
    """The Dragon's count of cards."""

    async def snooze(self, suggestion_id: str, until_ms: int) -> None: ...
    async def card_stats(self, project: str = "") -> tuple[CardStats, ...]: ...
    async def quiet(self, project: str, quiet: bool) -> None: ...


class SharedReception:
    """The Dragon is told, and then the owner's other laptops."""

    def __init__(self, dragon: Reception, replica: Replica) -> None:
        self._dragon = dragon
        self._replica = replica

    async def snooze(self, suggestion_id: str, until_ms: int) -> None:
        """Puts a card off, everywhere."""
        await self._dragon.snooze(suggestion_id, until_ms)
        await self._replica.see(suggestion_id)

    async def card_stats(self, project: str = "") -> tuple[CardStats, ...]:
        """As the Dragon counts."""
        return await self._dragon.card_stats(project)

    async def quiet(self, project: str, quiet: bool) -> None:
        """The owner's word on a project's cards."""
        await self._dragon.quiet(project, quiet)
