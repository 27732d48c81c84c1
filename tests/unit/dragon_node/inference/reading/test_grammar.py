"""What a schema or an expression lets through, and which of them are refused."""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.errors import Invalid, Unavailable
from common.model.llm import ChatMessage, GenerationRequest, Tool
from dragon_node.inference import mlx_modules
from dragon_node.inference.reading import grammar
from dragon_node.inference.reading.constraint import GrammarConstraint
from dragon_node.inference.reading.prompted import Processor
from dragon_node.inference.reading.reader import Reader
from tests.support.tiny_models import tiny_model

HELLO = (ChatMessage("user", "hello"),)
STOP = 258
SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"kind": {"enum": ["bug", "feature"]}},
        "required": ["kind"],
        "additionalProperties": False,
    }
)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return Reader(tiny_model(tmp_path_factory.mktemp("model")))


def guide(reader: Reader, **held: str) -> tuple[GrammarConstraint, Processor]:
    """A constraint, and its processor for a prompt of one token."""
    constraint = reader.read(GenerationRequest(messages=HELLO, **held)).constraint  # type: ignore[arg-type]
    assert isinstance(constraint, GrammarConstraint)
    return constraint, constraint.processor(1)


def after(processor: Processor, tokens: Iterable[int], width: int = 259) -> set[int]:
    """What may come next, once these have come after the prompt's one, as a batch would tell."""
    mx: Any = mlx_modules.module("mlx.core")
    context, allowed = [0], set[int]()
    for token in [None, *tokens]:
        context += [] if token is None else [token]
        logits = processor(mx.array(context, mx.uint32), mx.zeros((1, width)))
        assert logits.shape == (1, width)
        allowed = set(np.flatnonzero(np.array(logits)[0] == 0).tolist())
    return allowed


def letters(reader: Reader, written: str) -> list[int]:
    return reader._tokenizer.encode(written, add_special_tokens=False)


def test_an_expression_allows_what_goes_on_with_it(reader: Reader):
    _, processor = guide(reader, regex="ab|ac")
    assert after(processor, letters(reader, "a")) == set(letters(reader, "bc"))


def test_an_end_is_allowed_only_when_the_answer_is_complete(reader: Reader):
    _, processor = guide(reader, regex="ab+")
    assert STOP not in after(processor, letters(reader, "a"))
    _, processor = guide(reader, regex="ab+")
    assert after(processor, letters(reader, "ab")) == {*letters(reader, "b"), STOP}


def test_nothing_but_the_end_comes_after_all_was_said(reader: Reader):
    _, processor = guide(reader, regex="ab")
    assert after(processor, [*letters(reader, "ab"), STOP]) == {STOP}


def test_a_schema_allows_its_values_only(reader: Reader):
    _, processor = guide(reader, json_schema=SCHEMA)
    assert after(processor, letters(reader, '{"kind": "')) == set(letters(reader, "bf"))


def test_whitespace_between_marks_has_an_end(reader: Reader):
    """A small model fills its whole answer with it otherwise."""
    _, processor = guide(reader, json_schema=SCHEMA)
    assert after(processor, letters(reader, "{\n" + " " * 12)) == set(letters(reader, '"'))
    _, processor = guide(reader, json_schema=SCHEMA)
    assert after(processor, letters(reader, "{\n")) == set(letters(reader, ' "'))


@pytest.mark.parametrize("width", [300, 259, 200])
def test_a_model_may_have_more_rows_than_tokens_or_fewer(reader: Reader, width: int):
    _, processor = guide(reader, regex="a[^a]")
    allowed = after(processor, letters(reader, "a"), width)
    assert allowed and max(allowed) < min(width, 256)


def test_the_logits_that_stay_are_the_models_own(reader: Reader):
    mx: Any = mlx_modules.module("mlx.core")
    _, processor = guide(reader, regex="[ab]")
    logits = mx.arange(259, dtype=mx.bfloat16)[None]
    held = processor(mx.array([0], mx.uint32), logits)
    assert held.dtype == mx.bfloat16
    for token in letters(reader, "ab"):
        assert held[0, token].item() == logits[0, token].item()


