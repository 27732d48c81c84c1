"""Families of models as a reader sees them: their template, their marks, and calls as they write
them. The words are bytes; the marks are tokens of their own, as with the real ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tokenizers import AddedToken, Tokenizer

from common.model.llm import ChatMessage, GenerationRequest, Tool
from dragon_node.inference.reading.prompted import Said
from dragon_node.inference.reading.reader import Reader
from tests.support.tiny_models import tiny_model

TEMPLATES = Path(__file__).parent / "templates"
LOOK_UP = Tool(
    "look_up",
    "Finds a city.",
    '{"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}',
)
NOW = Tool("now", "The time.")
SAO_PAULO = {"city": "São Paulo", "days": 3}
OSLO = {"city": "Oslo", "days": 1}


@dataclass(frozen=True, slots=True)
class Family:
    """How one family writes."""

    marks: tuple[str, ...]
    """Tokens of their own."""
    calls: str
    """look_up of SAO_PAULO and then of OSLO, with all their marks."""
    broken: str
    """With all its marks, and not to be read as a call for certain."""
    cut: str
    """A call that is not at its end."""


THINK = ("<think>", "</think>")
FAMILIES: dict[str, Family] = {
    "qwen3": Family(
        (*THINK, "<tool_call>", "</tool_call>"),
        '<tool_call>\n{"name": "look_up", "arguments": {"city": "São Paulo", "days": 3}}\n'
        '</tool_call>\n<tool_call>\n{"name": "look_up", "arguments": {"city": "Oslo", "days": 1}}\n'
        "</tool_call>",
        '<tool_call>\n{"name": "look_up", "arguments": {"city": "Os}\n</tool_call>',
        '<tool_call>\n{"name": "look_up", "argum',
    ),
    "qwen3_coder": Family(
        ("<tool_call>", "</tool_call>"),
        "<tool_call>\n<function=look_up>\n<parameter=city>\nSão Paulo\n</parameter>\n"
        "<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>\n"
        "<tool_call>\n<function=look_up>\n<parameter=city>\nOslo\n</parameter>\n"
        "<parameter=days>\n1\n</parameter>\n</function>\n</tool_call>",
        "<tool_call>\n<function=look_up>\n<parameter=city>\nOslo\n</parameter>\n"
        "<parameter=days>\n1\n</function>\n</tool_call>",
        "<tool_call>\n<function=look_up>\n<parameter=city>\nOslo\n</parameter>\n",
    ),
    "mistral": Family(
        ("[TOOL_CALLS]", "[ARGS]"),
        '[TOOL_CALLS]look_up[ARGS]{"city": "São Paulo", "days": 3}'
        '[TOOL_CALLS]look_up[ARGS]{"city": "Oslo", "days": 1}',
        '[TOOL_CALLS]look_up[ARGS]{"city": "Oslo", "days": 1}[TOOL_CALLS]look_up[ARGS]["Oslo"]',
        '[TOOL_CALLS]look_up[ARGS]{"city": "Oslo", "days": 1}[TOOL_CALLS]look_u',
    ),
    "gemma4": Family(
        ("<|channel>", "<channel|>", "<|tool_call>", "<tool_call|>", '<|"|>'),
        '<|tool_call>call:look_up{city:<|"|>São Paulo<|"|>,days:3}<tool_call|>'
        '<|tool_call>call:look_up{city:<|"|>Oslo<|"|>,days:1}<tool_call|>',
        "<|tool_call>call:look_up{city:Oslo}<tool_call|>",
        '<|tool_call>call:look_up{city:<|"|>Os',
    ),
    "function_gemma": Family(
        ("<start_function_call>", "<end_function_call>", "<escape>"),
        "<start_function_call>call:look_up{city:<escape>São Paulo<escape>,days:3}"
        "<end_function_call><start_function_call>call:look_up{city:<escape>Oslo<escape>,days:1}"
        "<end_function_call>",
        "<start_function_call>call:look_up{city:{name:Oslo},days:1}<end_function_call>",
        "<start_function_call>call:look_up{city:<escape>Os",
    ),
    "glm47": Family(
        (*THINK, "<tool_call>", "</tool_call>", "<arg_key>", "</arg_key>", "<arg_value>"),
        "<tool_call>look_up<arg_key>city</arg_key><arg_value>São Paulo</arg_value>"
        "<arg_key>days</arg_key><arg_value>3</arg_value></tool_call>"
        "<tool_call>look_up<arg_key>city</arg_key><arg_value>Oslo</arg_value>"
        "<arg_key>days</arg_key><arg_value>1</arg_value></tool_call>",
        "<tool_call>look_up the city of Oslo</tool_call>",
        "<tool_call>look_up<arg_key>city</arg_key><arg_value>Oslo</arg_value>",
    ),
    "kimi_k2": Family(
        (
            "<|tool_calls_section_begin|>",
            "<|tool_calls_section_end|>",
            "<|tool_call_begin|>",
            "<|tool_call_argument_begin|>",
            "<|tool_call_end|>",
        ),
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.look_up:0"
        '<|tool_call_argument_begin|>{"city": "São Paulo", "days": 3}<|tool_call_end|>'
        "<|tool_call_begin|>functions.look_up:1"
        '<|tool_call_argument_begin|>{"city": "Oslo", "days": 1}<|tool_call_end|>'
        "<|tool_calls_section_end|>",
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.look_up:0"
        '<|tool_call_argument_begin|>{"city": "Oslo"}<|tool_call_end|>'
        "<|tool_call_begin|>functions.look_up:1<|tool_calls_section_end|>",
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.look_up:0"
        '<|tool_call_argument_begin|>{"city": "Oslo"}<|tool_call_end|><|tool_call_begin|>',
    ),
    "minimax_m2": Family(
        (*THINK, "<minimax:tool_call>", "</minimax:tool_call>"),
        '<minimax:tool_call>\n<invoke name="look_up">\n<parameter name="city">São Paulo</parameter>'
        '\n<parameter name="days">3</parameter>\n</invoke>\n<invoke name="look_up">\n'
        '<parameter name="city">Oslo</parameter>\n<parameter name="days">1</parameter>\n</invoke>\n'
        "</minimax:tool_call>",
        '<minimax:tool_call>\n<invoke name="look_up">\n<parameter name="city">Oslo</parameter>\n'
        '</invoke>\n<invoke name="look_up">\n</minimax:tool_call>',
        '<minimax:tool_call>\n<invoke name="look_up">\n<parameter name="city">Oslo',
    ),
    "lfm2": Family(
        ("<|tool_call_start|>", "<|tool_call_end|>"),
        '<|tool_call_start|>[look_up(city="São Paulo", days=3), look_up(city="Oslo", days=1)]'
        "<|tool_call_end|>",
        "<|tool_call_start|>[look_up(city=Oslo), look_up(days=1)]<|tool_call_end|>",
        '<|tool_call_start|>[look_up(city="Oslo", days=1), look_',
    ),
}


def reader_of(directory: Path, template: str, marks: tuple[str, ...] = ()) -> Reader:
    """A reader of bytes with this template and these marks."""
    written = (TEMPLATES / f"{template}.jinja").read_text().removesuffix("\n")
    tiny_model(directory, template=written)
    path = str(directory / "tokenizer.json")
    tokenizer = Tokenizer.from_file(path)
    tokenizer.add_tokens([AddedToken(m, special=False, normalized=False) for m in marks])
    tokenizer.save(path)
    return Reader(directory)


def heard(reader: Reader, answer: str, *, cut: bool = False, **asked: object) -> Said:
    """All that an answer says, read token by token; `asked` as in GenerationRequest."""
    messages = (ChatMessage("user", "hello"),)
    request = GenerationRequest(messages=messages, **asked)  # type: ignore[arg-type]
    speech = reader.speech(reader.read(request))
    said = [speech.feed(t) for t in reader._tokenizer.encode(answer, add_special_tokens=False)]
    said.append(speech.end(cut=cut))
    return Said(
        "".join(s.text for s in said),
        "".join(s.reasoning for s in said),
        tuple(call for s in said for call in s.tool_calls),
        any(s.ended for s in said),
    )
