"""Questions, memory and verdicts without the Dragon: each answer says where it comes from."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from common.errors import Unavailable
from common.model.answer import AskEnd, AskPart, AskPassages, AskRequest, AskText, AskTurn
from common.model.failure import Failure, Recollection, Remedy
from common.model.ids import Fingerprint
from common.model.lake import HistoryQuery, SearchQuery
from tests.unit.developer_node.away.conftest import Stage

QUESTION = AskRequest("where is the total computed?")
BROKEN = Failure("pytest", "AssertionError", "test", "5 != 4", "n", fingerprint=Fingerprint("f"))
REMEDY = Remedy("r1", "observed", "code", "a" * 40, "aaaaaaa mend it", "-1\n+2\n")


async def answer(stage: Stage, request: AskRequest = QUESTION) -> tuple[AskPassages, str, AskEnd]:
    parts = [part async for part in stage.room.assistant.ask(request)]
    first, last = parts[0], parts[-1]
    assert isinstance(first, AskPassages) and isinstance(last, AskEnd)
    return first, "".join(p.text for p in parts if isinstance(p, AskText)), last


async def test_without_a_model_the_passages_are_the_answer_and_it_is_said(stage: Stage) -> None:
    passages, words, end = await answer(stage)
    assert passages.passages[0].path == "calculator.py"
    assert passages.freshness.away is not None
    assert passages.freshness.away.source == "files"
    assert "The Dragon is away: " in passages.freshness.away.sentence
    assert "No local model is set" in passages.without_model
    assert (words, end.finish) == ("", "none")
    assert end.citations[0].why[0] == "no model spoke"


async def test_where_nothing_is_found_no_model_is_asked(stage: Stage) -> None:
    passages, _, _ = await answer(stage, AskRequest("xylophone quagmire?"))
    assert passages.passages == ()
    assert passages.without_model == "nothing here answers the question"


async def test_what_is_excluded_is_no_passage_and_what_is_pinned_is_the_first(
    stage: Stage,
) -> None:
    request = replace(QUESTION, excluded=("calculator.py",), pinned=("test_calculator.py",))
    passages, _, _ = await answer(stage, request)
    assert [hit.path for hit in passages.passages][:1] == ["test_calculator.py"]
    assert "calculator.py" not in {hit.path for hit in passages.passages}


@asynccontextmanager
async def served(stage: Stage, *pieces: str, status: int = 200) -> AsyncGenerator[list[Any]]:
    """A model on this machine that says these pieces; what it was asked."""
    asked: list[Any] = []

    async def models(_: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "tiny"}]})

    async def chat(request: web.Request) -> web.StreamResponse:
        asked.append(await request.json())
        response = web.StreamResponse(status=status)
        await response.prepare(request)
        for piece in pieces:
            said = {"choices": [{"delta": {"content": piece}}]}
            await response.write(f"data: {json.dumps(said)}\n\n".encode())
        await response.write(b"data: [DONE]\n\n")
        return response

    async with _listening({"/v1/models": models, "/v1/chat/completions": chat}) as port:
        settings = f'[away]\nendpoint = "http://127.0.0.1:{port}/v1"\n'
        (stage.home / "developer.toml").write_text(settings)
        yield asked


@asynccontextmanager
async def _listening(
    routes: dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]],
) -> AsyncGenerator[int]:
    app = web.Application()
    for path, handler in routes.items():
        app.router.add_route("*", path, handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def test_a_model_here_speaks_from_the_passages_and_its_markers_are_checked(
    stage: Stage,
) -> None:
    async with served(stage, "In total", " [", "1]", ", and nowhere [9", "].") as asked:
        passages, words, end = await answer(stage)
    assert (passages.model, passages.demonstration) == ("tiny", True)
    assert passages.freshness.away is not None
    assert passages.freshness.away.source == "model"
    assert words == "In total [1], and nowhere."
    assert end.answer == "In total [1], and nowhere."
    assert [hit.path for hit in end.citations] == ["calculator.py"]
    said = asked[0]["messages"][-1]["content"]
    assert "def total" in said and QUESTION.question in said


async def test_what_was_said_before_and_the_note_go_to_the_model(stage: Stage) -> None:
    request = replace(QUESTION, before=(AskTurn("what is it?", "a sum"),), note="Be kind.")
    async with served(stage, "yes") as asked:
        await answer(stage, request)
    contents = [message["content"] for message in asked[0]["messages"]]
    assert contents[1:3] == ["what is it?", "a sum"]
    assert "Be kind." in contents[-1]


async def test_a_model_that_fails_is_said_and_the_passages_stay(stage: Stage) -> None:
    async with served(stage, status=500):
        passages, words, end = await answer(stage)
    assert passages.passages
    assert (words, end.finish) == ("", "cancelled")
    assert "HTTP 500" in end.note


async def test_a_model_that_is_not_there_is_said_and_not_waited_for(stage: Stage) -> None:
    async with served(stage):
        pass  # its port is free again
    passages, _, end = await answer(stage)
    assert "cannot be asked" in passages.without_model
    assert end.finish == "none"


async def test_a_preview_shows_the_prompt_and_asks_nobody(stage: Stage) -> None:
    async with served(stage, "words") as asked:
        passages, words, _ = await answer(stage, replace(QUESTION, preview=True))
    assert "def total" in passages.prompt
    assert (words, asked) == ("", [])


async def told_by_the_dragon(stage: Stage) -> tuple[AskPart, ...]:
    """An answer that rests on a file here, given while the Dragon is there."""
    [hit] = (await stage.room.lake.search(SearchQuery("def total", "literal"))).hits
    stage.dragon.parts = (
        AskPassages((hit,), model="big"),
        AskText("In total [1]."),
        AskEnd("In total [1].", (hit,), "stop"),
    )
    stage.dragon.there = True
    await stage.room.presence.look()
    assert [part async for part in stage.room.assistant.ask(QUESTION)] == list(stage.dragon.parts)
    stage.dragon.there = False
    return stage.dragon.parts


async def test_an_earlier_answer_is_given_again_while_its_evidence_holds_and_no_longer(
    stage: Stage,
) -> None:
    await told_by_the_dragon(stage)
    passages, words, _ = await answer(stage)
    assert (words, passages.model) == ("In total [1].", "big")
    assert passages.freshness.away is not None
    assert passages.freshness.away.source == "cache"
    assert passages.freshness.away.as_of_ms > 0
    stage.repository.replace("calculator.py", "def total", "def whole")
    passages, words, _ = await answer(stage)
    assert words == ""
    assert passages.freshness.away is not None
    assert passages.freshness.away.source == "files"


async def test_a_follow_up_is_another_question(stage: Stage) -> None:
    await told_by_the_dragon(stage)
    _, words, _ = await answer(stage, replace(QUESTION, before=(AskTurn("x", "y"),)))
    assert words == ""


async def test_what_is_forgotten_is_answered_no_more_and_nothing_kept_lies_in_clear(
    stage: Stage,
) -> None:
    await told_by_the_dragon(stage)
    [kept] = (stage.home / "developer" / "answers").iterdir()
    assert b"total" not in kept.read_bytes()
    assert await stage.room.forget() == "1 kept answers forgotten here"
    _, words, _ = await answer(stage)
    assert words == ""


async def test_a_dragon_that_goes_while_it_answers_is_not_gone_on_with_here(
    stage: Stage,
) -> None:
    """Half an answer of the Dragon and half of a small model would be nobody's."""
    stage.dragon.there = True
    stage.dragon.parts = (AskPassages(model="big"), AskText("In"), AskText(" total"))
    stream = stage.room.assistant.ask(QUESTION)
    assert isinstance(await anext(stream), AskPassages)
    stage.dragon.there = False
    with pytest.raises(Unavailable):
        [part async for part in stream]