@pytest.mark.parametrize(
    ("held", "reason"),
    [
        ({"json_schema": "{"}, "is not JSON"),
        ({"json_schema": "[1]"}, "is a JSON object"),
        ({"json_schema": '{"type": "nope"}'}, "cannot be held to: Invalid type: nope"),
        ({"json_schema": '{"not": {}}'}, "cannot be held to: Unimplemented keys"),
        ({"json_schema": '{"$ref": "http://x/y"}'}, "does not fetch"),
        ({"json_schema": '{"$ref": "#"}'}, "cannot be held to: nothing obeys it"),
        ({"json_schema": '{"items": ' * 150 + "{}" + "}" * 150}, "recursion limit"),
        ({"json_schema": '{"items":' * 6000 + "{}" + "}" * 6000}, "is not JSON: maximum recur"),
        ({"json_schema": '{"multipleOf": 999983}'}, "come to 999983 together; 10000 are taken"),
        (
            {"json_schema": '{"allOf": [{"multipleOf": 997}, {"items": {"multipleOf": 0.991}}]}'},
            "come to 988027 together",
        ),
        ({"regex": "(" * 300 + ")" * 300}, "nested parentheses"),
        ({"regex": "("}, "regular expression cannot be held to: unclosed group"),
        ({"regex": "(?=a)b"}, "look-around"),
        ({"regex": "(a{1000}){1000}"}, "cannot be held to"),
        ({"regex": "(a?){500}a{500}"}, "cannot be held to"),
        ({"regex": "a" * (grammar.REGEX_CHARS_MAX + 1)}, "4097 characters; 4096 are taken"),
        ({"json_schema": " " * (grammar.SCHEMA_CHARS_MAX + 1)}, "65537 characters; 65536"),
    ],
)
def test_what_cannot_be_held_to_is_refused_with_the_compilers_reason(
    reader: Reader, held: dict[str, str], reason: str
):
    with pytest.raises(Invalid, match=reason) as why:
        guide(reader, **held)
    assert why.value.field == next(iter(held))


@pytest.mark.parametrize(
    "schema",
    [
        {"anyOf": [{"$ref": "#/$defs/p"}, {"type": "null"}], "$defs": {"p": {"type": "integer"}}},
        {"type": "string", "format": "date-time"},
        {"type": "number", "multipleOf": 0.01},
        {"type": "array", "items": {"type": "integer", "multipleOf": 15}, "maxItems": 1_000_000},
        {"type": "string", "minLength": 1_000_000},
        {"oneOf": [{"type": "string", "title": "A"}, {"type": "integer", "default": 3}]},
        {},
    ],
)
def test_schemas_as_programs_write_them_are_taken(reader: Reader, schema: dict[str, Any]):
    assert after(guide(reader, json_schema=json.dumps(schema))[1], [])


def test_a_schema_and_an_expression_together_are_refused(reader: Reader):
    with pytest.raises(Invalid, match="give one of them"):
        guide(reader, json_schema=SCHEMA, regex="a")


def test_a_schema_leaves_no_room_for_calls():
    request = GenerationRequest(messages=HELLO, json_schema=SCHEMA, tools=(Tool("f"),))
    with pytest.raises(Invalid, match="no room for calls"):
        grammar.Grammars(None).constraint(request, "none")


def test_a_grammar_is_compiled_once(reader: Reader):
    (one, _), (other, _) = guide(reader, json_schema=SCHEMA), guide(reader, json_schema=SCHEMA)
    assert one is not other
    assert one._compiled is other._compiled


def test_compiled_grammars_are_few(reader: Reader):
    for number in range(grammar.KEPT_MAX + 5):
        guide(reader, regex=f"x{number}")
    assert len(reader._grammars._kept) == grammar.KEPT_MAX


def test_two_requests_with_one_grammar_do_not_move_each_other(reader: Reader):
    constraint, one = guide(reader, regex="ab|cd")
    other = constraint.processor(1)
    assert after(one, letters(reader, "a")) == set(letters(reader, "b"))
    assert after(other, letters(reader, "c")) == set(letters(reader, "d"))


def test_grammars_are_compiled_by_many_threads_at_once(tmp_path: Path):
    reader = Reader(tiny_model(tmp_path))
    with ThreadPoolExecutor(8) as threads:
        held = list(threads.map(lambda n: guide(reader, regex=f"a{n % 4}"), range(32)))
    for number, (_, processor) in enumerate(held):
        assert after(processor, letters(reader, "a")) == set(letters(reader, str(number % 4)))


def test_an_answer_whose_grammar_was_given_up_is_not_taken_for_whole(reader: Reader):
    """Its processor ends the request, not the batch; its reader tells the caller."""
    prompted = reader.read(GenerationRequest(messages=HELLO, regex="ab"))
    assert prompted.constraint is not None
    assert after(prompted.constraint.processor(1), letters(reader, "z")) == {STOP}
    with pytest.raises(Unavailable, match="broke off"):
        reader.speech(prompted).end(cut=False)


def test_an_answer_that_was_cut_says_so_by_its_finish(reader: Reader):
    prompted = reader.read(GenerationRequest(messages=HELLO, regex="ab"))
    speech = reader.speech(prompted)
    (token,) = letters(reader, "a")
    assert speech.feed(token).text + speech.end(cut=True).text == "a"


def test_a_space_that_the_expression_begins_with_is_said(reader: Reader):
    prompted = reader.read(GenerationRequest(messages=HELLO, regex=" yes"))
    speech = reader.speech(prompted)
    said = [speech.feed(token).text for token in letters(reader, " yes")]
    assert "".join(said) + speech.end(cut=False).text == " yes"
