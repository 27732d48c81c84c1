"""What is remembered about a failure, put together when somebody asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol, TypeVar

import apsw

from common.model.answer import Freshness
from common.model.failure import Failure, Occurrence, Recollection, Remedy
from common.model.ids import ContentHash, EventId
from common.similar import as_text, nearest, worded_alike
from dragon_node.failures.as_kept import failure_from_text
from dragon_node.failures.kept import NOW, KnownRemedy, by_id
from dragon_node.failures.knowledge import Known, known
from dragon_node.failures.labels import KnownCommit
from dragon_node.failures.present import Side, is_present, question
from dragon_node.failures.remedies import commits_for, shown, without_repeats
from dragon_node.failures.renamed import earlier, moves
from dragon_node.failures.runs import Run, load
from dragon_node.failures.within import ANYWHERE, EVEN_ELSEWHERE, EVERY, Within, where
from dragon_node.lake.moves import IN_SIGHT
from dragon_node.lake.scope import Where

OCCURRENCES_MAX = 20
REMEDIES_MAX = 5
CANDIDATES_MAX = 2000
"""Fingerprints, newest first, that a text without one is compared with."""

FIRST_TIME = "seen for the first time, nothing is known about it yet"
NOT_PASSED_YET = "it has not been seen to pass yet"
CI_ONLY = "seen in CI, not reproduced here"

T = TypeVar("T")


class Reads(Protocol):
    """memory.db, read only."""

    async def read(self, fn: Callable[[apsw.Connection], T]) -> T:
        """`fn` on a reader's connection."""
        ...


class LakeOfFailures(Protocol):
    """What of the lake is needed here."""

    @property
    def memory(self) -> Reads:
        """memory.db."""
        ...

    async def blob(self, content: ContentHash) -> bytes | None:
        """Content by its hash; None when it is not held."""
        ...

    async def freshness(self, project: str = "") -> Freshness:
        """What the lake knows about."""
        ...


@dataclass(frozen=True, slots=True)
class _Read:
    """What one read of memory.db gave."""

    failure: Failure
    known: Known
    occurrences: tuple[Occurrence, ...]
    commits: tuple[tuple[KnownCommit, ...], ...]
    """One for each remedy."""
    sides: tuple[tuple[Side, ...], ...]
    """Of each remedy, what tells whether its hunks were there already."""


