"""A call is read when all that is written is read; otherwise it is no call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from common.model.llm import ToolCall
from dragon_node.inference import mlx_modules
from dragon_node.inference.reading.calls import Calls
from dragon_node.inference.reading.forms import FORMS
from dragon_node.inference.reading.tools import offered
from tests.support.reading import LOOK_UP, NOW

OSLO = '{"city": "Oslo", "days": 1}'
ARGUMENT = '<|open|>argument key="{}" type="{}"<|sep|>{}<|close|>argument<|sep|>'
WHOLE = {
    "function_gemma": "call:look_up{city:<escape>Oslo<escape>,days:1}",
    "gemma4": 'call:look_up{city:<|"|>Oslo<|"|>,days:1}',
    "glm47": "look_up\n<arg_key>city</arg_key>\n<arg_value>Oslo</arg_value>\n"
    "<arg_key>days</arg_key>\n<arg_value>1</arg_value>\n",
    "kimi_k2": "<|tool_call_begin|>functions.look_up:0<|tool_call_argument_begin|>"
    f"{OSLO}<|tool_call_end|>",
    "kimi_k3": '<|open|>call tool="look_up" index="1"<|sep|>\n'
    + ARGUMENT.format("city", "string", "Oslo")
    + ARGUMENT.format("days", "number", "1")
    + "<|close|>call<|sep|>",
    "laguna": "look_up<arg_key>city</arg_key><arg_value>Oslo</arg_value>"
    "<arg_key>days</arg_key><arg_value>1</arg_value>",
    "longcat": "look_up\n<longcat_arg_key>city</longcat_arg_key>\n"
    "<longcat_arg_value>Oslo</longcat_arg_value>\n<longcat_arg_key>days</longcat_arg_key>\n"
    "<longcat_arg_value>1</longcat_arg_value>",
    "minicpm5": '"look_up"><param name="city">Oslo</param><param name="days">1</param>',
    "minimax_m2": '\n<invoke name="look_up">\n<parameter name="city">Oslo</parameter>\n'
    '<parameter name="days">1</parameter>\n</invoke>\n',
    "mistral": f"look_up[ARGS]{OSLO}",
    "muse_spark": '<atem:invoke name="look_up"><atem:parameter name="city">Oslo</atem:parameter>'
    '<atem:parameter name="days">1</atem:parameter></atem:invoke>',
    "qwen3_coder": "\n<function=look_up>\n<parameter=city>\nOslo\n</parameter>\n"
    "<parameter=days>\n1\n</parameter>\n</function>\n",
    "json_tools": f'\n{{"name": "look_up", "arguments": {OSLO}}}\n',
    "pythonic": '[look_up(city="Oslo", days=1)]',
}


class Wrapper:
    """What a tokenizer of mlx_lm knows of its family."""

    def __init__(self, family: str) -> None:
        module: Any = mlx_modules.module(f"mlx_lm.tool_parsers.{family}")
        self.tool_call_start = module.tool_call_start
        self.tool_call_end = module.tool_call_end
        self.tool_parser = module.parse_tool_call
        self.init_kwargs = {"tool_parser_type": family}


def read(family: str, written: str) -> list[ToolCall]:
    return Calls(Wrapper(family), offered((LOOK_UP, NOW))).read(written)


def test_every_family_of_mlx_lm_is_here():
    (parsers,) = mlx_modules.module("mlx_lm.tool_parsers").__path__
    families = {path.stem for path in Path(parsers).glob("[a-z]*.py")}
    assert families == set(WHOLE) == {*FORMS, "json_tools", "pythonic"}


@pytest.mark.parametrize("family", WHOLE)
def test_a_whole_call_is_read(family: str):
    assert [(c.name, c.arguments) for c in read(family, WHOLE[family])] == [("look_up", OSLO)]


@pytest.mark.parametrize("family", WHOLE)
@pytest.mark.parametrize("place", ["before", "after"])
def test_a_word_beside_a_call_is_not_passed_over(family: str, place: str):
    whole = WHOLE[family]
    written = f"wait {whole}" if place == "before" else f"{whole} wait"
    assert read(family, written) == []


@pytest.mark.parametrize("family", ["mistral", "glm47", "longcat"])
def test_plain_json_is_read_where_the_family_reads_it(family: str):
    call = f'{{"name": "look_up", "arguments": {OSLO}}}'
    written = f"[{call}]" if family == "mistral" else call
    assert [(c.name, c.arguments) for c in read(family, written)] == [("look_up", OSLO)]
