"""Forgets what somebody names, everywhere, and says whether it is gone.

    find        in every project's file, and in the journal's contents that no event has yet
    note        "forget": identities and hashes; it is applied like any record (in_project,
                in_memory, failure memory), so that a replay forgets too
    journal     the records become tombstones, contents that nothing refers to are erased
    words       the index is made anew
    vectors     of chunks that went, on the RAM disk and on the SSD
    scrub       SQLite files are rewritten without what is free in them
    copies      one new generation, no older one
    note        "forgot"
    proof       every byte is looked through

A step does the same however often it is done. What was noted and has not ended is ended at the
next start. One is carried out at a time, whether or not somebody still listens.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import apsw

from common.clock import Clock
from common.daemon.keys import SealingKey
from common.errors import Invalid, Missing, PostDevAIError
from common.model.ids import ContentHash, ProjectId
from common.model.lake import LakeStep, Oblivion
from dragon_node.lake.admission import Places, noted
from dragon_node.lake.failpoints import reach
from dragon_node.lake.forgetting import finding, in_memory, in_project, notes
from dragon_node.lake.forgetting.finding import Finder, Found
from dragon_node.lake.forgetting.notes import Oblivious
from dragon_node.lake.forgetting.proof import Search, Searched
from dragon_node.lake.forgetting.screening import Screen
from dragon_node.lake.forgetting.scrubbing import scrub
from dragon_node.lake.journal import Journal
from dragon_node.lake.lexicon import Lexicon
from dragon_node.lake.nearest import Nearest
from dragon_node.lake.records import OUTSIDE
from dragon_node.lake.recovery.archive import Archive
from dragon_node.lake.recovery.snapshot import Snapshots
from dragon_node.lake.stores import Stores

log = logging.getLogger(__name__)

ROUNDS_MAX = 5
"""Of looking: what arrives meanwhile is found by the next."""

Steps = AsyncGenerator[LakeStep]


@dataclass(frozen=True, slots=True)
class Parts:
    """What of the lake is needed here."""

    journal: Journal
    stores: Stores
    places: Places
    lexicon: Lexicon
    nearest: Nearest
    archive: Archive
    snapshots: Snapshots
    until_applied: Callable[[int], Awaitable[None]]
    clock: Clock
    directory: Path
    """HOME/dragon on the SSD."""
    ram: Path
    key: SealingKey | None = None


@dataclass(slots=True)
class _Job:
    asked: Oblivion
    steps: asyncio.Queue[LakeStep | PostDevAIError] = field(
        default_factory=asyncio.Queue[LakeStep | PostDevAIError]
    )


class Forgetting:
    """One for a lake."""

    def __init__(self, parts: Parts, screen: Screen) -> None:
        self._parts = parts
        self._screen = screen
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue()

    async def run(self) -> None:
        """Ends what had begun, then does what is asked for, until cancelled."""
        for identity, pending in (await self._memory(in_memory.pending)).items():
            log.warning("forgetting %s goes on from where it was", identity)
            try:
                async with aclosing(self._carried_out(identity, pending, everywhere=True)) as steps:
                    async for step in steps:
                        log.info("forgetting: %s", step.sentence)
            except PostDevAIError as error:
                log.error("forgetting %s waits for the next start: %s", identity, error.message)
        while True:
            job = await self._jobs.get()
            try:
                async with aclosing(self._forget(job.asked)) as steps:
                    async for step in steps:
                        job.steps.put_nowait(step)
            except PostDevAIError as error:
                job.steps.put_nowait(error)

    async def forget(self, o: Oblivion) -> Steps:
        """Step by step; the last one says whether it is gone. Invalid when nothing is named."""
        _check(o)
        job = _Job(o)
        self._jobs.put_nowait(job)
        while True:
            step = await job.steps.get()
            if isinstance(step, PostDevAIError):
                raise step
            yield step
            if step.ended:
                return

    # -- finding ------------------------------------------------------------------------------

    async def _forget(self, o: Oblivion) -> Steps:
        identity = secrets.token_hex(16)
        known: set[ContentHash] = set()
        noted_so_far: list[Oblivious] = []
        refused: set[str] = set()
        for _ in range(1 if o.dry_run else ROUNDS_MAX):
            found: dict[ProjectId, Found] = {}
            async with aclosing(self._look(o, found, known)) as looking:
                async for step in looking:
                    yield step
            refusals = tuple(set(await self._refusals(o)) - refused)
            refused |= set(refusals)
            if o.dry_run:
                sentence = f"{_counted(found)} would be forgotten, and nothing was"
                yield LakeStep("find", 1, 1, sentence, ended=True)
                return
            new = self._said(identity, o, found, known, refusals)
            if not new:
                break
            yield LakeStep("note", 0, 1, f"{_counted(found)} are being forgotten")
            await self._note(new)
            noted_so_far += new
        if not noted_so_far and not o.text:
            yield LakeStep("find", 1, 1, "nothing of the kind is known here", ended=True)
            return
        async with aclosing(
            self._carried_out(identity, noted_so_far, everywhere=bool(o.text))
        ) as carrying:
            async for step in carrying:
                yield step
        yield await self._proven(o, noted_so_far)

    async def _look(
        self, o: Oblivion, found: dict[ProjectId, Found], known: set[ContentHash]
    ) -> Steps:
        projects = await self._projects(o.project)
        for done, project in enumerate(projects, start=1):
            async with self._parts.stores.kept_awake(project) as shard:
                one = await Finder(shard.database.read, o, known).find()
            if one:
                found[project] = one
            yield LakeStep("find", done, len(projects), self._name(project))
        if o.text and not (o.project or o.path):
            after = b""
            while True:
                look = partial(finding.packed, after=after, text=o.text)
                after, more = await self._parts.journal.read(look)
                known |= more
                if not after:
                    return

    async def _refusals(self, o: Oblivion) -> tuple[str, ...]:
        """Records that were refused with a reason that quotes the text."""
        if not o.text or o.project or o.path:
            return ()
        return await self._parts.journal.read(partial(finding.refusals, text=o.text))

    async def _projects(self, named: str) -> list[ProjectId]:
        every = await self._parts.stores.known()
        if not named:
            return every
        ids = set(self._parts.places.matching(named))
        if not ids:
            raise Missing(f"there is no project {named}", hint="postdevai status lists them.")
        return [project for project in every if project in ids]

    # -- noting -------------------------------------------------------------------------------

    def _said(
        self,
        identity: str,
        o: Oblivion,
        found: dict[ProjectId, Found],
        known: set[ContentHash],
        refusals: tuple[str, ...],
    ) -> list[Oblivious]:
        path = o.path if not (o.text and o.text in o.path) else ""
        said = [
            Oblivious(
                identity,
                project,
                path,
                tuple(one.events),
                tuple(one.events.values()),
                tuple(sorted(one.contents)),
                commits=tuple(sorted(one.commits)),
                copies=tuple(sorted(one.copies)),
            )
            for project, one in found.items()
        ]
        # A content that only one project is to forget may come again from another one.
        held_back = () if o.project or o.path else tuple(sorted(known))
        if refusals or (held_back and self._are_new(held_back)):
            said.append(Oblivious(identity, OUTSIDE, secrets=held_back, refusals=refusals))
        return said

    def _are_new(self, contents: Collection[ContentHash]) -> bool:
        fresh = not self._screen.knows(contents)
        self._screen.hold_back(contents)
        return fresh

    async def _note(self, said: list[Oblivious]) -> None:
        now = self._parts.clock.now_ms()
        drafts = [
            noted(note, now, meant.project, self._name(meant.project))
            for meant in said
            for note in notes.forget(meant)
        ]
        written = await self._parts.journal.append(drafts, {})
        reach("forget.noted")
        await self._parts.until_applied(written.last_lsn)
        reach("forget.applied")

    # -- carrying out -------------------------------------------------------------------------

    async def _carried_out(
        self, identity: str, said: list[Oblivious], *, everywhere: bool
    ) -> Steps:
        """All steps after the notes. `everywhere`: other files may hold bytes of it too, which
        were deleted there before."""
        touched = {meant.project for meant in said} - {OUTSIDE}
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
                yield LakeStep("scrub", done, len(projects), self._name(project))
        await self._scrub_memory()
        reach("forget.scrubbed")
        yield LakeStep("scrub", len(projects), len(projects), "what lies in memory is rewritten")
        async for step in self._copies():
            yield step
        done_note = noted(notes.forgot(identity), self._parts.clock.now_ms())
        written = await self._parts.journal.append([done_note], {})
        await self._parts.until_applied(written.last_lsn)
        reach("forget.done")

    async def _unreferred(self, contents: list[ContentHash]) -> list[ContentHash]:
        left = set(contents)
        for project in await self._parts.stores.known():
            if not left:
                break
            async with self._parts.stores.kept_awake(project) as shard:
                left -= await shard.database.read(partial(in_project.referred, contents=set(left)))
        return sorted(left)

    async def _purge(self, project: ProjectId, *, anew: bool) -> None:
        """What is derived from the project's file, and its free pages."""
        async with self._parts.stores.kept_awake(project) as shard:
            chunks = await shard.database.read(in_project.unpurged)
            await self._parts.nearest.purge(project, shard, chunks)
            reach("forget.vectors")
            await shard.database.write(in_project.purged)
            if anew:
                await self._parts.lexicon.purge(project)
            else:
                await self._parts.lexicon.drop(project)
            reach("forget.words")
            await asyncio.to_thread(scrub, shard.database.path)
            # Whoever compares this count has to see that the file is another one.
            await shard.database.write(_touch)
            await asyncio.to_thread(scrub, shard.database.path)

    async def _scrub_memory(self) -> None:
        database = self._parts.stores.memory.database
        await database.write(_touch)
        await asyncio.to_thread(scrub, database.path)

    async def _copies(self) -> AsyncIterator[LakeStep]:
        """On the shelf: those of generations and of projects that sleep."""
        if self._parts.archive.generations.newest() is None:
            self._parts.archive.sweep()
            return
        async with aclosing(self._parts.snapshots.rewrite()) as steps:
            async for step in steps:
                yield replace(step, ended=False)
        reach("forget.copies")

    # -- the proof ----------------------------------------------------------------------------

    async def _proven(self, o: Oblivion, said: list[Oblivious]) -> LakeStep:
        if o.text and not (o.project or o.path or o.since_ms or o.until_ms):
            searched = await self._searched(o.text)
            return LakeStep("proof", 1, 1, _verdict(searched), _is_gone(searched), ended=True)
        left = await self._left(said)
        events = sum(len(meant.events) for meant in said)
        sentence = f"{events:,} events are in no store and in no copy; backups are not reached"
        if left:
            sentence = f"still there: {', '.join(left)}"
        return LakeStep("proof", 1, 1, sentence, ok=not left, ended=True)

    async def _searched(self, text: str) -> Searched:
        directories = [self._parts.directory]
        if not self._parts.ram.is_relative_to(self._parts.directory):
            directories.append(self._parts.ram)
        return await asyncio.to_thread(Search(text, self._parts.key).through, directories)

    async def _left(self, said: list[Oblivious]) -> list[str]:
        """Events that a store still has, by their ids."""
        left: list[str] = []
        for meant in said:
            lsns = set(meant.overwritten)
            rows = await self._parts.journal.read(partial(finding.still_journalled, lsns=lsns))
            left += [f"record {lsn}" for lsn in rows]
            if meant.events:
                async with self._parts.stores.kept_awake(meant.project) as shard:
                    left += await shard.database.read(
                        partial(finding.still_held, events=meant.events)
                    )
        return left

    async def _memory(self, fn: Callable[[apsw.Connection], finding.T]) -> finding.T:
        return await self._parts.stores.memory.database.read(fn)

    def _name(self, project: ProjectId) -> str:
        return self._parts.places.names.get(project, "") or project