class Recaller:
    """Answers "have we seen this before?". Labels and diffs are those of the moment of asking."""

    def __init__(self, lake: LakeOfFailures) -> None:
        self._lake = lake

    async def last(self) -> Recollection:
        """About the last failure that was recorded, in its project."""

        def read(db: apsw.Connection) -> _Read | None:
            row = db.execute(
                f"SELECT failure, project, lsn FROM occurrences WHERE project {IN_SIGHT}"
                " ORDER BY lsn DESC, n LIMIT 1"
            ).fetchone()
            if row is None:
                return None
            failing = load(db, int(str(row[2])))
            return _about(db, failure_from_text(str(row[0])), str(row[1]), failing=failing)

        return await self._shown_or_renamed(await self._lake.memory.read(read))

    async def by_fingerprint(self, fingerprint: str) -> Recollection:
        """About a symptom by its identity, as it was last seen: "here" is the project of then."""

        def read(db: apsw.Connection) -> _Read | None:
            row = db.execute(
                f"SELECT failure FROM occurrences WHERE fingerprint=? AND project {IN_SIGHT}"
                " ORDER BY lsn DESC LIMIT 1",
                (fingerprint,),
            ).fetchone()
            return _as_last_seen(db, failure_from_text(str(row[0]))) if row else None

        return await self._shown_or_renamed(await self._lake.memory.read(read))

    async def by_failure(self, failure: Failure) -> Recollection:
        """About a failure that the caller parsed: by its fingerprint, else by its words."""

        def read(db: apsw.Connection) -> _Read | None:
            found = _as_last_seen(db, failure)
            return found if found.occurrences else None

        found = await self._lake.memory.read(read)
        if found is not None:
            return await self._shown_or_renamed(found)
        renamed = await self._renamed(failure)
        return renamed or await self._similar(lambda candidates: _like(failure, candidates))

    async def by_text(self, text: str, within: Within = ANYWHERE) -> Recollection:
        """About the failure nearest in words of those within the bounds: "similar" at most. Its
        occurrences are those within the bounds too."""
        return await self._similar(lambda candidates: nearest(text, candidates), within)

    async def _similar(
        self, choose: Callable[[list[Failure]], Failure | None], within: Within = ANYWHERE
    ) -> Recollection:
        def read(db: apsw.Connection) -> _Read | None:
            inside = where(db, within)
            rows = db.execute(
                f"""SELECT f.failure FROM (
                      SELECT max(o.lsn) AS newest, o.n AS n
                      FROM occurrences o JOIN runs r ON r.lsn=o.lsn WHERE {inside.sql}
                      GROUP BY o.fingerprint, o."values" ORDER BY newest DESC LIMIT ?) k
                    CROSS JOIN occurrences f ON f.lsn=k.newest AND f.n=k.n ORDER BY f.lsn DESC""",
                (*inside.bindings, CANDIDATES_MAX),
            )
            near = choose([failure_from_text(str(row[0])) for row in rows])
            if near is None:
                return None
            return replace(_as_last_seen(db, near), occurrences=_occurrences(db, near, NOW, inside))

        found = await self._shown(await self._lake.memory.read(read))
        return replace(found, match="similar") if found.failure else found

    async def before(self, failure: Failure, project: str, lsn: int) -> Recollection:
        """About a failure in a project as far as it was known before a record of the journal."""
        return await self._shown(
            await self._lake.memory.read(
                lambda db: _about(db, failure, project, lsn, failing=load(db, lsn))
            )
        )

    async def remedy(self, remedy_id: str) -> Remedy | None:
        """One remedy by its id, as people see it; None when it is not there."""

        def read(db: apsw.Connection) -> tuple[KnownRemedy, tuple[KnownCommit, ...]] | None:
            remedy = by_id(db, remedy_id)
            return remedy and (remedy, commits_for(db, remedy) if remedy.kind == "code" else ())

        found = await self._lake.memory.read(read)
        return None if found is None else await shown(*found, "", self._lake.blob)

    async def _shown_or_renamed(self, read: _Read | None) -> Recollection:
        """What is known of it; where that is nothing, what was known under an older name."""
        found = await self._shown(read)
        if read is None or found.note not in (FIRST_TIME, NOT_PASSED_YET, CI_ONLY):
            return found
        return await self._renamed(read.failure) or found

    async def _renamed(self, failure: Failure) -> Recollection | None:
        changed = await self._lake.memory.read(lambda db: moves(db, failure))
        if not changed.made and not changed.edited:
            return None
        contents = {h: data for h in changed.contents if (data := await self._lake.blob(h))}
        for before in earlier(failure, changed, contents):
            read = await self._lake.memory.read(partial(_as_last_seen, failure=before))
            if read.occurrences:
                found = await self._shown(read)
                note = f"similar, renamed from {before.test or before.frames[-1].path}"
                return replace(found, failure=failure, match="similar", note=note)
        return None

    async def _shown(self, read: _Read | None) -> Recollection:
        freshness = await self._lake.freshness()
        if read is None:
            return Recollection("none", note="nothing like it is remembered", freshness=freshness)
        what = read.known
        remedies = [
            await shown(remedy, commits, what.elsewhere, self._lake.blob)
            for remedy, commits in await self._placed(read)
        ]
        return Recollection(
            match=what.match,
            failure=read.failure,
            occurrences=read.occurrences,
            remedies=without_repeats(remedies),
            flaky=what.flaky,
            note=_note(read),
            freshness=freshness,
        )

    async def _placed(self, read: _Read) -> list[tuple[KnownRemedy, tuple[KnownCommit, ...]]]:
        """By their hunks, not by whole files; what was there already goes last."""
        found: list[tuple[KnownRemedy, tuple[KnownCommit, ...]]] = []
        every = zip(read.known.remedies, read.commits, read.sides, strict=True)
        for remedy, commits, sides in every:
            present = await is_present(sides, self._lake.blob) if sides else False
            if present is None:
                remedy = replace(remedy, in_doubt=True)
            elif present:
                remedy = replace(remedy, in_place="on disk")
            found.append((remedy, commits))
        return sorted(found, key=lambda one: (bool(one[0].package), one[0].in_place is not None))


