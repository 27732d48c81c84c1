"""Tools, calls and messages as a template takes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from common.errors import Invalid
from common.model.llm import ChatMessage, Tool, ToolCall


def offered(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    """The tools as templates take them; Invalid when one cannot be read."""
    names = [tool.name for tool in tools]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise Invalid(f"two tools have the name {twice}", field="tools")
    return [_offered(tool) for tool in tools]


def conversation(messages: Sequence[ChatMessage]) -> list[dict[str, Any]]:
    """The messages as templates take them; Invalid when a call's arguments are no JSON object."""
    return [_message(message) for message in messages]


def _offered(tool: Tool) -> dict[str, Any]:
    parameters = json_object(tool.parameters or '{"type": "object", "properties": {}}')
    if parameters is None:
        raise Invalid(
            f"the parameters of the tool {tool.name} are no JSON object",
            hint='write a JSON Schema, such as {"type": "object", "properties": {}}',
            field="tools",
        )
    described = {"name": tool.name, "description": tool.description, "parameters": parameters}
    return {"type": "function", "function": described}


def _message(message: ChatMessage) -> dict[str, Any]:
    said: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        said["tool_calls"] = [_called(call) for call in message.tool_calls]
    if message.tool_call_id:
        said["tool_call_id"] = message.tool_call_id
    if message.name:
        said["name"] = message.name
    return said


def _called(call: ToolCall) -> dict[str, Any]:
    arguments = json_object(call.arguments or "{}")
    if arguments is None:
        raise Invalid(f"the arguments of the call {call.id} are no JSON object", field="messages")
    function = {"name": call.name, "arguments": arguments}
    return {"id": call.id, "type": "function", "function": function}


def json_object(written: str) -> dict[str, Any] | None:
    """What is written, or None when that is no JSON object."""
    try:
        value = json.loads(written)
    except (ValueError, RecursionError):
        return None
    return cast(dict[str, Any], value) if isinstance(value, dict) else None
