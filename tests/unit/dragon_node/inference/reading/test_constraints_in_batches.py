"""Constraints at work in one batch: each holds its own request and nobody else's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from common.model.llm import ChatMessage, GenerationRequest
from dragon_node.inference.engines.engine import Engine, Made
from dragon_node.inference.reading.prompted import Prompted
from dragon_node.inference.reading.reader import Reader
from tests.support.spoken import alone, engine_of, together
from tests.support.tiny_models import tiny_model

POINT = json.dumps(
    {
        "type": "object",
        "properties": {
            "x": {"type": "integer", "minimum": 0, "maximum": 99},
            "names": {"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 2},
        },
        "required": ["x", "names"],
        "additionalProperties": False,
    }
)
WORDS = r"(red|green|blue)( (red|green|blue)){2}"
NUMBER = r"[0-9]{3}-[0-9]{4}"
HELD: Sequence[dict[str, Any]] = (
    {"json_schema": POINT},
    {},
    {"regex": WORDS},
    {"regex": NUMBER},
    {},
    {"json_schema": POINT},
    {"regex": WORDS},
    {"regex": "[a-f]{12}"},
)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def reader(directory: Path) -> Reader:
    return Reader(directory)


@pytest.fixture
def engine(directory: Path) -> Iterator[Engine]:
    opened = engine_of(directory, slots=16)
    yield opened
    opened.close()


def asked(reader: Reader, number: int, *, temperature: float = 0.0) -> Prompted:
    held = HELD[number % len(HELD)]
    return reader.read(
        GenerationRequest(
            messages=(ChatMessage("user", f"request {number} " + "." * number),),
            max_tokens=160 if held else 9 + number,
            temperature=temperature,
            seed=number + 1,
            **held,
        )
    )


def words(reader: Reader, prompted: Prompted, made: Sequence[Made]) -> str:
    speech = reader.speech(prompted)
    said = [speech.feed(m.token).text for m in made if m.token is not None]
    return "".join(said) + speech.end(cut=made[-1].finish != "stop").text


def obeys(prompted: Prompted, said: str) -> bool:
    request = prompted.request
    if request.json_schema:
        point = json.loads(said)
        return set(point) == {"x", "names"} and 0 <= point["x"] <= 99 and len(point["names"]) <= 2
    return not request.regex or re.fullmatch(request.regex, said) is not None


@pytest.mark.parametrize("temperature", [0.0, 1.5])
def test_each_obeys_its_own_grammar_beside_the_others(
    reader: Reader, engine: Engine, temperature: float
):
    requests = [asked(reader, number, temperature=temperature) for number in range(16)]
    for prompted, made in zip(requests, together(engine, requests), strict=True):
        assert obeys(prompted, words(reader, prompted, made))
        if prompted.constraint is not None:
            assert made[-1].finish == "stop"


def test_each_says_what_it_says_alone(reader: Reader, engine: Engine):
    requests = [asked(reader, number) for number in range(8)]
    by_itself = [words(reader, each, alone(engine, each)) for each in requests]
    engine.trim(0)
    in_company = zip(requests, together(engine, requests), strict=True)
    assert [words(reader, each, made) for each, made in in_company] == by_itself


def test_grammars_stay_with_their_requests_while_others_join_and_leave(
    reader: Reader, engine: Engine
):
    """Whoever leaves moves the rows of those behind it; whoever joins lengthens the batch."""
    requests = [asked(reader, number) for number in range(10)]
    by_itself = [words(reader, each, alone(engine, each)) for each in requests]
    waiting = list(enumerate(requests))
    running: dict[int, tuple[int, list[Made]]] = {}
    whole: dict[int, list[Made]] = {}
    removed: set[int] = set()
    steps = 0
    while waiting or running:
        if waiting and steps % 3 == 0:
            number, each = waiting.pop(0)
            running[engine.insert(each).slot] = (number, [])
        if steps in (11, 23):  # a caller goes away in the middle
            slot = next(iter(running))
            engine.remove(slot)
            removed.add(running.pop(slot)[0])
        for made in engine.step(64).made:
            number, so_far = running[made.slot]
            so_far.append(made)
            if made.finish:
                whole[number] = running.pop(made.slot)[1]
        steps += 1
    assert len(removed) == 2
    assert whole.keys() == set(range(10)) - removed
    for number, made in whole.items():
        assert words(reader, requests[number], made) == by_itself[number]


def test_a_prompt_that_comes_from_the_cache_is_held_from_its_first_token(
    reader: Reader, engine: Engine
):
    request = asked(reader, 2)
    first = words(reader, request, alone(engine, request))
    again = asked(reader, 2)
    assert engine.insert(again).cached_tokens > 0
    made: list[Made] = []
    while not made or not made[-1].finish:
        made += engine.step(512).made
    assert words(reader, again, made) == first


def test_a_grammar_that_is_given_up_ends_its_request_only(reader: Reader, engine: Engine):
    request, other = asked(reader, 3), asked(reader, 2)
    slots = {engine.insert(request).slot: request, engine.insert(other).slot: other}
    made: dict[int, list[Made]] = {slot: [] for slot in slots}
    _break(request)
    while any(not m or not m[-1].finish for m in made.values()):
        for one in engine.step(512).made:
            made[one.slot].append(one)
    broken, whole = made.values()
    assert len(broken) < len("123-4567")
    assert obeys(other, words(reader, other, whole))


def _break(request: Prompted) -> None:
    """From now on its processors find that the tokens are no longer the grammar's."""
    constraint: Any = request.constraint
    constraint._compiled = constraint._compiled.deep_copy()
    constraint._compiled.consume_token(0)
    assert constraint._compiled.is_error()
