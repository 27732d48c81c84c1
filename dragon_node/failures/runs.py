"""Recorded runs: kept as they come, read back, and chained by their trees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import apsw

from common.model.event import CommandFinished, Event, Ground, PathChange
from common.model.failure import TestReport
from common.model.ids import ContentHash
from dragon_node.failures.changes import compose
from dragon_node.lake.records import Accepted

CHAIN_LENGTH_MAX = 2000
"""Runs between a failing and a passing one; longer ago nobody knows what belongs together."""
STEPS_BACK_MAX = 500
"""Runs looked at for what a file held: it is asked for every failure that may get a card."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What a run stood on besides the files."""

    lock_hash: str
    interpreter: str
    packages: str
    variables: str


@dataclass(frozen=True, slots=True)
class Run:
    """A recorded command, without its output."""

    lsn: int
    event_id: str
    project: str
    project_name: str
    wc: str
    at_ms: int
    duration_ms: int
    command: str
    cwd: str
    ok: bool
    head: str
    tree: str
    tree_after: str
    previous_tree: str
    environment: Environment
    tested: bool
    """A test runner reported on it."""
    passed: int
    failed: int
    skipped: int
    deselected: int
    unnamed: int
    """Changed paths that the ground does not name."""
    ci: bool = False
    """Recorded where CI was set."""
    recorder: str = ""
    run: str = ""
    """Shared by the parts of a program that told of itself while it ran."""
    running: bool = False
    """It still ran: there were no exit codes yet."""

    @property
    def executed(self) -> int:
        """Tests that ran, whatever came of them."""
        return self.passed + self.failed


def run_of(record: Accepted, event: Event, command: CommandFinished) -> Run:
    """A run as it will be kept."""
    ground = command.ground or Ground()
    tests = command.tests or TestReport()
    return Run(
        lsn=record.lsn,
        event_id=event.id,
        project=record.project,
        project_name=record.project_name,
        wc=event.working_copy,
        at_ms=event.at_ms,
        duration_ms=command.duration_ms,
        command=command.command,
        cwd=command.cwd,
        ok=not command.running and bool(command.exit_codes) and not any(command.exit_codes),
        head=ground.head,
        tree=ground.tree,
        tree_after=ground.tree_after,
        previous_tree=ground.previous_tree,
        environment=Environment(
            ground.lock_hash, ground.interpreter, ground.packages, ground.variables
        ),
        tested=command.tests is not None,
        passed=tests.passed_count,
        failed=tests.failed_count,
        skipped=tests.skipped_count,
        deselected=tests.deselected_count,
        unnamed=ground.unnamed,
        ci=command.ci,
        recorder=command.recorder,
        run=command.run,
        running=command.running,
    )


def keep(db: apsw.Connection, run: Run, changes: Sequence[PathChange]) -> None:
    """Writes a run and what changed since the one before it."""
    e = run.environment
    db.execute(
        _KEEP,
        (
            *(run.lsn, run.event_id, run.project, run.project_name, run.wc, run.at_ms),
            *(run.duration_ms, run.command, run.cwd, run.ok, run.head, run.tree),
            *(run.tree_after, run.previous_tree, e.lock_hash, e.interpreter, e.packages),
            *(e.variables, run.tested, run.passed, run.failed, run.skipped, run.deselected),
            *(run.unnamed, run.ci, run.recorder, run.run, run.running),
        ),
    )
    if changes:
        db.executemany(
            "INSERT OR REPLACE INTO run_changes VALUES (?,?,?,?,?,?,?)",
            [
                (run.lsn, c.path, c.old_git, c.new_git, c.old_content, c.new_content, c.mode)
                for c in changes
            ],
        )


_KEEP = f"INSERT OR REPLACE INTO runs VALUES ({','.join('?' * 28)})"
_COLUMNS = """lsn, event_id, project, project_name, wc, at_ms, duration_ms, command, cwd, ok, head,
  tree, tree_after, previous_tree, lock_hash, interpreter, packages, variables, tested, passed,
  failed, skipped, deselected, unnamed, ci, recorder, run, running"""


