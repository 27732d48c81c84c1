"""The lakes of all Dragons, asked as if they were one; with one Dragon it is simply that one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from common.clients.lake import LakeClient
from common.model.event import Event
from common.model.failure import Failure, Recollection
from common.model.ids import ContentHash, EventId
from common.model.lake import HistoryPage, HistoryQuery, LakeStats, SearchQuery, SearchResult
from common.rpc.routed import Routed
from developer_node.several import merging
from developer_node.several.dragons import Answers, Dragons
from developer_node.several.paging import Pages

T = TypeVar("T")


class Lakes(LakeClient):
    """Records go to the home Dragon alone; questions go to every one, and to the home Dragon
    alone while there is no other."""

    def __init__(self, home: Routed, dragons: Dragons, to: Callable[[str], LakeClient]) -> None:
        """`to` gives the lake of a Dragon, by its identity."""
        super().__init__(home)
        self._dragons = dragons
        self._to = to
        self._pages = Pages()

    async def search(self, query: SearchQuery) -> SearchResult:
        """Places in code; partial when a Dragon did not answer."""
        if not await self._dragons.are_several():
            return await super().search(query)
        said = await self._each(lambda lake: lake.search(query))
        return merging.searched(query, [each for _, each in said.given], said.absent)

    async def history(self, query: HistoryQuery) -> HistoryPage:
        """Events, newest first."""
        if not await self._dragons.are_several():
            return await super().history(query)
        before = self._pages.cursors(query.before_cursor)

        async def page(identity: str) -> HistoryPage:
            mine = replace(query, before_cursor=before.get(identity, 0))
            return await self._to(identity).history(mine)

        said = await self._dragons.ask(lambda identity: identity, page)
        entries = self._pages.merge(said.given, before, query.limit, like=bool(query.like))
        fresh = merging.freshness([each.freshness for _, each in said.given], said.absent)
        return HistoryPage(entries, fresh)

    async def event(self, event_id: EventId) -> tuple[Event, str]:
        """One event whole; Missing when every Dragon says that it has none."""
        if not await self._dragons.are_several():
            return await super().event(event_id)
        return await self._any(lambda lake: lake.event(event_id))

    async def blob(self, content: ContentHash) -> bytes:
        """Content as it was indexed; Missing when every Dragon says that it has none."""
        if not await self._dragons.are_several():
            return await super().blob(content)
        return await self._any(lambda lake: lake.blob(content))

    async def recall(
        self,
        *,
        last: bool = False,
        fingerprint: str = "",
        failure: Failure | None = None,
        text: str = "",
    ) -> Recollection:
        """What is remembered; of the last failures the newest."""
        if not await self._dragons.are_several():
            return await super().recall(
                last=last, fingerprint=fingerprint, failure=failure, text=text
            )
        said = await self._each(
            lambda lake: lake.recall(last=last, fingerprint=fingerprint, failure=failure, text=text)
        )
        found = [each for _, each in said.given]
        if last:
            found = [merging.newest(found)]
        return merging.recalled(found, said.absent)

    async def stats(self) -> LakeStats:
        """Sizes and projects of all together."""
        if not await self._dragons.are_several():
            return await super().stats()
        said = await self._each(lambda lake: lake.stats())
        return merging.counted(said.given, said.absent)

    async def _each(self, question: Callable[[LakeClient], Awaitable[T]]) -> Answers[T]:
        return await self._dragons.ask(self._to, question)

    async def _any(self, question: Callable[[LakeClient], Awaitable[T]]) -> T:
        said = await self._each(question)
        return said.given[0][1]
