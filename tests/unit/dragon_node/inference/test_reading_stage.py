"""Reading a request: it has its limits, and one model's never keeps another's waiting."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from common.errors import Invalid, Missing, OverLimit, PostDevAIError, Unavailable
from common.model.llm import GenerationRequest
from dragon_node.inference import readers as readers_room
from dragon_node.inference import reading_stage as stage_room
from dragon_node.inference.models import Models
from dragon_node.inference.reading.prompted import Prompted
from dragon_node.inference.reading.reader import Reader
from tests.support.opened_models import TWO, asked, models_over, tiny_pair, whole
from tests.support.tiny_models import tiny_model


@pytest.fixture
async def models(tmp_path: Path) -> AsyncGenerator[Models]:
    tiny_pair(tmp_path)
    async with models_over(tmp_path) as opened:
        yield opened


@pytest.fixture
def held_open(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> threading.Event:
    """tiny's tokenizer opens when the test says so."""
    go_on = threading.Event()

    class Slow(Reader):
        def __init__(self, directory: Path, *, context: int = 0) -> None:
            if directory.name == "tiny":
                go_on.wait(60)
            super().__init__(directory, context=context)

    monkeypatch.setattr(readers_room, "Reader", Slow)
    return go_on


@pytest.fixture
def held_read(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """tiny's template comes to an end when the test says so."""
    go_on, read = threading.Event(), Reader.read

    def slow(self: Reader, request: GenerationRequest) -> Prompted:
        if request.model == "tiny":
            go_on.wait(60)
        return read(self, request)

    monkeypatch.setattr(Reader, "read", slow)
    return go_on


async def begun(models: Models, number: int) -> list[asyncio.Task[object]]:
    """Requests for tiny that are being read, or wait for that."""
    waiting = [asyncio.ensure_future(_spoken(models)) for _ in range(number)]
    await asyncio.sleep(0)
    return waiting


async def _spoken(models: Models) -> object:
    return await whole(models.generate(asked("tiny")))


async def test_who_waits_for_a_tokenizer_keeps_no_other_model_waiting(
    models: Models, held_open: threading.Event
):
    waiting = await begun(models, 3)
    async with asyncio.timeout(60):
        assert (await whole(models.generate(asked("other"))))[-1].finish
    assert not any(task.done() for task in waiting)
    held_open.set()
    await asyncio.gather(*waiting)


async def test_a_template_that_does_not_end_keeps_no_other_model_waiting(
    models: Models, held_read: threading.Event
):
    waiting = await begun(models, 3)
    async with asyncio.timeout(60):
        assert (await whole(models.generate(asked("other"))))[-1].finish
    assert not any(task.done() for task in waiting)
    held_read.set()
    await asyncio.gather(*waiting)


async def test_the_time_of_a_request_counts_while_it_is_read(
    models: Models, held_read: threading.Event
):
    hasty = dataclasses.replace(asked("tiny"), timeout_s=0.05)
    with pytest.raises(Unavailable, match=r"0\.05 s have passed while tiny read"):
        await whole(models.generate(hasty))
    held_read.set()


async def test_nobody_waits_for_ever_for_a_prompt(
    models: Models, held_read: threading.Event, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(stage_room, "READING_S_MAX", 0.05)
    with pytest.raises(Unavailable, match=r"not read the request within 0\.05 s"):
        await whole(models.generate(asked("tiny")))
    held_read.set()


async def test_too_many_are_refused_with_the_number_and_another_model_takes_more(
    models: Models, held_read: threading.Event, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(stage_room, "READING_MAX", 3)
    waiting = await begun(models, 3)
    with pytest.raises(OverLimit, match="3 requests are already being read for tiny, 3 at most"):
        await whole(models.generate(asked("tiny")))
    assert (await whole(models.generate(asked("other"))))[-1].finish
    held_read.set()
    await asyncio.gather(*waiting)
    assert (await whole(models.generate(asked("tiny"))))[-1].finish


async def test_who_leaves_gives_back_the_turn_when_the_reading_has_ended(
    models: Models, held_read: threading.Event
):
    waiting = await begun(models, stage_room.READERS + 2)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    held_read.set()
    async with asyncio.timeout(60):
        assert (await whole(models.generate(asked("tiny"))))[-1].finish


async def test_closing_does_not_wait_for_a_template_that_does_not_end(
    tmp_path: Path,
    held_read: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    monkeypatch.setattr(stage_room, "CLOSING_S", 0.01)
    tiny_pair(tmp_path)
    reading, read = threading.Event(), Reader.read

    def seen(self: Reader, request: GenerationRequest) -> Prompted:
        reading.set()
        return read(self, request)

    monkeypatch.setattr(Reader, "read", seen)
    async with models_over(tmp_path) as models:
        waiting = await begun(models, 1)
        await asyncio.to_thread(reading.wait, 60)
        waiting[0].cancel()
    assert "model=tiny" in caplog.text
    held_read.set()


@pytest.mark.parametrize(
    ("request_", "refusal"),
    [
        (asked("tiny", text="x" * 5_000), Invalid),
        (dataclasses.replace(asked("tiny"), regex="("), Invalid),
        (asked("smollm2-135m-instruct"), Unavailable),
        (asked("nobody"), Missing),
    ],
)
async def test_who_is_refused_at_the_door_is_counted(
    models: Models, request_: GenerationRequest, refusal: type[PostDevAIError]
):
    with pytest.raises(refusal):
        await whole(models.generate(request_))
    stats = await models.stats()
    assert (stats.refused, stats.failed) == (1, 0)


async def test_an_alternative_that_is_chosen_at_the_door_counts_and_is_told(tmp_path: Path):
    tiny_model(tmp_path / "other")
    text = TWO.replace('purpose = "code"', 'purpose = "code"\nalternatives = ["other"]')
    async with models_over(tmp_path, text) as models:
        pieces = await whole(models.generate(asked("tiny")))
        assert "other answers" in pieces[0].instead
        assert (await models.stats()).instead == 1


@pytest.mark.parametrize("change", ["written in place", "another directory of that name"])
async def test_what_was_asked_is_read_back_by_the_reader_that_read_it(
    tmp_path: Path, models: Models, change: str
):
    """The directory changes between the prompt and the answer."""
    stock = models._stock
    entry = models._catalog.find("tiny")
    prompted = await models._stage.read(entry, asked("tiny"), 0.0)
    before = [stock.speech("tiny", prompted).word(token) for token in range(60, 90)]
    if change == "another directory of that name":
        (tmp_path / "tiny").rename(tmp_path / "old")
        tiny_model(tmp_path / "tiny", seed=9, hidden=64)
    _reversed_vocabulary(tmp_path / "tiny" / "tokenizer.json")
    assert stock.stamp("tiny") != prompted.stamp
    assert [stock.speech("tiny", prompted).word(token) for token in range(60, 90)] == before
    anew = await models._stage.read(entry, asked("tiny"), 0.0)
    assert anew.stamp == stock.stamp("tiny")
    assert [stock.speech("tiny", anew).word(token) for token in range(60, 90)] != before


def _reversed_vocabulary(file: Path, keep: Callable[[int], bool] = lambda n: n < 256) -> None:
    import json

    tokenizer = json.loads(file.read_text())
    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    inner = [word for word, number in vocabulary.items() if keep(number)]
    turned = dict(zip(inner, reversed([vocabulary[word] for word in inner]), strict=True))
    tokenizer["model"]["vocab"] = vocabulary | turned
    file.write_text(json.dumps(tokenizer))
