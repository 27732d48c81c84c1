"""Turns the stream of events into episodes, remedies and cards; one record at a time, in order."""

from __future__ import annotations

import dataclasses
from typing import cast

import apsw

from common.model.event import (
    CommandFinished,
    Event,
    FileChanged,
    GitOperation,
    Ground,
    ProofFinished,
    WorkingCopySeen,
)
from common.model.failure import Failure
from dragon_node.failures import (
    cards,
    commits,
    endings,
    grounds,
    judged,
    outside,
    proofs,
    runs,
    travelling,
)
from dragon_node.failures.as_kept import failure_to_text
from dragon_node.failures.forgetting import forget
from dragon_node.failures.reruling import current, rerule
from dragon_node.failures.runs import Run
from dragon_node.failures.schema import SCHEMA
from dragon_node.lake.forgetting import notes
from dragon_node.lake.moves import is_brought
from dragon_node.lake.records import Accepted, Note

EPISODES_A_RUN = 64
"""Failures of one run that are followed; the laptop sends no more than 50."""


class FailureMemory:
    """What failed and what made it pass, across projects. A replay gives the same rows."""

    schema = SCHEMA

    def opened(self, db: apsw.Connection) -> None:
        """What was kept under older rules gets the identities that today's give."""
        rerule(db)

    def apply(self, db: apsw.Connection, record: Accepted) -> None:
        """Inside the pipeline's transaction, on memory.db's writer thread."""
        match record.body:
            case Note(kind="feedback" | "snooze" | "quiet") as note:
                judged.apply(db, record, note)
            case Note(kind="said") as note:
                travelling.apply(db, record, note)
            case Note(kind="forget", fields=fields):
                meant = notes.read(fields)
                forget(db, meant.project, meant.lsns, meant.commits, meant.copies)
            case Event(body=GitOperation() as moved) as event:
                commits.apply(db, record, event, moved)
            case Event(body=FileChanged(head=head), working_copy=wc) if wc:
                at = f"{head[:7]}, uncommitted" if head else ""
                outside.touched(db, record.lsn, wc, record.project_name, at)
            case Event(body=WorkingCopySeen(path=path), working_copy=wc):
                db.execute("INSERT OR REPLACE INTO roots VALUES (?,?)", (wc, path))
            case Event(body=CommandFinished(recorder="atuin" | "bash" | "zsh" | "fish")):
                pass  # of a history: no exit code, no output, no ground, so nothing to conclude
            case Event(body=CommandFinished() as command) as event:
                known = tuple(current(f, command.command) for f in command.failures)
                command = dataclasses.replace(command, failures=known)
                run = runs.run_of(record, event, command)
                _run(db, run, command, news=not is_brought(record.origin))
            case Event(body=ProofFinished() as finished) as event:
                proofs.apply(db, record.lsn, event, finished)
            case _:
                pass


def _run(db: apsw.Connection, run: Run, command: CommandFinished, *, news: bool) -> None:
    runs.keep(db, run, (command.ground or Ground()).changes)
    if run.wc:
        endings.settle(db, run, command)
    for n, failure in enumerate(command.failures[:EPISODES_A_RUN]):
        _occurred(db, run, n, failure, news=news)


def _occurred(db: apsw.Connection, run: Run, n: int, failure: Failure, *, news: bool) -> None:
    episode = _episode(db, run, n, failure) if run.wc else None
    db.execute(
        "INSERT OR REPLACE INTO occurrences VALUES (?,?,?,?,?,?,?,?,?)",
        (
            *(run.lsn, n, run.project, run.wc, failure.fingerprint, failure.values),
            *(failure.test, episode, failure_to_text(failure)),
        ),
    )
    if episode is not None and news:  # else its card was made where it happened
        cards.offer(db, run, n, failure, episode)


def _episode(db: apsw.Connection, run: Run, n: int, failure: Failure) -> int:
    """The open episode that this failure goes on with, or a new one."""
    row = db.execute(
        'SELECT id FROM episodes WHERE wc=? AND closed_lsn IS NULL AND fingerprint=? AND "values"=?'
        " AND test=? AND (test<>'' OR (command=? AND cwd=?))",
        (run.wc, failure.fingerprint, failure.values, failure.test, run.command, run.cwd),
    ).fetchone()
    if row is not None:
        db.execute(
            "UPDATE episodes SET last_lsn=?, last_n=?, command=?, cwd=?, note='',"
            " unsaid_lsn=NULL WHERE id=?",
            (run.lsn, n, run.command, run.cwd, row[0]),
        )
        return int(str(row[0]))
    _contradict(db, run, failure)
    episode = run.lsn * EPISODES_A_RUN + n
    db.execute(
        "INSERT OR REPLACE INTO episodes VALUES (?,?,?,?,?,?,?,?,?,?,NULL,'open','',NULL)",
        (
            *(episode, run.project, run.wc, failure.fingerprint, failure.values, failure.test),
            *(run.command, run.cwd, run.lsn, n),
        ),
    )
    return episode


def _contradict(db: apsw.Connection, run: Run, failure: Failure) -> None:
    """The same test fails alike here, or the same command where there is no test: a remedy that
    is still in place did not hold. Another test's failure may have another cause."""
    remedies = db.execute(
        """SELECT r.id, r.passed_lsn FROM remedies r JOIN runs p ON p.lsn=r.passed_lsn
           JOIN episodes e ON e.id=r.episode
           WHERE r.fingerprint=? AND r."values"=? AND r.kind='code' AND p.wc=?
             AND e.test=? AND (e.test<>'' OR (e.command=? AND e.cwd=?))
             AND r.contradicted_lsn IS NULL ORDER BY r.id""",
        (failure.fingerprint, failure.values, run.wc, failure.test, run.command, run.cwd),
    ).fetchall()
    for remedy, passed_lsn in remedies:
        rows = db.execute("SELECT path FROM remedy_paths WHERE remedy=? AND related", (remedy,))
        paths = [str(r[0]) for r in rows.fetchall()]
        passed = runs.load(db, int(str(passed_lsn)))
        if grounds.touches(db, passed, run, paths) is False:
            db.execute(
                "UPDATE remedies SET contradicted_lsn=? WHERE id=?", (run.lsn, cast(str, remedy))
            )
