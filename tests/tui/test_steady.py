"""A connection that breaks under a call is a sentence on the screen, never the end of the app."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from common.daemon.home import Home
from common.errors import Unavailable
from common.model.answer import AskPart, AskRequest, AskText
from common.model.laptop import WorkContext
from developer_node.front.local_client import LocalClient
from developer_node.front.tui.feed_reader import FeedReader
from developer_node.front.tui.steady import steadily, steady
from developer_node.front.tui.widgets.row_list import RowList
from tests.support.local_api import Script, serve
from tests.support.scripted_daemon import ScriptedDaemon
from tests.support.tui_scenes import WELL, app_of, settled, until


async def _broken() -> WorkContext:
    raise asyncio.CancelledError


async def _broken_parts() -> AsyncGenerator[int]:
    yield 1
    raise asyncio.CancelledError


async def test_a_call_that_breaks_is_a_refusal() -> None:
    """Nobody cancelled the task that waits."""
    with pytest.raises(Unavailable, match="broke"):
        await steady(_broken())


async def test_parts_that_break_are_a_refusal_after_what_came() -> None:
    """What came before stays."""
    came: list[int] = []
    with pytest.raises(Unavailable, match="broke"):
        async for part in steadily(_broken_parts()):
            came.append(part)
    assert came == [1]


async def test_a_task_that_is_cancelled_is_cancelled() -> None:
    """The control case: who leaves does not get a refusal."""
    task = asyncio.create_task(steady(asyncio.Event().wait()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_channel_closed_under_a_call_is_a_refusal(tmp_path: Path) -> None:
    """The real one, over a socket: gRPC itself says CancelledError here."""

    arrived = asyncio.Event()

    async def never(_: AskRequest) -> AsyncGenerator[AskPart]:
        arrived.set()
        await asyncio.Event().wait()
        yield AskText("")

    script = Script(answer=never)
    async with serve(tmp_path / "home", script, 1):
        client = await LocalClient.connect(Home.from_env(str(tmp_path / "home")))
        waiting = asyncio.ensure_future(anext(aiter(client.ask(AskRequest("what")))))
        await arrived.wait()
        await client.close()
        with pytest.raises(Unavailable, match="broke"):
            await waiting


class Breaking(ScriptedDaemon):
    """Its connection breaks under every question about the context."""

    async def context(self, working_copy: str = "") -> WorkContext:
        raise asyncio.CancelledError


class Asking(RowList):
    """Awaits the daemon in a message handler, as no screen should."""

    reader: FeedReader
    refused = ""

    async def on_key(self) -> None:
        try:
            await self.reader.context()
        except Unavailable as error:
            self.refused = error.message


async def test_the_app_goes_on_when_a_connection_breaks_in_a_handler() -> None:
    """Textual would end it with 0, as if the person had left."""
    app = app_of(Breaking(status=WELL))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        asking = Asking("asking")
        asking.reader = app._reader
        await app.screen.mount(asking)
        asking.focus()
        await pilot.press("x")
        await until(pilot, lambda: asking.refused)
        assert app.is_running
        await pilot.press("3")
        await until(pilot, lambda: app.current_mode == "failures")
