"""Tools as a template takes them, and calls as a model writes them."""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Mapping, Sequence
from typing import Any, cast

from common.errors import Invalid
from common.model.llm import ChatMessage, Tool, ToolCall

ID_CHARS = string.ascii_letters + string.digits
ID_LENGTH = 9
"""Mistral's templates refuse ids of any other length."""
OPENERS = {
    "kimi_k2": "<|tool_call_begin|>",
    "kimi_k3": "",
    "qwen3_coder": "<function=",
    "function_gemma": "call:",
    "minimax_m2": "<invoke ",
}
"""What begins each call within a block, for the parsers that pass over what they cannot read."""
RAW = "raw"
"""Where the parser of glm47 puts arguments that it cannot read."""


def offered(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    """The tools as templates take them; Invalid when one cannot be read."""
    names = [tool.name for tool in tools]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise Invalid(f"two tools have the name {twice}", field="tools")
    return [_offered(tool) for tool in tools]


def conversation(messages: Sequence[ChatMessage]) -> list[dict[str, Any]]:
    """The messages as templates take them; Invalid when a call's arguments are no JSON object."""
    return [_message(message) for message in messages]


class Calls:
    """Reads what a model writes between its marks of a call."""

    def __init__(self, tokenizer: Any, tools: Sequence[Mapping[str, Any]]) -> None:
        """`tokenizer` is a TokenizerWrapper with tool calling; `tools` are those of `offered`."""
        self.start: str = tokenizer.tool_call_start
        self.end: str = tokenizer.tool_call_end
        self._parse: Any = tokenizer.tool_parser
        family: str = tokenizer.init_kwargs.get("tool_parser_type", "")
        self._opener = OPENERS.get(family, "")
        self._tools = list(tools)
        self._known: dict[str, Mapping[str, Any]] = {
            tool["function"]["name"]: tool["function"]["parameters"] for tool in tools
        }
        self._ids: set[str] = set()

    def read(self, written: str) -> list[ToolCall]:
        """The calls, or none when any of it is not certainly a call of an offered tool."""
        try:
            parsed = self._parse(written, self._tools)
        except Exception:  # parsers stumble over what a model writes in every way there is
            return []
        found = cast(list[Any], parsed if isinstance(parsed, list) else [parsed])
        if self._opener and written.count(self._opener) != len(found):
            return []
        arguments = [self._arguments(call) for call in found]
        if any(each is None for each in arguments):
            return []
        return [
            ToolCall(self._id(call), call["name"], json.dumps(each, ensure_ascii=False))
            for call, each in zip(found, arguments, strict=True)
        ]

    def _arguments(self, call: Any) -> Mapping[str, Any] | None:
        """Of a call that can be given on; None for any other."""
        if not isinstance(call, dict):
            return None
        written = cast(Mapping[str, Any], call)
        known = self._known.get(str(written.get("name")))
        arguments = written.get("arguments", {})
        if isinstance(arguments, str):
            arguments = _object(arguments)
        if known is None or not isinstance(arguments, dict):
            return None
        guessed = RAW in arguments and RAW not in (known.get("properties") or {})
        return None if guessed else cast(Mapping[str, Any], arguments)

    def _id(self, call: Mapping[str, Any]) -> str:
        """The model's own, once; otherwise a new one."""
        own = call.get("id")
        if not isinstance(own, str) or not own or own in self._ids:
            own = "".join(secrets.choice(ID_CHARS) for _ in range(ID_LENGTH))
        self._ids.add(own)
        return own


def _offered(tool: Tool) -> dict[str, Any]:
    parameters = _object(tool.parameters or '{"type": "object", "properties": {}}')
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
    arguments = _object(call.arguments or "{}")
    if arguments is None:
        raise Invalid(f"the arguments of the call {call.id} are no JSON object", field="messages")
    function = {"name": call.name, "arguments": arguments}
    return {"id": call.id, "type": "function", "function": function}


def _object(written: str) -> dict[str, Any] | None:
    try:
        value = json.loads(written)
    except (ValueError, RecursionError):
        return None
    return cast(dict[str, Any], value) if isinstance(value, dict) else None