def load(db: apsw.Connection, lsn: int) -> Run:
    """A run that is kept."""
    row = db.execute(f"SELECT {_COLUMNS} FROM runs WHERE lsn=?", (lsn,)).fetchone()
    assert row is not None
    return _run(row)


def on_ground(db: apsw.Connection, run: Run) -> list[Run]:
    """Every run of the same command on the same files in the same environment, each whole."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM runs WHERE wc=? AND tree=? AND command=? AND cwd=?"
        " AND NOT running ORDER BY lsn",
        (run.wc, run.tree, run.command, run.cwd),
    )
    found = [_run(row) for row in rows]
    return [r for r in found if r.environment == run.environment]


def between(db: apsw.Connection, earlier: Run, later: Run) -> tuple[PathChange, ...] | None:
    """What changed from the ground of one run to that of another; None when not all is known.

    Trees are named by their content, so any unbroken way from one tree to the other will do.
    """
    if not earlier.tree or not later.tree:
        return None
    edges: list[tuple[PathChange, ...]] = []
    tree, previous, lsn, unnamed = later.tree, later.previous_tree, later.lsn, later.unnamed
    for _ in range(CHAIN_LENGTH_MAX):
        if tree == earlier.tree:
            return compose(reversed(edges))
        if not previous or unnamed:
            return None
        edges.append(changes(db, lsn))
        tree = previous
        row = db.execute(
            "SELECT previous_tree, lsn, unnamed FROM runs"
            " WHERE wc=? AND tree=? AND lsn<? AND lsn>=? ORDER BY lsn DESC LIMIT 1",
            (later.wc, tree, lsn, earlier.lsn),
        ).fetchone()
        found = (str(row[0]), int(str(row[1])), int(str(row[2]))) if row else ("", lsn, 0)
        previous, lsn, unnamed = found
    return None


def back_from(db: apsw.Connection, run: Run) -> Iterator[tuple[str, tuple[PathChange, ...]]]:
    """The trees that a run's ground came from, its own first, each with what changed to make it.

    It ends where what changed is not known in full, and after `STEPS_BACK_MAX`.
    """
    tree, previous, lsn, unnamed = run.tree, run.previous_tree, run.lsn, run.unnamed
    for _ in range(STEPS_BACK_MAX):
        if not tree:
            return
        yield tree, changes(db, lsn)
        if not previous or unnamed:
            return
        row = db.execute(
            "SELECT tree, previous_tree, lsn, unnamed FROM runs"
            " WHERE wc=? AND tree=? AND lsn<? ORDER BY lsn DESC LIMIT 1",
            (run.wc, previous, lsn),
        ).fetchone()
        if row is None:
            yield previous, ()
            return
        tree, previous, lsn, unnamed = str(row[0]), str(row[1]), int(str(row[2])), int(str(row[3]))


def changes(db: apsw.Connection, lsn: int) -> tuple[PathChange, ...]:
    """What a run's ground says to have changed since that of the run before it."""
    rows = db.execute(
        "SELECT path, old_git, new_git, old_content, new_content, mode FROM run_changes"
        " WHERE lsn=?",
        (lsn,),
    )
    return tuple(
        PathChange(str(p), str(og), str(ng), ContentHash(str(oc)), ContentHash(str(nc)), str(mode))
        for p, og, ng, oc, nc, mode in rows
    )


def _run(row: Sequence[object]) -> Run:
    def text(i: int) -> str:
        return str(row[i])

    def number(i: int) -> int:
        return int(str(row[i]))

    return Run(
        *(number(0), text(1), text(2), text(3), text(4), number(5), number(6), text(7), text(8)),
        *(bool(row[9]), text(10), text(11), text(12), text(13)),
        Environment(text(14), text(15), text(16), text(17)),
        *(bool(row[18]), number(19), number(20), number(21), number(22), number(23)),
        *(bool(row[24]), text(25), text(26), bool(row[27])),
    )
