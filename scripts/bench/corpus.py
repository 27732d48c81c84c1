"""Mistakes in HumanEval's tasks, lived through as a person lives them, and what is said of them.

`measure` takes 12 tasks; `measure_whole` all 164 and is among the long ones.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from common.model.event import ProofFinished
from scripts.bench.corpus_counts import apparent, figures, proven
from scripts.bench.corpus_plan import Part, part_of, planned
from scripts.bench.corpus_story import Story
from scripts.bench.corpus_world import World, surroundings
from scripts.bench.material.human_eval import tasks
from scripts.bench.report import Figure

TASKS = 12
PROOFS = 8
TASKS_WHOLE = 164
PROOFS_WHOLE = 80


def measure(count: int = TASKS, proofs: int = PROOFS) -> list[Figure]:
    """So many tasks, and so many of the remedies that were shown tried again."""
    with TemporaryDirectory(prefix="postdevai-bench-corpus-") as scratch, surroundings():
        return asyncio.run(_measured(Path(scratch).resolve(), count, proofs))


def measure_whole() -> list[Figure]:
    """All of it; about half an hour."""
    return measure(TASKS_WHOLE, PROOFS_WHOLE)


async def _measured(scratch: Path, count: int, proofs: int) -> list[Figure]:
    drawn = [part_of(task) for task in tasks(count)]
    parts: list[Part] = [part for part in drawn if part is not None]
    async with World.open(scratch) as world:
        story = Story(world, planned(parts))
        await story.tell()
        _say(f"{len(story.seen)} failures, {len(parts)} tasks of {count}", *story.faults)
        tried = await _proven(world, proven(story.seen, proofs))
        controls = await _proven(world, apparent(story.seen, proofs))
    for seen in story.seen:
        _say(repr(seen))
    for one in (*tried, *controls):
        _say(f"{one.verdict} {one.test} {one.reason}")
    return figures(story.seen, story.firsts, tried, controls)


async def _proven(world: World, remedies: list[str]) -> list[ProofFinished]:
    return [await world.prove(remedy) for remedy in remedies]


def _say(*lines: str) -> None:
    """What the table has no room for."""
    for line in lines:
        print(line, file=sys.stderr, flush=True)
