"""Kinds of tokenizers: whatever way through a grammar is taken, what is heard obeys it."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from common.model.llm import ChatMessage, GenerationRequest
from dragon_node.inference import mlx_modules
from dragon_node.inference.fetching import pins
from dragon_node.inference.reading.prompted import Prompted
from dragon_node.inference.reading.reader import Reader
from tests.support.reading import heard
from tests.support.sentence_pieces import sentence_pieces
from tests.support.tiny_models import tiny_model

HELLO = (ChatMessage("user", "hello"),)
PATTERNS = (
    r" yes( and yes){0,3}",
    r"[0-9]{1,3}(,[0-9]{3})*",
    r"(é|漢|🙂){2,6}",
    r"\{\"a\": [0-9]+\}",
)
SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {
            "verdict": {"enum": ["yes", "no"]},
            "why": {"type": "string", "maxLength": 30},
            "lines": {"type": "array", "items": {"type": "integer"}, "maxItems": 4},
        },
        "required": ["verdict", "why", "lines"],
        "additionalProperties": False,
    }
)
TOKENS_MAX = 400


@pytest.fixture(scope="module", params=["bytes", "sentence pieces", "smollm2"])
def reader(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """Only what belongs to the tokenizer is read of a model."""
    if request.param == "smollm2":
        return Reader(request.getfixturevalue("models_dir") / pins.SMOLLM2.model)
    directory = tiny_model(tmp_path_factory.mktemp("model"))
    if request.param == "sentence pieces":
        sentence_pieces(directory)
    return Reader(directory)


def wandered(reader: Reader, prompted: Prompted, rng: np.random.Generator) -> str:
    """A way through the grammar, each token drawn from all that are allowed, as it is heard."""
    mx: Any = mlx_modules.module("mlx.core")
    assert prompted.constraint is not None
    processor = prompted.constraint.processor(1)
    speech = reader.speech(prompted)
    context, said = [0], ""
    while len(context) < TOKENS_MAX:
        logits = processor(mx.array(context, mx.uint32), mx.zeros((1, len(reader._tokenizer))))
        allowed = np.flatnonzero(np.array(logits)[0] == 0)
        ends = [token for token in allowed.tolist() if token in reader.stop_tokens]
        if ends and (len(ends) == len(allowed) or rng.random() < 0.5):
            return said + speech.end(cut=False).text
        context.append(int(rng.choice([t for t in allowed.tolist() if t not in ends])))
        said += speech.feed(context[-1]).text
    raise AssertionError(f"no end in {TOKENS_MAX} tokens: {said}")


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_way_through_an_expression_is_heard_as_it_matches(reader: Reader, pattern: str):
    prompted = reader.read(GenerationRequest(messages=HELLO, regex=pattern))
    rng = np.random.default_rng(1)
    for _ in range(4):
        said = wandered(reader, prompted, rng)
        assert re.fullmatch(pattern, said), said


def test_every_way_through_a_schema_is_heard_as_its_value(reader: Reader):
    prompted = reader.read(GenerationRequest(messages=HELLO, json_schema=SCHEMA))
    rng = np.random.default_rng(2)
    for _ in range(2):
        value = json.loads(wandered(reader, prompted, rng))
        assert value.keys() == {"verdict", "why", "lines"}
        assert len(value["why"]) <= 30


@pytest.mark.parametrize("answer", ["yes, é漢🙂", "{} \n  x\n", "\ta"])
def test_what_was_written_is_heard(reader: Reader, answer: str):
    assert heard(reader, answer).text == answer


def test_a_word_has_the_space_before_it(reader: Reader):
    """So that the words of an answer put together are the answer."""
    speech = reader.speech(reader.read(GenerationRequest(messages=HELLO)))
    tokens = reader._tokenizer.encode("no yes, yes", add_special_tokens=False)
    assert "".join(speech.word(token) for token in tokens).strip() == "no yes, yes"
    assert speech.word(1_000_000) == ""


def test_many_threads_read_and_hear_at_once(reader: Reader):
    """The tokenizer is shared; nobody's words may turn up with somebody else."""

    def once(number: int) -> bool:
        written = f"yes {number} " * (1 + number % 7)
        asked = GenerationRequest(messages=(ChatMessage("user", written),), regex=f"{number}+")
        prompt = reader._tokenizer.decode(reader.read(asked).tokens)
        return written in prompt and heard(reader, written).text == written

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(once, range(64)))
