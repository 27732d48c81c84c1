"""One question to the assistant of one Dragon: the one that has the project, or this laptop's."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import replace
from itertools import chain
from typing import TypeVar

from common.clients.assistant import AssistantClient
from common.clients.lake import LakeClient
from common.errors import Missing
from common.model.answer import AskPart, AskPassages, AskRequest
from common.model.failure import Verdict
from common.model.remedy import CardStats, RemedyMaterial
from common.rpc.routed import Routed
from developer_node.several.dragons import Dragons, name

T = TypeVar("T")


class Assistants(AssistantClient):
    """Cards, remedies and what else belongs to a record are at the Dragon that has it: the home
    Dragon is asked first, and then the others.

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

    async def feedback(self, remedy_id: str, verdict: Verdict) -> None:
        """What the person thought of a remedy; Missing when no Dragon has it."""
        home = super().feedback
        await self._knowing(home(remedy_id, verdict), lambda a: a.feedback(remedy_id, verdict))

    async def snooze(self, suggestion_id: str, until_ms: int) -> None:
        """No card for the same symptom until then; Missing when no Dragon has that card."""
        home = super().snooze
        await self._knowing(
            home(suggestion_id, until_ms), lambda a: a.snooze(suggestion_id, until_ms)
        )

    async def quiet(self, project: str, quiet: bool) -> None:
        """The owner's word on a project's cards; Missing when no Dragon has the project."""
        home = super().quiet
        await self._knowing(home(project, quiet), lambda a: a.quiet(project, quiet))

    async def material(self, remedy_id: str) -> RemedyMaterial:
        """What is needed to try a remedy again; Missing says what was not recorded."""
        home = super().material
        return await self._knowing(home(remedy_id), lambda a: a.material(remedy_id))

    async def card_stats(self, project: str = "") -> tuple[CardStats, ...]:
        """How cards were taken, of one project or of all, at every Dragon."""
        if not await self._dragons.are_several():
            return await super().card_stats(project)
        said = await self._dragons.ask(self._to, lambda each: each.card_stats(project))
        return tuple(chain.from_iterable(each for _, each in said.given))

    async def _knowing(
        self, home: Awaitable[T], question: Callable[[AssistantClient], Awaitable[T]]
    ) -> T:
        """The answer of the first Dragon that knows what is meant, the home Dragon before others;
        else what that one said."""
        try:
            return await home
        except Missing:
            at = await self._home_now()
            for other in await self._dragons.serving():
                if other != at:
                    with suppress(Missing):
                        return await question(self._to(other))
            raise

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
