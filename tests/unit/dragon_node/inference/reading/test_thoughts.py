"""Thoughts are told apart from what is said aloud."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from common.errors import Invalid
from common.model.llm import ChatMessage, GenerationRequest
from dragon_node.inference import mlx_modules
from dragon_node.inference.reading.prompted import Prompted
from dragon_node.inference.reading.reader import Reader
from tests.support.reading import FAMILIES, LOOK_UP, THINK, heard, reader_of

HELLO = (ChatMessage("user", "hello"),)


@pytest.fixture(scope="module")
def qwen(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """Thinks unless it is told not to; opens its thoughts itself."""
    return reader_of(tmp_path_factory.mktemp("qwen"), "qwen3", FAMILIES["qwen3"].marks)


@pytest.fixture(scope="module")
def thinker(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """Its prompt opens the thought, always."""
    return reader_of(tmp_path_factory.mktemp("thinker"), "always_thinks", THINK)


@pytest.fixture(scope="module")
def gemma(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """Its mark is a token and a word."""
    return reader_of(tmp_path_factory.mktemp("gemma"), "gemma4", FAMILIES["gemma4"].marks)


def test_a_thought_is_no_text(qwen: Reader):
    said = heard(qwen, "<think>\nhm\n</think>\n\nyes")
    assert (said.reasoning, said.text) == ("\nhm\n", "\n\nyes")


def test_a_thought_that_the_prompt_opened_is_no_text(thinker: Reader):
    assert thinker.read(GenerationRequest(messages=HELLO)).opening == "<think>\n"
    said = heard(thinker, "hm</think>yes")
    assert (said.reasoning, said.text) == ("hm", "yes")


def test_a_thought_of_several_tokens_of_mark_is_no_text(gemma: Reader):
    said = heard(gemma, "<|channel>thought\nhm<channel|>yes")
    assert (said.reasoning, said.text) == ("\nhm", "yes")


def test_a_thought_that_was_cut_stays_a_thought(thinker: Reader):
    said = heard(thinker, "hm </thi", cut=True)
    assert (said.reasoning, said.text) == ("hm </thi", "")


def test_a_mark_that_a_person_wrote_opens_no_thought(qwen: Reader):
    asked = (ChatMessage("user", "what does <think> mean?"),)
    assert qwen.read(GenerationRequest(messages=asked)).opening == ""


def test_a_stop_string_means_nothing_inside_a_thought(qwen: Reader):
    said = heard(qwen, "<think>a\n\nb</think>c\n\nd", stop=("\n\n",))
    assert (said.reasoning, said.text, said.ended) == ("a\n\nb", "c", True)


def test_a_stop_string_means_nothing_inside_a_call(qwen: Reader):
    answer = '<tool_call>\n{"name": "look_up", "arguments": {"city": "a STOP"}}\n</tool_call>STOP'
    said = heard(qwen, answer, tools=(LOOK_UP,), stop=("STOP",))
    assert [call.arguments for call in said.tool_calls] == ['{"city": "a STOP"}']
    assert (said.text, said.ended) == ("", True)


def test_a_call_after_a_thought_is_read(qwen: Reader):
    answer = '<think>hm</think><tool_call>{"name": "look_up", "arguments": {}}</tool_call>'
    said = heard(qwen, answer, tools=(LOOK_UP,))
    assert (said.reasoning, said.text) == ("hm", "")
    assert [call.name for call in said.tool_calls] == ["look_up"]


def test_thinking_is_turned_off_in_the_prompt(qwen: Reader):
    def shown(thinking: Any) -> str:
        prompted = qwen.read(GenerationRequest(messages=HELLO, thinking=thinking))
        return qwen._tokenizer.decode(prompted.tokens)

    assert shown("off").endswith("<think>\n\n</think>\n\n")
    assert shown("on") == shown("") == shown("off").removesuffix("<think>\n\n</think>\n\n")


def test_a_model_that_always_thinks_refuses_not_to(thinker: Reader):
    with pytest.raises(Invalid, match="always thinks") as why:
        thinker.read(GenerationRequest(messages=HELLO, thinking="off"))
    assert why.value.field == "thinking"
    thinker.read(GenerationRequest(messages=HELLO, thinking="on"))


def follow(reader: Reader, prompted: Prompted, answer: str) -> list[set[int]]:
    """What may come next: at first, and after each token of an answer."""
    mx: Any = mlx_modules.module("mlx.core")
    assert prompted.constraint is not None
    processor = prompted.constraint.processor(1)
    tokens = reader._tokenizer.encode(answer, add_special_tokens=False)
    width = len(reader._tokenizer)
    found: list[set[int]] = []
    for length in range(len(tokens) + 1):
        logits = processor(mx.array([0, *tokens[:length]], mx.uint32), mx.zeros((1, width)))
        found.append(set(np.flatnonzero(np.array(logits)[0] == 0).tolist()))
    return found


def token(reader: Reader, mark: str) -> int:
    (one,) = reader._tokenizer.encode(mark, add_special_tokens=False)
    return one


def test_an_answer_that_is_held_to_a_grammar_does_not_think_unasked(qwen: Reader):
    prompted = qwen.read(GenerationRequest(messages=HELLO, regex="ab"))
    assert qwen._tokenizer.decode(prompted.tokens).endswith("</think>\n\n")
    assert follow(qwen, prompted, "") == [{token(qwen, "a")}]


@pytest.mark.parametrize("answer", ["ab", "<think>any {\nwords</think>ab"])
def test_an_answer_that_was_told_to_think_may_think_before_its_grammar(qwen: Reader, answer: str):
    prompted = qwen.read(GenerationRequest(messages=HELLO, regex="ab", thinking="on"))
    allowed = follow(qwen, prompted, answer)
    assert allowed[0] == {token(qwen, "<think>"), token(qwen, "a")}
    assert allowed[-1] == set(qwen.stop_tokens)
    assert not any(qwen.stop_tokens & each for each in allowed[:-1])


def test_a_thought_that_the_prompt_opened_ends_before_the_grammar_begins(thinker: Reader):
    prompted = thinker.read(GenerationRequest(messages=HELLO, regex="ab"))
    allowed = follow(thinker, prompted, "hm</think>ab")
    assert len(allowed[0]) > 100
    assert allowed[-3] == {token(thinker, "a")}
    assert allowed[-1] == set(thinker.stop_tokens)
    said = heard(thinker, "hm</think>ab", regex="ab")
    assert (said.reasoning, said.text) == ("hm", "ab")


def test_a_thought_with_a_mark_of_several_tokens_may_precede_a_grammar(gemma: Reader):
    request = GenerationRequest(messages=HELLO, json_schema='{"enum": [1]}', thinking="on")
    allowed = follow(gemma, gemma.read(request), "<|channel>thought\nhm<channel|>1")
    assert token(gemma, "<|channel>") in allowed[0]
    assert allowed[-1] == set(gemma.stop_tokens)


def test_marks_inside_an_answer_that_is_held_to_a_grammar_are_data(qwen: Reader):
    said = heard(qwen, '"<think>"', json_schema='{"type": "string"}')
    assert (said.reasoning, said.text) == ("", '"<think>"')
