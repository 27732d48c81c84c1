"""What happens to an event here: into the outbox for its Dragon, and as news to whoever looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from common.model.event import Event, ProofFinished
from developer_node.feed import Feed
from developer_node.outbox.outbox import Outbox
from developer_node.revising import proven
from developer_node.several.placing import Placing
from developer_node.watch.ports import Entry


class Recording:
    """Into the outbox, and what is news into the feed."""

    def __init__(
        self,
        outbox: Outbox,
        placing: Placing,
        feed: Feed,
        listeners: list[Callable[[Event], None]],
    ) -> None:
        self._outbox = outbox
        self._placing = placing
        self._feed = feed
        self.listeners = listeners
        """Told of each event that is news; those who are opened later join them then."""

    async def __call__(
        self,
        entries: Sequence[Entry],
        marks: Mapping[str, str] | None = None,
        *,
        news: bool = True,
    ) -> None:
        async with self._placing.turn:
            places = await self._placing.decide(event for event, _ in entries)
            await self._outbox.append(entries, {**(marks or {}), **places})
        if news:
            for event, _ in entries:
                self._feed.publish(event)
                for each in self.listeners:
                    each(event)
                if isinstance(event.body, ProofFinished):
                    change = partial(
                        proven, finished=event.body, at_ms=event.at_ms, event_id=event.id
                    )
                    self._feed.revise(event.body.remedy_id, change)
