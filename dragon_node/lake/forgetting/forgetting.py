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
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial

import apsw

from common.errors import Invalid, Missing, PostDevAIError
from common.model.ids import ContentHash, ProjectId
from common.model.lake import FORGOTTEN_TEXT_MIN, LakeStep, Oblivion
from dragon_node.lake.admission import noted
from dragon_node.lake.failpoints import reach
from dragon_node.lake.forgetting import finding, in_memory, notes
from dragon_node.lake.forgetting.carrying import Carrying
from dragon_node.lake.forgetting.finding import Finder, Found
from dragon_node.lake.forgetting.notes import Oblivious
from dragon_node.lake.forgetting.parts import Parts
from dragon_node.lake.forgetting.proving import Proving
from dragon_node.lake.forgetting.screening import Screen
from dragon_node.lake.lead import Lead
from dragon_node.lake.shards import Shard

log = logging.getLogger(__name__)

ROUNDS_MAX = 5
"""Of looking: what arrives meanwhile is found by the next."""
SWEEP_S = 86_400.0
"""After so long without anything to forget, vectors of what is gone are looked for."""
NOWHERE = ProjectId("")
"""Stamps a note that concerns no project's file."""

Steps = AsyncGenerator[LakeStep]


@dataclass(slots=True)
class _Job:
    asked: Oblivion
    steps: asyncio.Queue[LakeStep | PostDevAIError] = field(
        default_factory=asyncio.Queue[LakeStep | PostDevAIError]
    )


@dataclass(slots=True)
class _Round:
    """What one look has found; the secrets of earlier ones stay known."""

    found: dict[ProjectId, Found] = field(default_factory=dict[ProjectId, Found])
    secrets: set[ContentHash] = field(default_factory=set[ContentHash])
    refusals: tuple[str, ...] = ()
    covered: bool = False
    """Whether a known working copy has to do with the path."""


