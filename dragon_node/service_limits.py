"""What a request to a model may ask for, at the edge: every field has its limit."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any, cast

from common.errors import Invalid
from common.model.llm import ChatMessage, GenerationRequest, Tool, ToolCall
from common.pb.postdevai.v1.inference_service_pb2 import GenerateRequest
from common.wire.translate import from_pb
from dragon_node.inference.reading.grammar import REGEX_CHARS_MAX, SCHEMA_CHARS_MAX

MODEL_CHARS_MAX = 200
MESSAGES_MAX = 1_000
CONVERSATION_CHARS_MAX = 2_000_000
TOKENS_MAX = 32_768
TOP_K_MAX = 100_000
STOPS_MAX = 8
STOP_CHARS_MAX = 64
TOP_LOGPROBS_MAX = 10
TOOLS_MAX = 64
TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
DESCRIPTION_CHARS_MAX = 16_384
CALLS_MAX = 64
"""Of one message."""
LABEL_CHARS_MAX = 256
"""Of a call's id and name: models make them, and not always as they were told."""
JSON_DEPTH_MAX = 64
"""Objects and arrays in each other: further down, those who read them run out of stack."""
TIMEOUT_S_MAX = 86_400.0
TEXTS_MAX = 256
TEXT_CHARS_MAX = 100_000

RANGES: tuple[tuple[str, float, float], ...] = (
    ("max_tokens", 0, TOKENS_MAX),
    ("temperature", 0.0, 2.0),
    ("top_p", 0.0, 1.0),
    ("top_k", 0, TOP_K_MAX),
    ("min_p", 0.0, 1.0),
    ("top_logprobs", 0, TOP_LOGPROBS_MAX),
    ("timeout_s", 0.0, TIMEOUT_S_MAX),
)


def request_from_pb(message: GenerateRequest) -> GenerationRequest:
    """What is asked of a model; Invalid names the field at fault."""
    request = from_pb(message, GenerationRequest)
    _lengths(request)
    _messages(request.messages)
    _numbers(request)
    _tools(request.tools)
    return request


def _lengths(request: GenerationRequest) -> None:
    for field, chars_max in (
        ("model", MODEL_CHARS_MAX),
        ("json_schema", SCHEMA_CHARS_MAX),
        ("regex", REGEX_CHARS_MAX),
    ):
        _at_most(getattr(request, field), chars_max, field)
    if request.json_schema:
        _json_object(request.json_schema, "json_schema")
    if len(request.stop) > STOPS_MAX:
        raise Invalid(f"{len(request.stop)} stop strings, {STOPS_MAX} at most", field="stop")
    for index, stop in enumerate(request.stop):
        if not 1 <= len(stop) <= STOP_CHARS_MAX:
            raise Invalid(
                f"a stop string has 1 to {STOP_CHARS_MAX} characters", field=f"stop[{index}]"
            )


def _messages(messages: Sequence[ChatMessage]) -> None:
    if not 1 <= len(messages) <= MESSAGES_MAX:
        raise Invalid(f"{len(messages)} messages; 1 to {MESSAGES_MAX} are taken", field="messages")
    for index, message in enumerate(messages):
        _labels(message, f"messages[{index}]")
        _calls(message.tool_calls, f"messages[{index}].tool_calls")
    chars = sum(len(m.content) + sum(len(c.arguments) for c in m.tool_calls) for m in messages)
    if chars > CONVERSATION_CHARS_MAX:
        raise Invalid(
            f"the conversation has {chars} characters, {CONVERSATION_CHARS_MAX} at most",
            field="messages",
        )


def _calls(calls: Sequence[ToolCall], field: str) -> None:
    if len(calls) > CALLS_MAX:
        raise Invalid(f"{len(calls)} calls in a message, {CALLS_MAX} at most", field=field)
    for number, call in enumerate(calls):
        for name in ("id", "name"):
            _at_most(getattr(call, name), LABEL_CHARS_MAX, f"{field}[{number}].{name}")
        _json_object(call.arguments, f"{field}[{number}].arguments")


def _labels(message: ChatMessage, field: str) -> None:
    for name in ("name", "tool_call_id"):
        _at_most(getattr(message, name), LABEL_CHARS_MAX, f"{field}.{name}")


def _numbers(request: GenerationRequest) -> None:
    for field, least, most in RANGES:
        value: float = getattr(request, field)
        if not (math.isfinite(value) and least <= value <= most):
            raise Invalid(f"{field} must be {least:g} to {most:g}", field=field)
    penalty = request.repetition_penalty
    if penalty and not (math.isfinite(penalty) and 1.0 <= penalty <= 2.0):
        raise Invalid(
            "repetition_penalty must be 1 to 2, or 0 for none", field="repetition_penalty"
        )
    if request.top_logprobs and not request.logprobs:
        raise Invalid("top_logprobs come with logprobs: ask for both", field="top_logprobs")


def _tools(tools: Sequence[Tool]) -> None:
    if len(tools) > TOOLS_MAX:
        raise Invalid(f"{len(tools)} tools, {TOOLS_MAX} at most", field="tools")
    for index, tool in enumerate(tools):
        if not TOOL_NAME.fullmatch(tool.name):
            raise Invalid(
                "a tool's name has 1 to 64 letters, digits, _ or -", field=f"tools[{index}].name"
            )
        _at_most(tool.description, DESCRIPTION_CHARS_MAX, f"tools[{index}].description")
        if tool.parameters:
            _json_object(tool.parameters, f"tools[{index}].parameters")


def _at_most(text: str, chars_max: int, field: str) -> None:
    if len(text) > chars_max:
        raise Invalid(f"{field} has {len(text)} characters, {chars_max} at most", field=field)


def _json_object(text: str, field: str) -> None:
    _at_most(text, SCHEMA_CHARS_MAX, field)
    try:
        parsed: Any = json.loads(text or "{}")
    except ValueError as why:
        raise Invalid(f"it is not JSON: {why}", field=field) from why
    except RecursionError as why:
        raise _too_deep(field) from why
    if not isinstance(parsed, dict):
        raise Invalid("it must be a JSON object", field=field)
    if _depth(cast("dict[str, Any]", parsed)) > JSON_DEPTH_MAX:
        raise _too_deep(field)


def _too_deep(field: str) -> Invalid:
    return Invalid(f"more than {JSON_DEPTH_MAX} objects and arrays lie in each other", field=field)


def _depth(parsed: dict[str, Any]) -> int:
    """Layer by layer, without a stack that could run out."""
    depth, layer = 0, list[Any]([parsed])
    while layer:
        depth += 1
        layer = [inner for part in layer for inner in _inside(part)]
    return depth


def _inside(part: Any) -> list[Any]:
    """The objects and arrays in one."""
    if isinstance(part, dict):
        part = list(cast("dict[str, Any]", part).values())
    parts = cast("list[Any]", part)
    return [inner for inner in parts if isinstance(inner, dict | list)]
