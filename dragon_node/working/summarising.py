"""The executor that summarises: what happened in a project lately, in a model's words."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Protocol

from common.errors import Missing, Unavailable
from common.model.event import CommandFinished, GitOperation
from common.model.lake import HistoryEntry, HistoryPage, HistoryQuery
from common.model.llm import ChatMessage, Generated, GenerationRequest
from common.model.task import Task
from common.worker import Executor, Result, Step, Steps
from dragon_node.inference.models import Speaker

EVENTS_MAX = 200
"""The newest commands and commits of the project that are looked at, of each."""
LINES_MAX = 40
LINE_CHARACTERS_MAX = 200
TOKENS_MAX = 300
ASKED = (
    "You summarise a developer's recent work in at most five plain sentences. Say what failed, what"
    " was changed and what still fails. Use only what is listed."
)


class Past(Protocol):
    """What happened."""

    async def history(self, q: HistoryQuery) -> HistoryPage: ...


class Speakers(Protocol):
    """Where words come from."""

    async def speaker(self, wanted: str = "", *, prepare: bool = True) -> Speaker: ...
    def generate(self, request: GenerationRequest) -> AsyncGenerator[Generated]: ...


def summarising(lake: Past, models: Speakers) -> Executor:
    """Without a model it fails and says why; without anything to tell, too."""

    async def execute(task: Task) -> Steps:
        yield Step("reading what happened", 0.1)
        lines = await _lines(lake, task.project)
        if not lines:
            raise Missing(f"nothing is recorded of {task.project} that could be summarised")
        yield Step("waiting for a model", 0.15)
        speaker = await models.speaker()
        messages = _prompt(task.project, lines, speaker)
        request = GenerationRequest(
            speaker.entry.name, messages, max_tokens=TOKENS_MAX, background=True
        )
        said, pieces = "", 0
        async with aclosing(models.generate(request)) as generated:
            async for piece in generated:
                said, pieces = said + piece.text, pieces + 1
                yield Step("writing", min(0.95, 0.2 + pieces / TOKENS_MAX))
        if not said.strip():
            raise Unavailable(f"{speaker.entry.name} said nothing")
        yield Result(f"{said.strip()}\n\n{_origin(lines, speaker)}")

    return execute


def told(entries: Sequence[HistoryEntry]) -> list[str]:
    """One line for each command that failed or passed and each commit, newest first."""
    lines: list[str] = []
    for entry in entries:
        match entry.event.body:
            case CommandFinished() as ran if ran.failures:
                first = ran.failures[0]
                lines.append(f"failed: {ran.command}: {first.message}")
            case GitOperation() as git:
                lines += [f"commit: {commit.subject}" for commit in reversed(git.commits)]
            case _:
                continue
    return [" ".join(each.split())[:LINE_CHARACTERS_MAX] for each in lines]


async def _lines(lake: Past, project: str) -> list[str]:
    commands = await lake.history(HistoryQuery(EVENTS_MAX, "command", project=project))
    git = await lake.history(HistoryQuery(EVENTS_MAX, "git", project=project))
    both = sorted(
        (*commands.entries, *git.entries), key=lambda each: each.event.at_ms, reverse=True
    )
    return told(both)[:LINES_MAX]


def _prompt(project: str, lines: list[str], speaker: Speaker) -> tuple[ChatMessage, ...]:
    """As many of the newest lines as the model reads."""
    kept = list(lines)
    while len(kept) > 1 and speaker.count("\n".join(kept)) > speaker.prompt_tokens:
        kept.pop()
    listed = "\n".join(kept)
    return (
        ChatMessage("system", ASKED),
        ChatMessage("user", f"What happened in {project}, newest first:\n{listed}"),
    )


def _origin(lines: list[str], speaker: Speaker) -> str:
    said = f"(By {speaker.entry.name}; it read {len(lines)} lines of failures and commits."
    return (
        f"{said} It is a small model, for trying out.)"
        if speaker.entry.demonstration
        else f"{said})"
    )
