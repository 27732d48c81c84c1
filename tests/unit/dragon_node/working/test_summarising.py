"""A summary: what a model is told, and what is said when there is none."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from common.errors import Missing, Unavailable
from common.model.event import CommandFinished, Commit, Event, GitOperation
from common.model.failure import Failure
from common.model.ids import EventId, WorkingCopyId
from common.model.lake import HistoryEntry, HistoryPage, HistoryQuery
from common.model.llm import Generated, GenerationRequest
from common.model.task import Task, TaskId
from common.worker import Result, Step
from dragon_node.inference.models import Speaker
from dragon_node.working.summarising import summarising, told

FAILED = CommandFinished(
    "pytest", "/c", (1,), 1, failures=(Failure("pytest", "E", "test", "no region\nmore", "m"),)
)
PASSED = CommandFinished("ls", "/c", (0,), 1)
MENDED = GitOperation("commit", commits=(Commit("c", (), 1, "the region is read"),))
TASK = Task(TaskId("t"), "summarise", "thing")


def entry(at_ms: int, body: Any) -> HistoryEntry:
    event = Event(EventId(f"{at_ms:032x}"), at_ms, WorkingCopyId("w"), body)
    return HistoryEntry(at_ms, event, "thing")


@dataclass
class Past:
    """Says what happened, by kind."""

    entries: tuple[HistoryEntry, ...]

    async def history(self, q: HistoryQuery) -> HistoryPage:
        kinds = {"command": CommandFinished, "git": GitOperation}
        assert q.project == "thing"
        return HistoryPage(
            tuple(e for e in self.entries if isinstance(e.event.body, kinds[q.kind]))
        )


@dataclass
class Model:
    """Speaks when it is there, and remembers what it was told."""

    silent: bool = False
    prompt_tokens: int = 1_000
    asked: list[GenerationRequest] = field(default_factory=list)

    async def speaker(self, wanted: str = "", *, prepare: bool = True) -> Speaker:
        if self.silent:
            raise Unavailable("no model is here", hint="postdevai models pull")
        entry = cast(Any, SimpleNamespace(name="tiny", demonstration=True))
        return Speaker(entry, lambda text: len(text.split()), self.prompt_tokens)

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Generated]:
        self.asked.append(request)
        for word in ("The region ", "was missing."):
            yield Generated(word)


async def steps(past: Past, model: Model) -> list[Step | Result]:
    return [step async for step in summarising(past, model)(TASK)]


async def test_a_summary_is_of_failures_and_commits_newest_first_and_names_its_model() -> None:
    model = Model()
    past = Past((entry(1, FAILED), entry(2, MENDED), entry(3, PASSED)))
    (*_, result) = await steps(past, model)
    assert isinstance(result, Result)
    assert result.text.startswith("The region was missing.\n")
    assert "tiny; it read 2 lines" in result.text
    (request,) = model.asked
    said = request.messages[-1].content.splitlines()[1:]
    assert said == ["commit: the region is read", "failed: pytest: no region more"]
    assert request.background


async def test_a_small_model_is_told_the_newest_lines_that_it_can_read() -> None:
    model = Model(prompt_tokens=6)
    await steps(Past((entry(1, FAILED), entry(2, MENDED))), model)
    assert model.asked[0].messages[-1].content.endswith("\ncommit: the region is read")


async def test_without_a_model_it_fails_and_says_why() -> None:
    with pytest.raises(Unavailable, match="no model is here"):
        await steps(Past((entry(1, FAILED),)), Model(silent=True))


async def test_of_nothing_there_is_no_summary() -> None:
    model = Model()
    with pytest.raises(Missing, match="nothing is recorded of thing"):
        await steps(Past((entry(1, PASSED),)), model)
    assert not model.asked


def test_what_is_told_is_one_short_line_each() -> None:
    long = GitOperation("commit", commits=(Commit("c", (), 1, "word " * 100),))
    (line,) = told([entry(1, long)])
    assert "\n" not in line and len(line) <= 200
