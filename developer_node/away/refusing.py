"""What only the Dragon can do, refused in words while it is away, and soon."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from common.errors import Unavailable
from common.model.remedy import CardStats, RemedyMaterial
from developer_node.away.label import short
from developer_node.away.presence import Absent, Presence

T = TypeVar("T")

HINT = "Recording goes on here. Start the Dragon with: postdevai up"


class Desk(Protocol):
    """What the Dragon does with cards and remedies besides answering."""

    async def snooze(self, suggestion_id: str, until_ms: int) -> None: ...
    async def card_stats(self, project: str = "") -> tuple[CardStats, ...]: ...
    async def quiet(self, project: str, quiet: bool) -> None: ...
    async def material(self, remedy_id: str) -> RemedyMaterial: ...


class NearDesk:
    """The Dragon's desk; nobody waits before it while the Dragon is away."""

    def __init__(self, dragon: Desk, presence: Presence) -> None:
        self._dragon = dragon
        self._presence = presence

    async def snooze(self, suggestion_id: str, until_ms: int) -> None:
        """No card for the same symptom until then."""
        await self._ask("put off a card", lambda: self._dragon.snooze(suggestion_id, until_ms))

    async def card_stats(self, project: str = "") -> tuple[CardStats, ...]:
        """How cards were taken."""
        return await self._ask("count cards", lambda: self._dragon.card_stats(project))

    async def quiet(self, project: str, quiet: bool) -> None:
        """The owner's word on a project's cards."""
        await self._ask("silence a project", lambda: self._dragon.quiet(project, quiet))

    async def material(self, remedy_id: str) -> RemedyMaterial:
        """What is needed to try a remedy again."""
        return await self._ask("say what a remedy is", lambda: self._dragon.material(remedy_id))

    async def _ask(self, what: str, call: Callable[[], Awaitable[T]]) -> T:
        try:
            return await self._presence.ask(call)
        except Absent as error:
            who = short(self._presence.state)
            raise Unavailable(f"{who}, and only it can {what}", hint=HINT) from error
