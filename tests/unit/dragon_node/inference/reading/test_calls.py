"""Calls of tools in the forms of their families: read for certain, or given back as text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import Invalid
from common.model.llm import ChatMessage, GenerationRequest, Tool, ToolCall
from dragon_node.inference.reading.prompted import Said
from dragon_node.inference.reading.reader import Reader
from tests.support.reading import FAMILIES, LOOK_UP, NOW, OSLO, SAO_PAULO, heard, reader_of

TOOLS = (LOOK_UP, NOW)
HELLO = ChatMessage("user", "hello")


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reader]:
    root = tmp_path_factory.mktemp("families")
    return {name: reader_of(root / name, name, family.marks) for name, family in FAMILIES.items()}


def answered(readers: dict[str, Reader], name: str, answer: str, *, cut: bool = False) -> Said:
    """By a family whose thoughts, where it has them, are over."""
    thinking = "off" if name == "glm47" else ""
    over = "</think>" if name == "minimax_m2" else ""  # its prompt always opens one
    return heard(readers[name], over + answer, cut=cut, tools=TOOLS, thinking=thinking)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_s_calls_are_read(readers: dict[str, Reader], name: str):
    said = answered(readers, name, FAMILIES[name].calls)
    assert [call.name for call in said.tool_calls] == ["look_up", "look_up"]
    assert [json.loads(call.arguments) for call in said.tool_calls] == [SAO_PAULO, OSLO]
    assert said.text.strip() == ""
    assert len({call.id for call in said.tool_calls}) == 2


@pytest.mark.parametrize("name", FAMILIES)
def test_a_call_that_cannot_be_read_is_given_back_as_it_was_written(
    readers: dict[str, Reader], name: str
):
    said = answered(readers, name, FAMILIES[name].broken)
    assert said.tool_calls == ()
    assert said.text == FAMILIES[name].broken


@pytest.mark.parametrize("name", FAMILIES)
def test_a_call_that_was_cut_is_given_back_as_it_was_written(readers: dict[str, Reader], name: str):
    """Part of it may well parse: nobody should act on half of what a model wanted."""
    said = answered(readers, name, FAMILIES[name].cut, cut=True)
    assert said.tool_calls == ()
    assert said.text == FAMILIES[name].cut


@pytest.mark.parametrize("name", FAMILIES)
def test_words_around_a_call_are_said(readers: dict[str, Reader], name: str):
    said = answered(readers, name, "I look. " + FAMILIES[name].calls)
    assert said.text.rstrip() == "I look."
    assert len(said.tool_calls) == 2


@pytest.mark.parametrize("name", FAMILIES)
def test_the_template_shows_tools_calls_and_answers(readers: dict[str, Reader], name: str):
    called = ToolCall("functions.look_up:0" if name == "kimi_k2" else "a1b2c3d4e", "look_up", "")
    called = ToolCall(called.id, called.name, json.dumps(OSLO))
    prompted = readers[name].read(
        GenerationRequest(
            messages=(
                HELLO,
                ChatMessage("assistant", "", tool_calls=(called,)),
                ChatMessage("tool", "rain", tool_call_id=called.id, name="look_up"),
            ),
            tools=TOOLS,
        )
    )
    read = readers[name]._tokenizer.decode(prompted.tokens)
    assert readers[name].takes_tools
    for part in ("look_up", "now", "Oslo", "rain"):
        assert part in read


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(["qwen3", "mistral", "minimax_m2", "glm47", "lfm2"]),
    picks=st.lists(st.integers(0, 9), max_size=12),
    cut=st.booleans(),
)
def test_no_letter_of_an_answer_is_lost(
    readers: dict[str, Reader], name: str, picks: list[int], cut: bool
):
    """Whatever a model writes, in whatever order: z is in no call that can be read."""
    family = FAMILIES[name]
    pieces = ["z", "é", "<", "\n", *family.marks[:4], family.cut, family.broken]
    answer = "".join(pieces[pick % len(pieces)] + "z" for pick in picks)
    said = heard(readers[name], answer, cut=cut, tools=TOOLS)
    assert (said.text + said.reasoning).count("z") == answer.count("z")


def test_a_call_of_a_tool_that_nobody_offered_is_text(readers: dict[str, Reader]):
    answer = '<tool_call>{"name": "erase", "arguments": {}}</tool_call>'
    said = heard(readers["qwen3"], answer, tools=TOOLS)
    assert (said.text, said.tool_calls) == (answer, ())


def test_a_call_without_arguments_has_none(readers: dict[str, Reader]):
    said = heard(readers["qwen3"], '<tool_call>{"name": "now"}</tool_call>', tools=TOOLS)
    assert [(call.name, call.arguments) for call in said.tool_calls] == [("now", "{}")]


def test_arguments_under_another_name_are_not_passed_over(readers: dict[str, Reader]):
    answer = '<tool_call>{"name": "now", "parameters": {"zone": "UTC"}}</tool_call>'
    said = heard(readers["qwen3"], answer, tools=TOOLS)
    assert (said.text, said.tool_calls) == (answer, ())


def test_a_call_that_the_model_left_open_at_its_own_end_is_read(readers: dict[str, Reader]):
    """Small models forget the last mark."""
    said = heard(readers["qwen3"], '<tool_call>{"name": "now", "arguments": {}}', tools=TOOLS)
    assert [call.name for call in said.tool_calls] == ["now"]


@pytest.mark.parametrize("written", ['[look_up("Oslo")]', "[look_up(days=1 + 2)]", "[look_up()"])
def test_an_argument_that_is_no_value_is_not_made_a_string(
    readers: dict[str, Reader], written: str
):
    said = heard(readers["lfm2"], f"<|tool_call_start|>{written}<|tool_call_end|>", tools=TOOLS)
    assert written in said.text
    assert said.tool_calls == ()


def test_the_model_s_own_id_is_kept_once(readers: dict[str, Reader]):
    one = "<|tool_call_begin|>functions.now:0<|tool_call_argument_begin|>{}<|tool_call_end|>"
    answer = f"<|tool_calls_section_begin|>{one}{one}<|tool_calls_section_end|>"
    said = heard(readers["kimi_k2"], answer, tools=TOOLS)
    first, second = (call.id for call in said.tool_calls)
    assert first == "functions.now:0" != second


def test_ids_are_of_the_length_that_mistral_s_template_takes(readers: dict[str, Reader]):
    said = heard(readers["mistral"], FAMILIES["mistral"].calls, tools=TOOLS)
    answered = (HELLO, ChatMessage("assistant", "", tool_calls=said.tool_calls))
    readers["mistral"].read(GenerationRequest(messages=answered))
    wrong = ChatMessage("assistant", "", tool_calls=(ToolCall("1", "now", "{}"),))
    with pytest.raises(Invalid, match="alphanumeric strings with length 9"):
        readers["mistral"].read(GenerationRequest(messages=(HELLO, wrong)))


def test_a_role_that_the_template_refuses_is_said_in_its_words(readers: dict[str, Reader]):
    with pytest.raises(Invalid, match="Only user and assistant roles are supported") as why:
        readers["mistral"].read(GenerationRequest(messages=(ChatMessage("system", "be"), HELLO)))
    assert why.value.field == "messages"


@pytest.mark.parametrize("template", ["smollm2", "always_thinks"])
def test_a_template_that_shows_no_tools_refuses_them(tmp_path: Path, template: str):
    reader = reader_of(tmp_path, template, ("<tool_call>", "</tool_call>", "<think>", "</think>"))
    assert not reader.takes_tools
    with pytest.raises(Invalid, match="takes no tools"):
        reader.read(GenerationRequest(messages=(HELLO,), tools=TOOLS))


def test_a_template_whose_calls_nobody_can_read_refuses_tools(tmp_path: Path):
    """Llama writes calls without any mark: they cannot be told from text."""
    reader = reader_of(tmp_path, "llama3")
    with pytest.raises(Invalid, match="cannot be told from text"):
        reader.read(GenerationRequest(messages=(HELLO,), tools=TOOLS))


@pytest.mark.parametrize(
    ("tools", "reason"),
    [
        ((Tool("f", parameters="{"),), "parameters of the tool f"),
        ((Tool("f", parameters="[]"),), "parameters of the tool f"),
        ((Tool("f"), Tool("f")), "two tools have the name f"),
    ],
)
def test_tools_that_cannot_be_shown_are_refused(
    readers: dict[str, Reader], tools: tuple[Tool, ...], reason: str
):
    with pytest.raises(Invalid, match=reason) as why:
        readers["qwen3"].read(GenerationRequest(messages=(HELLO,), tools=tools))
    assert why.value.field == "tools"


def test_calls_whose_arguments_are_no_object_are_refused(readers: dict[str, Reader]):
    called = ChatMessage("assistant", "", tool_calls=(ToolCall("1", "now", "[]"),))
    with pytest.raises(Invalid, match="arguments of the call 1") as why:
        readers["qwen3"].read(GenerationRequest(messages=(HELLO, called)))
    assert why.value.field == "messages"
