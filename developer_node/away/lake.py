"""Questions to the lake, answered by this laptop where the Dragon does not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from common.clock import Clock
from common.errors import Missing, Unavailable
from common.model.answer import Away, AwaySource, Freshness
from common.model.event import Event
from common.model.failure import Failure, Recollection
from common.model.ids import ContentHash, EventId
from common.model.lake import HistoryPage, HistoryQuery, LakeStats, SearchQuery, SearchResult
from developer_node.away.label import label
from developer_node.away.places import Places
from developer_node.away.ports import Lake, Mirror, Waiting
from developer_node.away.presence import Absent, Presence
from developer_node.away.searching import Files
from developer_node.away.verdicts import Verdicts
from developer_node.revising import judged

NO_MIRROR = "This laptop has not yet been told what the Dragon remembers."


class NearLake:
    """The Dragon's lake while it is there; the mirror and the files here while it is not."""

    def __init__(
        self,
        dragon: Lake,
        presence: Presence,
        mirror: Mirror,
        files: Files,
        places: Places,
        verdicts: Verdicts,
        outbox: Waiting,
        clock: Clock,
        unmirrored: Callable[[], Awaitable[tuple[str, ...]]],
    ) -> None:
        """`unmirrored` says in sentences of what the mirror is not told."""
        self._dragon = dragon
        self._presence = presence
        self._mirror = mirror
        self._files = files
        self._places = places
        self._verdicts = verdicts
        self._outbox = outbox
        self._clock = clock
        self.unmirrored = unmirrored

    async def search(self, query: SearchQuery) -> SearchResult:
        """Places in code, from the files here while it is away."""
        try:
            found = await self._presence.ask(lambda: self._dragon.search(query))
        except Absent:
            here = await self._files.search(query)
            return replace(here, freshness=await self.labelled(here.freshness, "files"))
        self._places.note(found.hits)
        return found

    async def history(self, query: HistoryQuery) -> HistoryPage:
        """Events, newest first."""
        try:
            return await self._presence.ask(lambda: self._dragon.history(query))
        except Absent as error:
            self._need_mirror(error)
            page = await self._mirror.history(query)
            return replace(page, freshness=await self.labelled(page.freshness, "mirror"))

    async def event(self, event_id: EventId) -> tuple[Event, str]:
        """One event, without its output while the Dragon is away."""
        try:
            return await self._presence.ask(lambda: self._dragon.event(event_id))
        except Absent as error:
            found = await self._mirror.event(event_id)
            if found is None:
                raise _not_here(error, f"this laptop's mirror has no event {event_id}") from error
            return found

    async def blob(self, content: ContentHash) -> bytes:
        """Content as indexed; while the Dragon is away, only what a file here still says."""
        try:
            return await self._presence.ask(lambda: self._dragon.blob(content))
        except Absent as error:
            found = await self._files.blob(content)
            if found is None:
                why = f"no watched file here says now what {content} said"
                raise _not_here(error, why) from error
            return found

    async def stats(self) -> LakeStats:
        """Always asked: nobody else knows. Its answer is a sign of life."""
        found = await self._dragon.stats()
        self._presence.heard()
        return found

    async def recall(
        self,
        *,
        last: bool = False,
        fingerprint: str = "",
        failure: Failure | None = None,
        text: str = "",
    ) -> Recollection:
        """What is remembered; verdicts that wait here are already in it."""
        try:
            found = await self._presence.ask(
                lambda: self._dragon.recall(
                    last=last, fingerprint=fingerprint, failure=failure, text=text
                )
            )
        except Absent as error:
            self._need_mirror(error)
            found = await self._mirror.recall(
                last=last, fingerprint=fingerprint, failure=failure, text=text
            )
            found = replace(found, freshness=await self.labelled(found.freshness, "mirror"))
        for waiting in self._verdicts.waiting:
            found = judged(found, waiting.remedy_id, waiting.verdict, None)
        return found

    async def labelled(self, fresh: Freshness, source: AwaySource, model: str = "") -> Freshness:
        """Says that an answer was made here. The outbox's waiting records are in the label."""
        fresh = replace(fresh, away=await self.away(source, model=model))
        if source != "mirror":
            return fresh
        return replace(fresh, not_asked=(*fresh.not_asked, *await self.unmirrored()))

    async def away(self, source: AwaySource, *, as_of_ms: int = 0, model: str = "") -> Away:
        """The label of an answer that is given now."""
        return label(
            source,
            absence=self._presence.absence,
            as_of_ms=as_of_ms or (self._mirror.as_of_ms if source == "mirror" else 0),
            waiting=(await self._outbox.status()).waiting,
            clock=self._clock,
            model=model,
        )

    def _need_mirror(self, error: Absent) -> None:
        """An empty mirror has no answer: "none" would be a guess."""
        if not self._mirror.as_of_ms:
            raise Unavailable(f"{error.message}. {NO_MIRROR}", hint=error.hint) from error


def _not_here(error: Absent, why: str) -> Unavailable | Missing:
    return Unavailable(f"{error.message}, and {why}", hint=error.hint)
