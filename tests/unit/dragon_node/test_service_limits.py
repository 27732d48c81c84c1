"""Every field of a request has an end, and a refusal names the field."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import Invalid
from common.pb.postdevai.v1 import inference_service_pb2 as pb
from dragon_node.inference.reading import grammar
from dragon_node.service_limits import (
    CALLS_MAX,
    DESCRIPTION_CHARS_MAX,
    JSON_DEPTH_MAX,
    LABEL_CHARS_MAX,
    request_from_pb,
)


def user(**fields: Any) -> pb.ChatMessage:
    return pb.ChatMessage(role="user", content="Hello", **fields)


def called(*calls: pb.ToolCall) -> dict[str, Any]:
    return {"messages": [user(), pb.ChatMessage(role="assistant", tool_calls=calls)]}


def call(**fields: Any) -> pb.ToolCall:
    return pb.ToolCall(**({"id": "1", "name": "f", "arguments": "{}"} | fields))


def tool(**fields: Any) -> dict[str, Any]:
    return {"tools": [pb.Tool(name="f", **fields)]}


def nested(depth: int) -> str:
    """So many objects in each other."""
    return '{"a": ' * (depth - 1) + "{}" + "}" * (depth - 1)


def fault(**fields: Any) -> Invalid | None:
    """Why a request with these fields is refused."""
    asked: dict[str, Any] = {"messages": [user()]} | fields
    try:
        request_from_pb(pb.GenerateRequest(**asked))
    except Invalid as why:
        return why
    return None


LONGEST: list[tuple[str, Any, int]] = [
    ("messages[0].name", lambda n: {"messages": [user(name="n" * n)]}, LABEL_CHARS_MAX),
    (
        "messages[0].tool_call_id",
        lambda n: {"messages": [user(tool_call_id="n" * n)]},
        LABEL_CHARS_MAX,
    ),
    ("messages[1].tool_calls", lambda n: called(*[call()] * n), CALLS_MAX),
    ("messages[1].tool_calls[0].id", lambda n: called(call(id="i" * n)), LABEL_CHARS_MAX),
    ("messages[1].tool_calls[0].name", lambda n: called(call(name="n" * n)), LABEL_CHARS_MAX),
    (
        "messages[1].tool_calls[0].arguments",
        lambda n: called(call(arguments=nested(n))),
        JSON_DEPTH_MAX,
    ),
    ("tools[0].description", lambda n: tool(description="d" * n), DESCRIPTION_CHARS_MAX),
    ("tools[0].parameters", lambda n: tool(parameters=nested(n)), JSON_DEPTH_MAX),
    ("json_schema", lambda n: {"json_schema": nested(n)}, JSON_DEPTH_MAX),
    ("json_schema", lambda n: {"json_schema": "{}".ljust(n)}, grammar.SCHEMA_CHARS_MAX),
    ("regex", lambda n: {"regex": "r" * n}, grammar.REGEX_CHARS_MAX),
]


@pytest.mark.parametrize(("field", "request_of", "most"), LONGEST)
def test_the_longest_is_taken_and_one_more_names_its_field(field: str, request_of: Any, most: int):
    assert fault(**request_of(most)) is None
    refused = fault(**request_of(most + 1))
    assert refused is not None
    assert refused.field == field
    assert str(most) in refused.message


def test_every_text_of_a_request_has_an_end():
    """A field that is added without a limit is found here."""
    endless: Any = "x" * 3_000_000

    def texts(message: Any) -> list[str]:
        kinds = message.DESCRIPTOR.fields
        return [f.name for f in kinds if f.type == f.TYPE_STRING and not f.is_repeated]

    asked = [
        *({name: endless} for name in texts(pb.GenerateRequest)),
        {"stop": [endless]},
        *({"messages": [pb.ChatMessage(**{name: endless})]} for name in texts(pb.ChatMessage)),
        *(called(pb.ToolCall(**{name: endless})) for name in texts(pb.ToolCall)),
        *({"tools": [pb.Tool(**{"name": "f"} | {name: endless})]} for name in texts(pb.Tool)),
    ]
    assert len(asked) == 15
    for fields in asked:
        assert fault(**fields) is not None


@pytest.mark.parametrize("opening", ['{"a":', '{"a":[', '{"a":[{"b":'])
def test_json_that_lies_thousands_deep_is_invalid_and_not_a_fault_of_the_node(opening: str):
    closing = opening[::-1].translate(str.maketrans("{[", "}]", '":ab'))
    deep = opening * 3_000 + "1" + closing * 3_000
    for field, fields in {
        "tools[0].parameters": tool(parameters=deep),
        "messages[1].tool_calls[0].arguments": called(call(arguments=deep)),
        "json_schema": {"json_schema": deep},
    }.items():
        refused = fault(**fields)
        assert refused is not None
        assert refused.field == field
        assert "lie in each other" in refused.message


def test_the_likeliest_without_logprobs_are_refused_rather_than_left_out():
    refused = fault(top_logprobs=3)
    assert refused is not None
    assert refused.field == "top_logprobs"
    assert fault(top_logprobs=3, logprobs=True) is None
