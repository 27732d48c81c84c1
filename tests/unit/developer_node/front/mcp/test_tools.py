"""Each tool over a real local API: words, data in the promised shape, freshness in both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any

import anyio
import jsonschema
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, TextContent

from common.errors import Unavailable
from common.model.answer import AskEnd, AskPart, AskPassages, AskRequest, AskText, Away, Hit
from common.model.event import CommandFinished, Event, Output
from common.model.failure import Failure, Frame, Occurrence, Recollection, Remedy
from common.model.ids import ContentHash, EventId, Fingerprint, WorkingCopyId
from common.model.lake import HistoryEntry, HistoryQuery, LakeStats, SearchQuery
from common.model.laptop import LaptopStatus, NearStatus, WatchedRepository
from developer_node.front.mcp.server import OFFERS
from tests.support.local_api import FRESH, Script

FAILURE = Failure(
    "pytest",
    "KeyError",
    "test",
    "KeyError: 'region'",
    "KeyError: S",
    "tests/test_price.py::test_price",
    (Frame("shop/price.py", "price", 12, True),),
    Fingerprint("f" * 32),
)
SEEN = Occurrence(EventId("e1"), 1_000, "thing", "/code/thing", "a" * 40, "pytest", "KeyError")
REMEDY = Remedy(
    "r1", "observed", "code", "b" * 40, "bbbbbbb mend the price", "-a\n+b\n", "pytest", "it passed"
)
KNOWN = Recollection("same", FAILURE, (SEEN, SEEN), (REMEDY,), freshness=FRESH)
HIT = Hit(
    "thing",
    "/code/thing",
    "src/retry.py",
    12,
    20,
    "Policy.next",
    "a" * 40,
    ContentHash("0123456789abcdef" * 2),
    True,
    0.5,
    ("words",),
    "def next(self):\n    return 1\n",
)
AWAY = Away("mirror", "The Dragon is away since 14:05; this is the laptop's memory.", 1_000, 3)
LAKE = LakeStats(1, 2, True, "tmpfs", "/lake", 3, 4, freshness=FRESH)
PRINTED = "".join(f"line {number}\n" for number in range(1, 501))
CALLS: dict[str, dict[str, Any]] = {
    "seen_before": {},
    "why_failed": {},
    "history_search": {"text": "pytest"},
    "output_get": {"event": "e1"},
    "code_search": {"query": "retry"},
    "ask": {"question": "where?"},
    "freshness": {},
}


def command(failures: Sequence[Failure] = (FAILURE,), printed: str = PRINTED) -> Event:
    body = CommandFinished(
        "pytest -q", "/code/thing", (1,), 5, Output(printed, len(printed)), None, tuple(failures)
    )
    return Event(EventId("e1"), 1_000, WorkingCopyId("w"), body)


def says(*parts: AskPart) -> Callable[[AskRequest], AsyncIterator[AskPart]]:
    async def answer(asked: AskRequest) -> AsyncIterator[AskPart]:
        for part in parts:
            yield part

    return answer


@pytest.fixture
def full(script: Script) -> Script:
    """A daemon that knows something of everything."""
    script.recollection = KNOWN
    script.events["e1"] = (command(), "thing")
    script.entries = (HistoryEntry(1, command(), "thing"),)
    script.hits = (HIT,)
    watched = WatchedRepository("/code/thing", WorkingCopyId("w"), 3, 0, "watching")
    script.status = LaptopStatus(lake=LAKE, repositories=(watched,))
    passages = AskPassages((HIT,), FRESH, "qwen")
    script.answer = says(
        passages, AskText("In retry [1]."), AskEnd("In retry [1].", (HIT,), "stop")
    )
    return script


class Unreadable(dict[str, tuple[Event, str]]):
    """Events that only the Dragon has."""

    def __missing__(self, key: str) -> tuple[Event, str]:
        raise Unavailable("the Dragon is away")


def text(result: CallToolResult) -> str:
    [only] = result.content
    assert isinstance(only, TextContent)
    return only.text


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_every_tool_is_described_and_looks_without_touching(connects: Any, mode: str) -> None:
    async with connects(mode) as agent:
        tools = (await agent.list_tools()).tools
    assert [tool.name for tool in tools] == list(CALLS)
    for tool in tools:
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint
        assert tool.annotations.destructive_hint is False
        assert tool.description
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        jsonschema.Draft202012Validator.check_schema(tool.output_schema)
        assert tool.output_schema["type"] == "object"
        for argument in tool.input_schema["properties"].values():
            assert argument["description"]
            assert argument["type"] in ("string", "integer")


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
@pytest.mark.parametrize("name", CALLS)
async def test_what_a_tool_says_has_the_promised_shape_and_says_how_fresh_it_is(
    full: Script, connects: Any, mode: str, name: str
) -> None:
    async with connects(mode) as agent:
        result = await agent.call_tool(name, CALLS[name])
    assert not result.is_error, text(result)
    promised = next(offer.promises for offer in OFFERS if offer.name == name)
    jsonschema.validate(result.structured_content, promised)
    assert result.structured_content["freshness"]["projects"][0]["project"] == "thing"
    assert result.structured_content["away"] is None
    assert "As of thing aaaaaaa" in text(result).splitlines()[-1]
    assert text(result).count("As of") == 1
    assert "AWAY" not in text(result)


@pytest.mark.parametrize("name", CALLS)
async def test_an_answer_of_the_laptop_alone_says_so_first(
    full: Script, connects: Any, name: str
) -> None:
    away = replace(FRESH, away=AWAY)
    full.freshness = away
    full.recollection = replace(KNOWN, freshness=away)
    full.status = LaptopStatus(
        dragon_unavailable="nobody answers", near=NearStatus(True, 1, as_of_ms=1_000)
    )
    full.answer = says(AskPassages((HIT,), away, "small"), AskEnd("", (HIT,), "stop"))
    async with connects() as agent:
        result = await agent.call_tool(name, CALLS[name])
    said = result.structured_content["away"]
    assert said["source"] == "mirror"
    assert said["as_of"] == "1970-01-01T00:00:01.000Z"
    assert said["sentence"] in text(result)


async def test_a_text_is_recalled_where_the_agent_works(full: Script, connects: Any) -> None:
    async with connects() as agent:
        result = await agent.call_tool("seen_before", {"text": "KeyError: 'region'"})
    assert ("text", "KeyError: 'region'", "/code/thing") in full.asked
    data = result.structured_content
    assert data["match"] == "same"
    assert data["remedies"][0]["state"] == "observed"
    assert data["uri"] == f"postdevai://failure/{'f' * 32}"
    assert "mend the price" in text(result)


async def test_nothing_known_is_said_and_no_remedy_is_made_up(
    script: Script, connects: Any
) -> None:
    script.recollection = Recollection("none", freshness=FRESH)
    async with connects() as agent:
        seen = await agent.call_tool("seen_before", {"text": "never seen"})
        last = await agent.call_tool("why_failed", {})
    assert seen.structured_content["remedies"] == []
    assert "not seen before" in text(seen)
    assert last.structured_content["failures"] == []
    assert "No failure has been recorded yet" in text(last)


async def test_why_failed_tells_each_failure_of_the_command_and_counts_the_rest(
    full: Script, connects: Any
) -> None:
    many = [replace(FAILURE, test=f"t{n}", fingerprint=Fingerprint(f"{n:032}")) for n in range(5)]
    full.events["e1"] = (command(many), "thing")
    async with connects() as agent:
        result = await agent.call_tool("why_failed", {"event": "e1"})
    recalled = [asked for asked in full.asked if asked[0] == "fingerprint"]
    assert [value for _, value, _ in recalled] == [f"{n:032}" for n in range(3)]
    assert result.structured_content["failures_total"] == 5
    assert "and 2 more failures" in text(result)
    assert "exit 1" in text(result)


async def test_a_command_that_failed_without_a_known_tool_shows_the_end_of_its_output(
    full: Script, connects: Any
) -> None:
    full.events["e1"] = (command(()), "thing")
    async with connects() as agent:
        result = await agent.call_tool("why_failed", {"event": "e1"})
    assert result.structured_content["failures"] == []
    assert result.structured_content["output_end"].endswith("line 500")
    assert "No tool's failure was recognised" in text(result)


async def test_what_the_laptop_remembers_is_told_though_the_event_cannot_be_read(
    full: Script, connects: Any
) -> None:
    full.events = Unreadable()
    async with connects() as agent:
        result = await agent.call_tool("why_failed", {})
        named = await agent.call_tool("why_failed", {"event": "e1"})
    jsonschema.validate(result.structured_content, OFFERS[1].promises)
    assert result.structured_content["command"] == "pytest"
    assert result.structured_content["failures"][0]["remedies"][0]["id"] == "r1"
    assert result.structured_content["exit_code"] is None
    assert named.is_error


async def test_a_passage_that_is_no_code_is_named_by_its_event(full: Script, connects: Any) -> None:
    ran = replace(HIT, kind="event", event=EventId("e9"), blob=ContentHash(""), text="FAILED x")
    full.answer = says(AskPassages((ran,), FRESH, "qwen"), AskEnd("So [1].", (ran,), "stop"))
    async with connects() as agent:
        result = await agent.call_tool("ask", {"question": "why?"})
    assert "[1] event e9" in text(result)
    assert "FAILED x" in text(result)
    assert result.structured_content["citations"][0]["event"] == "e9"
    assert result.structured_content["citations"][0]["uri"] is None


async def test_an_output_is_read_page_by_page(full: Script, connects: Any) -> None:
    async with connects() as agent:
        end = await agent.call_tool("output_get", {"event": "e1"})
        pages: list[str] = []
        at: int | None = 1
        while at is not None:
            page = await agent.call_tool("output_get", {"event": "e1", "from_line": at})
            pages.append(page.structured_content["text"])
            at = page.structured_content["next_line"]
        beyond = await agent.call_tool("output_get", {"event": "e1", "from_line": 501})
    assert "\n".join(pages) + "\n" == PRINTED
    assert len(pages) == 3
    assert end.structured_content["first_line"] == 301
    assert "Lines 301-500 of 500" in text(end)
    assert beyond.is_error
    assert "501 is not among them" in text(beyond)


async def test_a_history_is_searched_as_it_was_asked_for(full: Script, connects: Any) -> None:
    asked = {"text": "pytest", "kind": "command", "project": "thing", "limit": 7}
    async with connects() as agent:
        result = await agent.call_tool("history_search", asked)
        wrong = await agent.call_tool("history_search", {"since": "soon"})
    assert HistoryQuery(7, "command", project="thing", text="pytest") in full.asked
    assert result.structured_content["events"][0]["id"] == "e1"
    assert wrong.is_error
    assert "'soon' is not a time" in text(wrong)
    assert "Write 2h" in text(wrong)


async def test_places_name_the_resource_that_has_their_lines(full: Script, connects: Any) -> None:
    full.complete = False
    async with connects() as agent:
        result = await agent.call_tool("code_search", {"query": "x", "mode": "literal", "k": 1})
        uri = result.structured_content["hits"][0]["uri"]
        full.blobs[HIT.blob] = PRINTED.encode()
        read = await agent.read_resource(uri)
    assert SearchQuery("x", "literal", 1, kind="code") in full.asked
    assert result.structured_content["complete"] is False
    assert "k" in text(result) and "--k" not in text(result)
    assert read.contents[0].text.splitlines() == [f"line {n}" for n in range(12, 21)]


async def test_an_answer_comes_with_its_passages_and_progress_on_the_way(
    full: Script, connects: Any
) -> None:
    long = "word " * 100
    full.answer = says(
        AskPassages((HIT,), FRESH, "qwen", True), AskText(long), AskEnd(long, (HIT,), "length")
    )
    heard: list[tuple[float, str | None]] = []

    async def hear(done: float, total: float | None, said: str | None) -> None:
        heard.append((done, said))

    async with connects() as agent:
        result = await agent.call_tool("ask", {"question": "why?"}, progress_callback=hear)
        with anyio.fail_after(60):
            while len(heard) < 3:  # noqa: ASYNC110 - a list tells nobody
                await anyio.sleep(0.01)
    data = result.structured_content
    assert data["citations"][0]["path"] == "src/retry.py"
    assert data["passages"][0]["text"].startswith("def next")
    assert data["demonstration"] is True
    assert text(result).startswith("qwen is a demonstration model: trust the passages")
    assert text(result).count("word") < 100
    assert "def next(self):" in text(result)
    assert "Cut at the limit of tokens" in text(result)
    assert [done for done, _ in heard] == [1, 2, 3]
    assert "1 passage found" in [said for _, said in heard]
    assert "500 characters written" in [said for _, said in heard]


async def test_an_answer_that_breaks_off_is_no_answer(full: Script, connects: Any) -> None:
    full.answer = says(AskPassages((HIT,), FRESH, "qwen"), AskText("In "))
    async with connects() as agent:
        result = await agent.call_tool("ask", {"question": "why?"})
    assert result.is_error
    assert "The answer broke off" in text(result)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("code_search", {}, "The argument 'query' is wrong: Field required."),
        ("seen_before", {"test": "x"}, "There is no argument 'test'.\nIt takes: text, fingerprint"),
        ("history_search", {"limit": 0}, "The argument 'limit' is wrong"),
        ("seen_before", {"text": "a", "fingerprint": "b"}, "exclude each other"),
    ],
)
async def test_wrong_arguments_are_refused_with_what_is_right(
    full: Script, connects: Any, name: str, given: dict[str, Any], said: str
) -> None:
    async with connects() as agent:
        result = await agent.call_tool(name, given)
    assert result.is_error
    assert said in text(result)
    assert full.asked == [] or all(isinstance(asked, tuple) for asked in full.asked)


@pytest.mark.parametrize("name", CALLS)
async def test_a_refusal_is_a_sentence_with_what_to_do_next(
    full: Script, connects: Any, name: str
) -> None:
    full.refusal = Unavailable("the Dragon is away", hint="Look at: postdevai status")
    async with connects() as agent:
        result = await agent.call_tool(name, CALLS[name])
    assert result.is_error
    assert text(result) == "The Dragon is away\nLook at: postdevai status"
    assert result.structured_content is None


async def test_a_tool_that_is_not_there_is_an_error_of_the_protocol(
    script: Script, connects: Callable[..., Client]
) -> None:
    async with connects() as agent:
        with pytest.raises(MCPError, match="There is no tool 'run'"):
            await agent.call_tool("run", {})