class Forgetting:
    """One for a lake."""

    def __init__(self, parts: Parts, screen: Screen, lead: Lead) -> None:
        self._parts = parts
        self._carrying = Carrying(parts)
        self._proving = Proving(parts)
        self._screen = screen
        self._lead = lead
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue()

    async def run(self) -> None:
        """Ends what had begun, then does what is asked for, until cancelled."""
        await self._lead.until_leading()
        try:
            await self._end_pending()
        except PostDevAIError as error:
            log.error("what was being forgotten waits for the next time: %s", error.message)
        while True:
            try:
                async with asyncio.timeout(SWEEP_S):
                    job = await self._jobs.get()
            except TimeoutError:
                await self._sweep()
                continue
            try:
                # Before anything else: what was noted is not found any more, and yet not gone.
                await self._end_pending()
                async with aclosing(self._forget(job.asked)) as steps:
                    async for step in steps:
                        job.steps.put_nowait(step)
            except PostDevAIError as error:
                job.steps.put_nowait(error)

    async def _sweep(self) -> None:
        """On the SSD vectors outlive their chunks, as a branch may be changed back: for a day."""
        try:
            gone = await self._parts.nearest.sweep(self._awake)
        except PostDevAIError as error:
            log.warning("vectors of what is gone stay for another day: %s", error.message)
        else:
            log.info("%d vectors of what is gone are erased", gone)

    async def _awake(self) -> AsyncIterator[Shard]:
        for project in self._parts.stores.awake():
            yield await self._parts.stores.project(project)

    async def _end_pending(self) -> None:
        """Of forgettings that were stopped halfway, the steps after their notes."""
        for identity, said in (await self._memory(in_memory.pending)).items():
            log.warning("forgetting %s goes on", identity)
            async with aclosing(
                self._carrying.carried_out(identity, said, everywhere=True)
            ) as steps:
                async for step in steps:
                    log.info("forgetting: %s", step.sentence)

    async def carry_out(self, identity: str) -> None:
        """All steps of a forgetting that another Dragon noted and has ended."""
        said = (await self._memory(in_memory.pending)).get(identity)
        if said is None:
            return
        carrying = self._carrying.carried_out(identity, said, everywhere=True, noted_here=False)
        async with aclosing(carrying) as steps:
            async for step in steps:
                log.info("forgetting with the leader: %s", step.sentence)

    async def forget(self, o: Oblivion) -> Steps:
        """Step by step; the last one says whether it is gone. Invalid when nothing is named."""
        _check(o)
        self._lead.check()
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
        round_ = _Round()
        said: list[Oblivious] = []
        for n in range(1 if o.dry_run else ROUNDS_MAX):
            async with aclosing(self._look(o, round_)) as looking:
                async for step in looking:
                    yield step
            if o.dry_run and not _is_nowhere(o, round_):
                sentence = f"{_counted(round_.found)} would be forgotten, and nothing was"
                yield LakeStep("find", 1, 1, sentence, ended=True)
                return
            if n == 0 and _is_nowhere(o, round_):
                yield LakeStep("find", 1, 1, _nowhere(o), ok=False, ended=True)
                return
            new = self._said(identity, o, round_)
            if not new and (n > 0 or not o.text):
                break
            yield LakeStep("note", 0, 1, f"{_counted(round_.found)} are being forgotten")
            await self._note(new, o.text)
            said += new
            carried = self._carrying.carried_out(identity, new, everywhere=bool(o.text))
            async with aclosing(carried) as carrying:
                async for step in carrying:
                    yield step
        if said or o.text:
            yield await self._proving.proven(o, said)
        else:
            yield LakeStep("find", 1, 1, "nothing of the kind is known here", ended=True)

    async def _look(self, o: Oblivion, round_: _Round) -> Steps:
        round_.found = {}
        projects = await self._projects(o.project)
        for done, project in enumerate(projects, start=1):
            shard = await self._parts.stores.project(project)
            finder = Finder(shard.database.read, self._parts.journal.read, o, round_.secrets)
            found = await finder.find()
            round_.covered |= found.covered
            if found:
                round_.found[project] = found
            yield LakeStep("find", done, len(projects), self._parts.name(project))
        if o.text and not (o.project or o.path):
            journal = self._parts.journal
            round_.refusals = await journal.read(partial(finding.refusals, text=o.text))
            after = b""
            while True:
                look = partial(finding.packed, after=after, text=o.text)
                after, more = await journal.read(look)
                round_.secrets |= more
                if not after:
                    return

    async def _projects(self, named: str) -> list[ProjectId]:
        every = await self._parts.stores.known()
        if not named:
            return every
        ids = set(self._parts.places.kept(named))
        if not ids:
            raise Missing(f"there is no project {named}", hint="postdevai lake lists them.")
        return [project for project in every if project in ids]

    # -- noting -------------------------------------------------------------------------------

    def _said(self, identity: str, o: Oblivion, round_: _Round) -> list[Oblivious]:
        path = o.path if not (o.text and o.text in o.path) else ""
        said = [
            Oblivious(
                identity,
                project,
                path,
                tuple(found.events),
                tuple(found.events.values()),
                tuple(sorted(found.contents)),
                commits=tuple(sorted(found.commits)),
                copies=tuple(sorted(found.copies)),
            )
            for project, found in round_.found.items()
        ]
        # A content that only one project is to forget may come again from another one.
        secrets_ = () if o.project or o.path else tuple(sorted(round_.secrets))
        if round_.refusals or not self._screen.knows(secrets_):
            self._screen.hold_back(secrets_)
            said.append(Oblivious(identity, NOWHERE, secrets=secrets_, refusals=round_.refusals))
        return said

    async def _note(self, said: list[Oblivious], text: str) -> None:
        now = self._parts.clock.now_ms()
        drafts = [
            noted(note, now, meant.project, self._stamp(meant.project, text))
            for meant in said
            for note in notes.forget(meant)
        ]
        written = await self._parts.journal.append(drafts, {})
        reach("forget.noted")
        await self._parts.until_applied(written.last_lsn)
        reach("forget.applied")

    def _stamp(self, project: ProjectId, text: str) -> str:
        """The project's name, unless that is what nobody is to read again."""
        name = self._parts.name(project)
        return project if text and text in name else name

    async def _memory(self, fn: Callable[[apsw.Connection], finding.T]) -> finding.T:
        return await self._parts.stores.memory.database.read(fn)


def _check(o: Oblivion) -> None:
    if not (o.path or o.text or o.since_ms or o.until_ms):
        raise Invalid("say what to forget: a path, a text or a time", field="path")
    if 0 < len(o.text) < FORGOTTEN_TEXT_MIN:
        raise Invalid(f"a text has at least {FORGOTTEN_TEXT_MIN} characters", field="text")
    if min(o.since_ms, o.until_ms) < 0:
        raise Invalid("a time is not before 1970", field="since_ms")


def _is_nowhere(o: Oblivion, round_: _Round) -> bool:
    """An absolute path that no working copy has to do with may be misspelled, or another machine's:
    that nothing was found there proves nothing."""
    return o.path.startswith("/") and not round_.covered and not round_.found


def _nowhere(o: Oblivion) -> str:
    return (
        f"nothing of the kind is known here: {o.path} is in no known working copy and holds none;"
        " nothing was forgotten. On the laptop whose path it is, or relative with --project"
    )


def _counted(found: dict[ProjectId, Found]) -> str:
    kinds = sum((one.kinds for one in found.values()), start=finding.Counter[str]())
    contents = len({h for one in found.values() for h in one.contents})
    listed = ", ".join(f"{many:,} {kind}" for kind, many in sorted(kinds.items()))
    return f"{kinds.total():,} events{f' ({listed})' if listed else ''} and {contents:,} contents"
