"""What a person picks from their agent's menu: a failure explained, and where one left off."""

from __future__ import annotations

from mcp_types import (
    GetPromptResult,
    Prompt,
    PromptArgument,
    PromptMessage,
    TextContent,
)

from common.errors import Invalid
from developer_node.front.mcp import failures, past
from developer_node.front.mcp.told import words
from developer_node.front.mcp.tool import Desk

EXPLAIN = "explain_failure"
LEFT_OFF = "where_was_i"

PROMPTS = (
    Prompt(
        name=EXPLAIN,
        title="Explain a failure",
        description="The last failure, or one command's, with what is remembered about it.",
        arguments=[
            PromptArgument(name="event", description="Id of a recorded command.", required=False)
        ],
    ),
    Prompt(
        name=LEFT_OFF,
        title="Where was I?",
        description="The last commands, saved files and git operations.",
        arguments=[
            PromptArgument(
                name="since", description="2h, 21:40, yesterday; 1d if not named.", required=False
            )
        ],
    ),
)

EXPLAINING = (
    "This command failed. What PostDevAI has recorded about it, and what it remembers about the"
    " failure, stands below. Say why it failed. If a remedy is remembered, say in which state it is"
    " (confirmed, observed, unproven, ambiguous, rejected) and whether it fits here; do not call"
    " anything a fix that is not said to be one.\n\n"
)
LEAVING = "This is what I did. Say in a few sentences where I was and what comes next.\n\n"


async def made(desk: Desk, name: str, given: dict[str, str]) -> GetPromptResult:
    """The text with what is known now in it."""
    known = next((each for each in PROMPTS if each.name == name), None)
    if known is None:
        raise Invalid(f"There is no prompt {name!r}.", field="name")
    allowed = {each.name for each in known.arguments or ()}
    if unknown := sorted(set(given) - allowed):
        raise Invalid(f"The prompt {name} has no argument {unknown[0]!r}.", field=unknown[0])
    if name == EXPLAIN:
        told = await failures.why_failed(
            desk, failures.WhyFailed(event=given.get("event", ""), cwd="")
        )
        text = EXPLAINING + words(told.lines, told.known)
    else:
        asked = past.HistorySearch.model_validate({"since": given.get("since") or "1d"})
        told = await past.history_search(desk, asked)
        text = LEAVING + words(told.lines, told.known)
    message = PromptMessage(role="user", content=TextContent(text=text))
    return GetPromptResult(description=known.description, messages=[message])
