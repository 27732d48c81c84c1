"""Calls of tools as a model writes them: read for certain, or left as text."""

from __future__ import annotations

import ast
import json
import secrets
import string
from collections.abc import Mapping, Sequence
from typing import Any, cast

from common.model.llm import ToolCall
from dragon_node.inference.reading.forms import FORMS, is_whole
from dragon_node.inference.reading.tools import json_object

ID_CHARS = string.ascii_letters + string.digits
ID_LENGTH = 9
"""Mistral's templates refuse ids of any other length."""
RAW = "raw"
"""Where the parser of glm47 puts arguments that it cannot read."""
LITERAL = (ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.UnaryOp, ast.USub, ast.UAdd, ast.Load)
JSON_NAMES = {"true", "false", "null"}


class Calls:
    """Reads what one answer holds between its marks of a call."""

    def __init__(self, tokenizer: Any, tools: Sequence[Mapping[str, Any]]) -> None:
        """`tokenizer` is a TokenizerWrapper with tool calling; `tools` are those of `offered`."""
        self.start: str = tokenizer.tool_call_start
        self.end: str = tokenizer.tool_call_end
        self._parse: Any = tokenizer.tool_parser
        self._family: str = tokenizer.init_kwargs.get("tool_parser_type", "")
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
        arguments = [self._arguments(call) for call in found]
        texts = [None if each is None else _json(each) for each in arguments]
        whole = [text for text in texts if text is not None]
        if len(whole) < len(found) or not self._complete(written, arguments):
            return []
        return [
            ToolCall(self._id(call), call["name"], text)
            for call, text in zip(found, whole, strict=True)
        ]

    def _arguments(self, call: Any) -> Mapping[str, Any] | None:
        """Of a call that can be given on; None for any other."""
        if not isinstance(call, dict):
            return None
        written = cast(Mapping[str, Any], call)
        known = self._known.get(str(written.get("name")))
        arguments = written.get("arguments", {})
        if isinstance(arguments, str):
            arguments = json_object(arguments)
        if known is None or not isinstance(arguments, dict):
            return None
        more = written.keys() - {"name", "arguments", "id", "type"}
        guessed = RAW in arguments and RAW not in (known.get("properties") or {})
        return None if more or guessed else cast(Mapping[str, Any], arguments)

    def _complete(self, written: str, arguments: Sequence[Mapping[str, Any] | None]) -> bool:
        """Nothing was passed over, and nothing guessed."""
        if self._family == "pythonic":
            return _is_literal(written)
        form = FORMS.get(self._family)
        return form is None or is_whole(
            form,
            written,
            calls=len(arguments),
            arguments=sum(len(each or ()) for each in arguments),
        )

    def _id(self, call: Mapping[str, Any]) -> str:
        """The model's own, once; otherwise a new one."""
        own = call.get("id")
        if not isinstance(own, str) or not own or own in self._ids:
            own = "".join(secrets.choice(ID_CHARS) for _ in range(ID_LENGTH))
        self._ids.add(own)
        return own


def _json(arguments: Mapping[str, Any]) -> str | None:
    try:
        return json.dumps(arguments, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return None


def _is_literal(written: str) -> bool:
    """A list of calls whose arguments are values: of anything else the parser makes strings."""
    try:
        body = ast.parse(written.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    calls = [c for c in body.elts if isinstance(c, ast.Call)] if isinstance(body, ast.List) else []
    return bool(calls) and all(not c.args and _are_values(c) for c in calls)


def _are_values(call: ast.Call) -> bool:
    return all(
        isinstance(node, LITERAL) or (isinstance(node, ast.Name) and node.id in JSON_NAMES)
        for keyword in call.keywords
        for node in ast.walk(keyword.value)
    )
