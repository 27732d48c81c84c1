"""The forms in which families of models write calls, to tell whether all of a call was read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """Expressions; what they do not match is no part of a call."""

    call: re.Pattern[str]
    """A call, once its arguments are taken out."""
    argument: re.Pattern[str] | None = None
    """One argument, where each is written by itself."""


def _form(call: str, argument: str = "") -> Form:
    return Form(re.compile(call, re.DOTALL), re.compile(argument, re.DOTALL) if argument else None)


def _between(opening: str, closing: str) -> str:
    """A value that does not hold the opening of another."""
    return f"{opening}(?:(?!{opening}).)*?{closing}"


TAGGED = _form(
    r"[^\s<>]+",
    r"<arg_key>[^<>]*</arg_key>\s*" + _between("<arg_value>", "</arg_value>"),
)
FORMS: Mapping[str, Form] = {
    "function_gemma": _form(r"call:\w+\{[^{}]*\}"),
    "gemma4": _form(r"call:[\w-]+\{(?:(?!call:[\w-]+\{).)*\}"),
    "glm47": TAGGED,
    "kimi_k2": _form(
        r"(?:<\|tool_call_begin\|>)?\s*[^\s<>|]+\s*<\|tool_call_argument_begin\|>"
        r"(?:(?!<\|tool_call_).)*(?:<\|tool_call_end\|>)?"
    ),
    "kimi_k3": _form(
        r"<\|open\|>call(?:(?!<\|sep\|>).)*<\|sep\|>\s*"
        r"(?:<\|open\|>json(?:(?!<\|close\|>).)*<\|close\|>json<\|sep\|>)?\s*"
        r"<\|close\|>call<\|sep\|>",
        _between(r"<\|open\|>argument", r"<\|close\|>argument<\|sep\|>"),
    ),
    "laguna": TAGGED,
    "longcat": _form(
        r"[^\s<>]+",
        r"<longcat_arg_key>[^<>]*</longcat_arg_key>\s*"
        + _between("<longcat_arg_value>", "</longcat_arg_value>"),
    ),
    "minicpm5": _form(r"[\"']?[^\s\"'<>]+[\"']?\s*>", _between(r"<param\s", "</param>")),
    "minimax_m2": _form(
        r"<invoke name=[^<>]+>\s*</invoke>", _between("<parameter name=", "</parameter>")
    ),
    "mistral": _form(
        r"[\w-]+\s*\[ARGS\]\s*\{(?:(?!\[ARGS\]).)*\}(?:\s*\[TOOL_CALLS\])?",
    ),
    "muse_spark": _form(
        r"<atem:invoke\b[^<>]*>\s*(?:</atem:invoke>)?",
        _between(r"<atem:parameter\b", "</atem:parameter>"),
    ),
    "qwen3_coder": _form(
        r"<function=[^<>]+>\s*</function>", _between("<parameter=", "</parameter>")
    ),
}
"""By the names of mlx_lm's parsers. Those look for what they know and pass over the rest: a call,
an argument, a word that they cannot read is simply gone. (json_tools reads all or nothing.)"""


def is_whole(form: Form, written: str, *, calls: int, arguments: int) -> bool:
    """So many calls with so many arguments are all that is written. Some families may write plain
    JSON instead, which their parsers read whole."""
    if _is_json(written):
        return True
    rest, taken = form.argument.subn(" ", written) if form.argument else (written, 0)
    rest, found = form.call.subn(" ", rest)
    return found == calls and taken in (0, arguments) and not rest.strip()


def _is_json(written: str) -> bool:
    try:
        json.loads(written)
    except (ValueError, RecursionError):
        return False
    return True
