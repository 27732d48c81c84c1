"""The steps after the notes: each does the same however often it is done."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from common.model.ids import ContentHash, ProjectId
from common.model.lake import LakeStep
from dragon_node.lake.admission import noted
from dragon_node.lake.failpoints import reach
from dragon_node.lake.forgetting import in_project, notes
from dragon_node.lake.forgetting.notes import Oblivious
from dragon_node.lake.forgetting.parts import Parts
from dragon_node.lake.forgetting.scrubbing import scrub
from dragon_node.lake.shards import Shard


class Carrying:
    """Carries out what was noted."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def carried_out(
        self, identity: str, said: Sequence[Oblivious], *, everywhere: bool, noted_here: bool = True
    ) -> AsyncGenerator[LakeStep]:
        """All steps after the notes. `everywhere`: other files may hold bytes of it too, which
        were deleted there before. Not `noted_here`: another Dragon has written that it ended."""
        touched = {meant.project for meant in said if meant.events}
        lsns = [lsn for meant in said for lsn in meant.overwritten]
        erased = await self._unreferred(notes.together(said))
        await self._parts.journal.overwrite(lsns, erased)
        reach("forget.overwritten")
        sentence = f"{len(lsns):,} records overwritten, {len(erased):,} contents erased"
        yield LakeStep("journal", 1, 1, sentence)
        projects = await self._parts.stores.known()
        for done, project in enumerate(projects, start=1):
            if everywhere or project in touched:
                await self._purge(project, anew=project in touched)
                yield LakeStep("scrub", done, len(projects), self._parts.name(project))
        gone = await self._parts.nearest.sweep(self._every)
        yield LakeStep("vectors", 1, 1, f"{gone:,} vectors of what no project has are erased")
        await self._parts.stores.memory.database.alone(scrub)
        reach("forget.scrubbed")
        yield LakeStep("scrub", len(projects), len(projects), "what lies in memory is rewritten")
        async for step in self._copies():
            yield step
        if not noted_here:
            return
        done_note = noted(notes.forgot(identity), self._parts.clock.now_ms())
        written = await self._parts.journal.append([done_note], {})
        await self._parts.until_applied(written.last_lsn)
        reach("forget.done")

    async def _every(self) -> AsyncIterator[Shard]:
        for project in await self._parts.stores.known():
            yield await self._parts.stores.project(project)

    async def _unreferred(self, contents: list[ContentHash]) -> list[ContentHash]:
        left = set(contents)
        for project in await self._parts.stores.known():
            if not left:
                break
            shard = await self._parts.stores.project(project)
            left -= await shard.database.read(partial(in_project.referred, contents=set(left)))
        return sorted(left)

    async def _purge(self, project: ProjectId, *, anew: bool) -> None:
        """What is derived from the project's file, and its free pages."""
        shard = await self._parts.stores.project(project)
        chunks = await shard.database.read(in_project.unpurged)
        await self._parts.nearest.purge(project, shard, chunks)
        reach("forget.vectors")
        await shard.database.write(in_project.purged)
        if anew:
            await self._parts.lexicon.purge(project)
        else:
            await self._parts.lexicon.drop(project)
        reach("forget.words")
        await shard.database.alone(scrub)

    async def _copies(self) -> AsyncIterator[LakeStep]:
        """On the shelf. While nobody makes one, all go that nothing refers to; what a generation
        refers to goes with it. A project that sleeps has been copied since it was purged."""
        archive = self._parts.archive
        async with self._parts.snapshots.turn, self._parts.accountant.making_room:
            archive.shelf.let_go_all()
            archive.sweep()
        if archive.generations.newest() is None:
            return
        async with aclosing(self._parts.snapshots.rewrite()) as steps:
            async for step in steps:
                yield replace(step, ended=False)
        reach("forget.copies")