def _note(read: _Read) -> str:
    what = read.known
    if what.elsewhere:
        return f"the same symptom in {what.elsewhere}"
    if what.note or what.remedies or what.flaky:
        return what.note
    if read.occurrences and all(seen.ci for seen in read.occurrences):
        return CI_ONLY
    return NOT_PASSED_YET if len(read.occurrences) > 1 else FIRST_TIME


def _like(failure: Failure, candidates: list[Failure]) -> Failure | None:
    return worded_alike(failure, candidates) or nearest(as_text(failure), candidates)


def _as_last_seen(db: apsw.Connection, failure: Failure) -> _Read:
    """ "Here" is the project in which it failed last with these values."""
    row = db.execute(
        'SELECT max(lsn) FROM occurrences WHERE fingerprint=? AND "values"=?'
        f" AND project {IN_SIGHT}",
        (failure.fingerprint, failure.values),
    ).fetchone()
    failing = load(db, int(str(row[0]))) if row and row[0] is not None else None
    return _about(db, failure, failing.project if failing else "", failing=failing)


def _about(
    db: apsw.Connection,
    failure: Failure,
    project: str,
    before_lsn: int = NOW,
    *,
    failing: Run | None = None,
) -> _Read:
    what = known(db, project, failure, before_lsn=before_lsn, failing=failing)
    what = replace(what, remedies=what.remedies[:REMEDIES_MAX])
    commits = tuple(commits_for(db, r) if r.kind == "code" else () for r in what.remedies)
    sides = tuple(question(db, failing, r) for r in what.remedies)
    inside = EVERY if before_lsn == NOW else EVEN_ELSEWHERE
    return _Read(failure, what, _occurrences(db, failure, before_lsn, inside), commits, sides)


TOLD_AGAIN = """(r.running AND EXISTS (
  SELECT 1 FROM runs e JOIN occurrences a ON a.lsn=e.lsn
  WHERE e.run=r.run AND r.run<>'' AND NOT e.running AND a.fingerprint=o.fingerprint
    AND a.test=o.test))"""
"""A part of a program that failed for good at its end: one failure, told twice."""


def _occurrences(
    db: apsw.Connection, failure: Failure, before_lsn: int, inside: Where = EVERY
) -> tuple[Occurrence, ...]:
    rows = db.execute(
        f"""SELECT r.event_id, r.at_ms, r.project_name, r.cwd, r.head, r.command, r.ci, o.failure
           FROM occurrences o JOIN runs r ON r.lsn=o.lsn
           WHERE o.fingerprint=? AND o.lsn<? AND {inside.sql} AND NOT {TOLD_AGAIN}
           GROUP BY o.lsn ORDER BY o.lsn DESC LIMIT ?""",
        (failure.fingerprint, before_lsn, *inside.bindings, OCCURRENCES_MAX),
    )
    return tuple(
        Occurrence(
            EventId(str(event_id)),
            int(str(at_ms)),
            str(project),
            str(cwd),
            str(head),
            str(command),
            failure_from_text(str(text)).message,
            bool(ci),
        )
        for event_id, at_ms, project, cwd, head, command, ci, text in rows
    )
