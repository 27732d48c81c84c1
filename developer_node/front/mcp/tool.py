"""What a tool is: a name, what it takes, what it promises, and who does it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from mcp_types import Tool, ToolAnnotations
from pydantic import BaseModel, ConfigDict, ValidationError

from common.errors import Invalid
from developer_node.front.mcp.daemon import Daemon
from developer_node.front.mcp.schema import Schema
from developer_node.front.mcp.told import Told


class Arguments(BaseModel):
    """What a tool takes; a name that it does not know is refused, so that no wish is lost."""

    model_config = ConfigDict(extra="forbid", frozen=True)


A = TypeVar("A", bound=Arguments)

Progress = Callable[[str], Awaitable[None]]
"""How far it has come, in words."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a tool works with."""

    daemon: Daemon
    cwd: str
    """Where the agent works, when that is known; else empty."""
    progress: Progress


@dataclass(frozen=True, slots=True)
class Offer(Generic[A]):
    """A tool."""

    name: str
    title: str
    description: str
    takes: type[A]
    promises: Schema
    does: Callable[[Desk, A], Awaitable[Told]]

    def described(self) -> Tool:
        """As agents read it. All tools look and none of them touches."""
        return Tool(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=takes(self.takes),
            output_schema=self.promises,
            annotations=ToolAnnotations(
                title=self.title,
                read_only_hint=True,
                destructive_hint=False,
                idempotent_hint=True,
                open_world_hint=False,
            ),
        )

    async def __call__(self, desk: Desk, given: dict[str, Any]) -> Told:
        """Invalid when the arguments are not what it takes."""
        try:
            arguments = self.takes.model_validate(given)
        except ValidationError as wrong:
            raise _said(wrong, self.takes) from None
        return await self.does(desk, arguments)


def takes(arguments: type[Arguments]) -> Schema:
    """Its schema, without the titles that say what the names say."""
    schema = arguments.model_json_schema()
    for about in (schema, *schema.get("properties", {}).values()):
        about.pop("title", None)
    schema.pop("description", None)
    schema.setdefault("properties", {})
    return schema


def _said(wrong: ValidationError, arguments: type[Arguments]) -> Invalid:
    first = wrong.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = ", ".join(arguments.model_fields) or "nothing"
        return Invalid(f"There is no argument {field!r}.", field=field, hint=f"It takes: {known}")
    return Invalid(f"The argument {field!r} is wrong: {first['msg']}.", field=field)
