"""Failures and indexed files as resources, prompts, and what agents are told of unasked."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.client.subscriptions import ResourcesListChanged, ResourceUpdated, ServerEvent
from mcp.shared.exceptions import MCPError
from mcp_types import (
    LoggingMessageNotificationParams,
    ResourceListChangedNotification,
    ResourceUpdatedNotification,
)

from common.errors import Unavailable
from common.model.event import CommandFinished, Event
from common.model.failure import Failure, Recollection, Suggestion
from common.model.ids import ContentHash, EventId, Fingerprint, WorkingCopyId
from common.model.lake import HistoryEntry
from common.model.laptop import FeedGap, FeedItem
from tests.support.local_api import FRESH, Script

LIMIT_S = 60
SAME = Fingerprint("f" * 32)
URI = f"postdevai://failure/{SAME}"
OTHER = Failure("ruff", "F401", "lint", "m", "m", fingerprint=Fingerprint("a" * 32))
OTHER_URI = f"postdevai://failure/{OTHER.fingerprint}"
FAILURE = Failure("pytest", "KeyError", "test", "KeyError: 'a'", "KeyError: S", "t", (), SAME)
BLOB = ContentHash("0123456789abcdef" * 2)
pytestmark = pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning")
REVISIONS = pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])


def failed(at_ms: int, *failures: Failure) -> Event:
    body = CommandFinished("pytest -q", "/code/thing", (1,), 5, failures=failures or (FAILURE,))
    return Event(EventId(f"e{at_ms}"), at_ms, WorkingCopyId("w"), body)


def later() -> int:
    """After any server of this test began."""
    return int(time.time() * 1_000) + 3_600_000


def card(at_ms: int) -> Suggestion:
    return Suggestion("s", 1, at_ms, EventId("e"), "thing", "why", Recollection("same", FAILURE))


@REVISIONS
async def test_failures_are_listed_once_newest_first_and_read_with_what_is_known(
    script: Script, connects: Any, mode: str
) -> None:
    other = Failure("ruff", "F401", "lint", "unused", "unused", fingerprint=Fingerprint("a" * 32))
    script.entries = (
        HistoryEntry(3, failed(3_000), "thing"),
        HistoryEntry(2, failed(2_000, other), "thing"),
        HistoryEntry(1, failed(1_000), "thing"),
    )
    script.recollection = Recollection("same", FAILURE, note="no remedy yet", freshness=FRESH)
    async with connects(mode) as agent:
        listed = (await agent.list_resources()).resources
        [read] = (await agent.read_resource(URI)).contents
    assert [str(each.uri) for each in listed] == [URI, f"postdevai://failure/{'a' * 32}"]
    assert listed[0].title == "t: KeyError: 'a'"
    assert "no remedy yet" in read.text
    assert "As of thing" in read.text
    assert "postdevai/away" not in read.meta or read.meta["postdevai/away"] is None
    assert read.meta["postdevai/freshness"]["projects"][0]["project"] == "thing"


@REVISIONS
async def test_a_file_is_read_as_it_was_indexed(script: Script, connects: Any, mode: str) -> None:
    script.blobs[BLOB] = b"one\ntwo\nthree\n"
    async with connects(mode) as agent:
        [whole] = (await agent.read_resource(f"postdevai://blob/{BLOB}")).contents
        [lines] = (await agent.read_resource(f"postdevai://blob/{BLOB}?lines=2-3")).contents
        templates = (await agent.list_resource_templates()).resource_templates
    assert whole.text == "one\ntwo\nthree"
    assert lines.text == "two\nthree"
    assert lines.meta["postdevai/first_line"] == 2
    assert [each.name for each in templates] == ["failure", "blob"]


@pytest.mark.parametrize(
    ("uri", "sentence"),
    [
        ("postdevai://blob/" + "e" * 32, "This content is not in the lake"),
        (f"postdevai://blob/{BLOB}?lines=9-9", "line 9 is not among them"),
        ("postdevai://blob/nothing", "does not name a blob"),
        ("file:///etc/passwd", "is no address of a resource here"),
        ("postdevai://failure/" + "0" * 32, "No failure with the fingerprint"),
    ],
)
async def test_what_is_not_there_is_said(
    script: Script, connects: Any, uri: str, sentence: str
) -> None:
    script.blobs[BLOB] = b"one\n"
    script.recollection = Recollection("none", freshness=FRESH)
    async with connects() as agent:
        with pytest.raises(MCPError, match=sentence):
            await agent.read_resource(uri)


async def test_a_list_that_cannot_be_read_is_not_shown_as_an_empty_one(
    script: Script, connects: Any
) -> None:
    script.refusal = Unavailable("the Dragon is away", hint="Look at: postdevai status")
    async with connects() as agent:
        with pytest.raises(MCPError, match="The Dragon is away\nLook at: postdevai status"):
            await agent.list_resources()


async def test_prompts_carry_what_is_known_now(script: Script, connects: Any) -> None:
    script.events["e1000"] = (failed(1_000), "thing")
    script.entries = (HistoryEntry(1, failed(1_000), "thing"),)
    script.recollection = Recollection("same", FAILURE, note="no remedy yet", freshness=FRESH)
    async with connects() as agent:
        listed = (await agent.list_prompts()).prompts
        explain = await agent.get_prompt("explain_failure", {"event": "e1000"})
        left_off = await agent.get_prompt("where_was_i", {"since": "2h"})
        with pytest.raises(MCPError, match="no argument 'of'"):
            await agent.get_prompt("explain_failure", {"of": "x"})
        with pytest.raises(MCPError, match="no prompt 'other'"):
            await agent.get_prompt("other")
        with pytest.raises(MCPError, match="'soon' is not a time"):
            await agent.get_prompt("where_was_i", {"since": "soon"})
    assert [each.name for each in listed] == ["explain_failure", "where_was_i"]
    assert "no remedy yet" in explain.messages[0].content.text
    assert "pytest -q" in left_off.messages[0].content.text
    assert left_off.messages[0].content.text.endswith("As of thing aaaaaaa")


@dataclass
class Heard:
    """What an agent was told unasked."""

    listed: int = 0
    uris: list[str] = field(default_factory=list)

    async def message(self, said: Any) -> None:
        match said:
            case ResourceListChangedNotification():
                self.listed += 1
            case ResourceUpdatedNotification(params=params):
                self.uris.append(str(params.uri))
            case _:
                pass

    def event(self, said: ServerEvent) -> None:
        match said:
            case ResourcesListChanged():
                self.listed += 1
            case ResourceUpdated(uri=uri):
                self.uris.append(uri)
            case _:
                pass

    async def until(self, listed: int, uris: int) -> None:
        await until(lambda: self.listed >= listed and len(self.uris) >= uris)


async def until(holds: Callable[[], object]) -> None:
    with anyio.fail_after(LIMIT_S):
        while not holds():  # noqa: ASYNC110 - plain fields
            await anyio.sleep(0.01)


@asynccontextmanager
async def listening(connects: Any, mode: str) -> AsyncGenerator[Heard]:
    """An agent that wants to hear of one failure, and of the list."""
    heard = Heard()
    if mode == "legacy":
        async with connects(mode, message_handler=heard.message) as agent:
            await agent.session.subscribe_resource(URI)
            yield heard
        return
    async with connects(mode) as agent, anyio.create_task_group() as group:
        began = anyio.Event()
        group.start_soon(_listen, agent, heard, began)
        await began.wait()
        yield heard
        group.cancel_scope.cancel()


async def _listen(agent: Client, heard: Heard, began: anyio.Event) -> None:
    async with agent.listen(resources_list_changed=True, resource_subscriptions=[URI]) as stream:
        began.set()
        async for event in stream:
            heard.event(event)


@REVISIONS
async def test_a_card_is_news_to_who_reads_that_failure(
    script: Script, connects: Any, mode: str
) -> None:
    async with listening(connects, mode) as heard:
        script.feed = (FeedItem(1, card(later()), "epoch"),)
        await heard.until(listed=1, uris=1)
    assert set(heard.uris) == {URI}


async def test_what_failed_before_the_server_began_is_no_news(
    script: Script, connects: Any
) -> None:
    """The control comes after it: when that has been told, the first one was not."""
    script.feed = (
        FeedItem(1, failed(1_000), "e"),
        FeedItem(2, failed(later(), OTHER), "e"),
        FeedItem(3, failed(later()), "e"),
    )
    async with listening(connects, "legacy") as heard:
        await heard.until(listed=1, uris=1)
    assert (heard.listed, heard.uris) == (1, [URI])


async def test_the_same_failure_again_changes_its_resource_and_not_the_list(
    script: Script, connects: Any
) -> None:
    async with listening(connects, "legacy") as heard:
        script.feed = (FeedItem(1, failed(later()), "e"),)
        await heard.until(listed=1, uris=1)
        script.feed = (*script.feed, FeedItem(2, failed(later()), "e"))
        await heard.until(listed=1, uris=2)
    assert heard.listed == 1


async def test_what_was_missed_makes_the_list_new(script: Script, connects: Any) -> None:
    """The control comes after it: what is told of the failure is told of that one."""
    async with listening(connects, "legacy") as heard:
        script.feed = (
            FeedItem(1, FeedGap(-1, "the daemon was started anew"), "e"),
            FeedItem(2, failed(later()), "e"),
        )
        await heard.until(listed=2, uris=1)
    assert (heard.listed, heard.uris) == (2, [URI])


async def test_after_unsubscribing_nothing_more_is_told(script: Script, connects: Any) -> None:
    heard = Heard()
    async with connects("legacy", message_handler=heard.message) as agent:
        await agent.session.subscribe_resource(URI)
        await agent.session.unsubscribe_resource(URI)
        await agent.session.subscribe_resource(OTHER_URI)
        script.feed = (FeedItem(1, failed(later()), "e"), FeedItem(2, failed(later(), OTHER), "e"))
        await heard.until(listed=2, uris=1)
    assert heard.uris == [OTHER_URI]


@pytest.mark.parametrize(("level", "told"), [("debug", True), ("error", False)])
async def test_refusals_are_logged_to_who_wants_them(
    script: Script, connects: Any, level: Any, told: bool
) -> None:
    said: list[LoggingMessageNotificationParams] = []

    async def hear(params: LoggingMessageNotificationParams) -> None:
        said.append(params)

    script.refusal = Unavailable("the Dragon is away", hint="Look at: postdevai status")
    async with connects("legacy", logging_callback=hear) as agent:
        await agent.session.set_logging_level(level)
        await agent.call_tool("freshness", {})
        await agent.session.set_logging_level("debug")
        await agent.call_tool("history_search", {})
        await until(lambda: any(str(each.data).startswith("history_search: ") for each in said))
    why = "The Dragon is away\nLook at: postdevai status"
    assert [each.data for each in said] == [
        f"{tool}: {why}"
        for tool in (("freshness", "history_search") if told else ("history_search",))
    ]


async def test_the_newest_revision_is_told_only_when_the_request_asks_for_it(
    script: Script, connects: Any
) -> None:
    said: list[LoggingMessageNotificationParams] = []

    async def hear(params: LoggingMessageNotificationParams) -> None:
        said.append(params)

    script.refusal = Unavailable("the Dragon is away")
    async with connects("2026-07-28", logging_callback=hear) as silent:
        await silent.call_tool("freshness", {})
    assert said == []
    async with connects("2026-07-28", logging_callback=hear, log_level="info") as agent:
        await agent.call_tool("freshness", {})
        await until(lambda: said)
    assert [each.level for each in said] == ["warning"]
