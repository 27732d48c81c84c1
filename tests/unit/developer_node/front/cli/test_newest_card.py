"""Which card is the newest: the one made last, not the one that was shown last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import cast

import pytest

from common.errors import Missing
from common.model.failure import Recollection, Suggestion
from common.model.ids import EventId
from common.model.laptop import FeedItem
from developer_node.front.cli import remedies
from developer_node.front.local_client import LocalClient


class Kept:
    """A feed that keeps these cards and then is silent."""

    def __init__(self, *cursors: int) -> None:
        self._cursors = cursors

    async def feed(self) -> AsyncGenerator[FeedItem]:
        """Without an end."""
        for shown, cursor in enumerate(self._cursors, 1):
            known = Recollection("same")
            card = Suggestion(f"s{cursor}", cursor, 1, EventId("e"), "p", "why", known)
            yield FeedItem(shown, card)
        await asyncio.Event().wait()


async def newest(*cursors: int) -> str:
    client = cast(LocalClient, Kept(*cursors))
    return (await remedies._newest_card(client)).id  # pyright: ignore[reportPrivateUsage]


async def test_a_card_that_is_shown_again_is_no_newer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remedies, "FEED_SILENT_S", 0.05)
    assert await newest(3, 7, 3) == "s7"
    with pytest.raises(Missing, match="No card has come"):
        await newest()
