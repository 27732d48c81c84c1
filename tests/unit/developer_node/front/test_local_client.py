"""The client of the local API, against a real server on a real socket."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest

from common.daemon.home import Home, Ready
from common.daemon.locks import only_instance
from common.errors import Denied, Missing, OverLimit, Unavailable
from common.model.answer import AskEnd, AskPart, AskPassages, AskRequest
from common.model.event import Event, FileChanged
from common.model.ids import ContentHash, EventId, WorkingCopyId
from common.model.laptop import FeedItem, FeedState, LaptopStatus, OutboxStatus
from common.model.node import Invitation
from developer_node.front.door import Door
from developer_node.front.local_client import LocalClient
from tests.support.local_api import TOKEN, Script, serve


@pytest.fixture
async def script(tmp_path: Path) -> AsyncGenerator[Script]:
    async with serve(tmp_path / "home", Script(), os.getpid()) as made:
        yield made


@pytest.fixture
async def client(tmp_path: Path, script: Script) -> AsyncGenerator[LocalClient]:
    async with await LocalClient.connect(Home(tmp_path / "home")) as connected:
        yield connected


async def test_status_comes_back_as_it_was_said(client: LocalClient, script: Script) -> None:
    script.status = LaptopStatus(outbox=OutboxStatus(waiting=3), dragon_unavailable="gone")
    assert await client.status() == script.status


async def test_the_feed_goes_on_from_the_cursor_that_the_caller_has(
    client: LocalClient, script: Script
) -> None:
    event = Event(EventId("e" * 32), 1, WorkingCopyId(""), FileChanged("a.py"))
    items = (FeedItem(1, event), FeedItem(2, FeedState(True, False, 7, "alone")))
    script.feed = items
    assert [item async for item in client.feed()] == list(items)
    assert [item async for item in client.feed(after=1)] == [items[1]]


async def test_one_event_whole_feedback_and_a_code(client: LocalClient, script: Script) -> None:
    event = Event(EventId("e" * 32), 1, WorkingCopyId("w"), FileChanged("a.py"))
    script.events[event.id] = (event, "thing")
    assert await client.event(event.id) == (event, "thing")
    await client.feedback("r1", "rejected")
    assert script.asked[-1] == ("r1", "rejected")
    assert await client.invite("tool") == Invitation("pd1.code", 1_772_546_700_000)


async def test_a_large_blob_comes_whole(client: LocalClient, script: Script) -> None:
    data = bytes(range(256)) * 4096
    script.blobs["b" * 32] = data
    assert await client.blob(ContentHash("b" * 32)) == data


async def test_a_refusal_keeps_its_kind_its_sentence_and_its_hint(
    client: LocalClient, script: Script
) -> None:
    script.refusal = OverLimit("9 of 9 MB are used", hint="Forget something.")
    with pytest.raises(OverLimit) as refused:
        await client.nodes()
    assert (refused.value.message, refused.value.hint) == (
        "9 of 9 MB are used",
        "Forget something.",
    )


async def test_a_missing_blob_is_missing(client: LocalClient) -> None:
    with pytest.raises(Missing):
        await client.blob(ContentHash("f" * 32))


async def test_closing_an_answer_cancels_it_at_the_other_end(
    client: LocalClient, script: Script
) -> None:
    ended = asyncio.Event()

    async def answer(asked: AskRequest) -> AsyncIterator[AskPart]:
        try:
            yield AskPassages()
            await asyncio.Event().wait()
            yield AskEnd()
        finally:
            ended.set()

    script.answer = answer
    parts = client.ask(AskRequest("where?"))
    assert await anext(parts) == AskPassages()
    await parts.aclose()  # pyright: ignore[reportAttributeAccessIssue]
    await asyncio.wait_for(ended.wait(), 10)


async def test_a_daemon_that_stops_ends_the_feed_as_unavailable_with_a_hint(tmp_path: Path) -> None:
    waiting = asyncio.Event()

    async def answer(asked: AskRequest) -> AsyncIterator[AskPart]:
        yield AskPassages()
        waiting.set()
        await asyncio.Event().wait()

    async def listen(client: LocalClient) -> None:
        async for _ in client.ask(AskRequest("where?")):
            pass

    home = Home(tmp_path / "home")
    async with serve(home.root, Script(answer=answer), os.getpid()):
        client = await LocalClient.connect(home)
        listening = asyncio.create_task(listen(client))
        await asyncio.wait_for(waiting.wait(), 10)
    with pytest.raises(Unavailable) as gone:
        await listening
    assert "postdevai up" in gone.value.hint
    await client.close()


async def test_without_a_daemon_there_is_a_hint(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as absent:
        await LocalClient.connect(Home(tmp_path))
    assert "postdevai up" in absent.value.hint


async def test_a_daemon_that_holds_its_lock_and_does_not_answer_is_unavailable(
    tmp_path: Path,
) -> None:
    home = Home.from_env(str(tmp_path / "home"))
    token = home.directory("developer") / "token"
    token.touch(0o600)
    extra = {"socket": str(home.runtime_directory() / "s"), "token_file": str(token)}
    with only_instance(home.lock_path("developer"), "developer"):
        home.write_ready(Ready("developer", os.getpid(), "", 1, "0", extra))
        with pytest.raises(Unavailable, match="does not answer within"):
            await LocalClient.connect(home, timeout=0.2)


async def test_a_wrong_token_is_denied(tmp_path: Path, script: Script) -> None:
    ready = Home(tmp_path / "home").ready("developer")
    assert ready is not None
    stranger = await LocalClient.open(Door(Path(ready.extra["socket"]), TOKEN + "x"))
    with pytest.raises(Denied):
        await stranger.status()
    assert script.asked == []
    await stranger.close()