async def test_memory_comes_from_the_mirror_and_says_how_old_it_is(stage: Stage) -> None:
    stage.mirror.remembered = Recollection("same", BROKEN, remedies=(REMEDY,))
    stage.mirror.as_of_ms = 1_000
    found = await stage.room.lake.recall(last=True)
    assert found.remedies == (REMEDY,)
    assert found.freshness.away is not None
    assert (found.freshness.away.source, found.freshness.away.as_of_ms) == ("mirror", 1_000)
    assert found.freshness.away.waiting == 2
    assert (await stage.room.lake.history(HistoryQuery())).freshness.away is not None


async def test_a_mirror_that_was_never_filled_has_no_answer(stage: Stage) -> None:
    """None remembered would be a guess."""
    with pytest.raises(Unavailable, match="not yet been told"):
        await stage.room.lake.recall(last=True)


async def test_a_verdict_waits_counts_at_once_and_reaches_the_dragon_once(stage: Stage) -> None:
    stage.mirror.as_of_ms = 1_000
    stage.mirror.remembered = Recollection("same", BROKEN, remedies=(REMEDY,))
    await stage.room.presence.look()
    await stage.room.assistant.feedback("r1", "rejected")
    assert stage.mirror.judged == [("r1", "rejected")]
    assert stage.room.status().verdicts_waiting == 1
    [known] = (await stage.room.lake.recall(last=True)).remedies
    assert known.state == "rejected"
    stage.dragon.there = True
    stage.dragon.remembered = stage.mirror.remembered
    await stage.room.presence.look()
    [known] = (await stage.room.lake.recall(last=True)).remedies
    assert known.state == "rejected", "though the Dragon has not heard of it yet"
    await stage.room.verdicts.tell_all(stage.dragon.feedback)
    assert stage.dragon.verdicts == [("r1", "rejected")]


async def test_with_the_dragon_there_nothing_is_labelled(stage: Stage) -> None:
    """The control case."""
    stage.dragon.there = True
    stage.dragon.remembered = Recollection("same", BROKEN, remedies=(REMEDY,))
    assert (await stage.room.lake.recall(last=True)).freshness.away is None
    await stage.room.assistant.feedback("r1", "accepted")
    assert stage.dragon.verdicts == [("r1", "accepted")]
    assert stage.room.status().verdicts_waiting == 0
    assert not stage.room.status().away


async def test_what_only_the_dragon_can_do_is_refused_with_what_to_do(stage: Stage) -> None:
    desk = stage.room.desk
    for asked in (desk.snooze("card", 5), desk.material("r1"), desk.quiet("thing", True)):
        with pytest.raises(Unavailable, match="The Dragon is away, and only it can") as caught:
            await asked
        assert "postdevai up" in caught.value.hint
    stage.dragon.there = True
    await stage.room.presence.look()
    await desk.snooze("card", 5)
    assert await desk.card_stats() == (), "the control: it is there"
