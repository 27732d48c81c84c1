"""One question to the assistant of one Dragon: the one that has the project, or this laptop's."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace

from common.clients.assistant import AssistantClient
from common.clients.lake import LakeClient
from common.model.answer import AskPart, AskPassages, AskRequest
from common.rpc.routed import Routed
from developer_node.several.dragons import Dragons, name


class Assistants(AssistantClient):
    """Cards, remedies and what else belongs to this laptop's records are the home Dragon's.

    An answer is made by one Dragon from its own lake; which others hold something that is not in
    it, its freshness says.
    """

    def __init__(
        self,
        home: Routed,
        dragons: Dragons,
        to: Callable[[str], AssistantClient],
        lake: Callable[[str], LakeClient],
        home_now: Callable[[], Awaitable[str]],
    ) -> None:
        """`to` and `lake` give those of a Dragon, by its identity; `home_now` names the home."""
        super().__init__(home)
        self._dragons = dragons
        self._to = to
        self._lake = lake
        self._home_now = home_now

    async def ask(self, request: AskRequest) -> AsyncGenerator[AskPart]:
        """Passages, text, end."""
        if not await self._dragons.are_several():
            async with aclosing(super().ask(request)) as parts:
                async for part in parts:
                    yield part
            return
        chosen, silent = await self._choice(request.project)
        async with aclosing(self._to(chosen).ask(request)) as parts:
            async for part in parts:
                if isinstance(part, AskPassages) and silent:
                    fresh = replace(part.freshness, not_asked=(*part.freshness.not_asked, *silent))
                    part = replace(part, freshness=fresh)
                yield part

    async def _choice(self, project: str) -> tuple[str, tuple[str, ...]]:
        """Who is asked, and a sentence for each that may hold something and is not."""
        home = await self._home_now()
        if not project:
            serving = await self._dragons.serving()
            others = [each for each in serving if each != home]
            away = await self._dragons.away(serving)
            return home, (
                *(f"{name(each)} was not asked" for each in others),
                *(f"{name(each)} is away" for each in away),
            )
        said = await self._dragons.ask(self._lake, lambda lake: lake.stats())
        holders = [
            who
            for who, stats in said.given
            if any(project in (kept.id, kept.name) for kept in stats.kept)
        ]
        chosen = home if home in holders or not holders else holders[0]
        others = [each for each in holders if each != chosen]
        return chosen, (*(f"{name(each)} was not asked" for each in others), *said.absent)