def _check(o: Oblivion) -> None:
    if not (o.path or o.text or o.since_ms or o.until_ms):
        raise Invalid("say what to forget: a path, a text or a time", field="path")
    if min(o.since_ms, o.until_ms) < 0:
        raise Invalid("a time is not before 1970", field="since_ms")


def _touch(db: apsw.Connection) -> None:
    db.execute("UPDATE meta SET value=value WHERE name='applied'")


def _counted(found: dict[ProjectId, Found]) -> str:
    kinds = sum((one.kinds for one in found.values()), start=finding.Counter[str]())
    contents = len({h for one in found.values() for h in one.contents})
    listed = ", ".join(f"{many:,} {kind}" for kind, many in sorted(kinds.items()))
    return f"{kinds.total():,} events{f' ({listed})' if listed else ''} and {contents:,} contents"


def _is_gone(searched: Searched) -> bool:
    return not searched.found and not searched.unread


def _verdict(searched: Searched) -> str:
    if searched.found:
        return f"the text is still in {', '.join(searched.found)}"
    if searched.unread:
        return f"not everything could be read: {'; '.join(searched.unread)}"
    return (
        f"in {searched.files:,} files, {searched.bytes:,} bytes and {searched.values:,} values"
        " of tables the text is not found; backups that were made before are not reached"
    )
