"""Turns the stream of events into episodes, remedies and cards; one record at a time, in order."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import cast

import apsw

from common.model.event import (
    CommandFinished,
    Event,
    FileChanged,
    GitOperation,
    Ground,
    PathChange,
    ProofFinished,
    WorkingCopySeen,
)
from common.model.failure import Failure
from common.model.ids import short_hash
from dragon_node.failures import acting, cards, commits, judged, outside, proofs, runs
from dragon_node.failures.as_kept import failure_from_text, failure_to_text
from dragon_node.failures.episodes import Ending, beyond, judge
from dragon_node.failures.forgetting import forget
from dragon_node.failures.passing import verdict
from dragon_node.failures.reruling import current, rerule
from dragon_node.failures.runs import Run
from dragon_node.failures.schema import SCHEMA
from dragon_node.lake.forgetting import notes
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
                known = tuple(current(failure) for failure in command.failures)
                command = dataclasses.replace(command, failures=known)
                _run(db, runs.run_of(record, event, command), command)
            case Event(body=ProofFinished() as finished) as event:
                proofs.apply(db, record.lsn, event, finished)
            case _:
                pass


def _run(db: apsw.Connection, run: Run, command: CommandFinished) -> None:
    runs.keep(db, run, (command.ground or Ground()).changes)
    if run.wc:
        _settle(db, run, command)
    for n, failure in enumerate(command.failures[:EPISODES_A_RUN]):
        _occurred(db, run, n, failure)


# -- endings ---------------------------------------------------------------------------------


def _settle(db: apsw.Connection, run: Run, command: CommandFinished) -> None:
    """Closes the open episodes of this working copy that the run shows to be over."""
    root = _root(db, run.wc)
    still = {(f.fingerprint, f.values, f.test) for f in command.failures}
    open_episodes = db.execute(
        'SELECT id, test, fingerprint, "values", last_lsn, last_n FROM episodes'
        " WHERE wc=? AND closed_lsn IS NULL ORDER BY id",
        (run.wc,),
    ).fetchall()
    for identity, test, fingerprint, values, last_lsn, last_n in open_episodes:
        if (fingerprint, values, test) not in still:
            failing = runs.load(db, int(str(last_lsn)))
            failure = _failure_of(db, failing.lsn, int(str(last_n)))
            _settle_one(db, int(str(identity)), failure, failing, run, command, root)


def _settle_one(
    db: apsw.Connection,
    episode: int,
    failure: Failure,
    failing: Run,
    run: Run,
    command: CommandFinished,
    root: str,
) -> None:
    said = verdict(failure, failing, run, command, root)
    match said:
        case "passed" | "passed unnamed":
            changes = runs.between(db, failing, run)
            ending = judge(
                failure, failing, run, changes, said, root, acting.between(db, failing, run)
            )
            if ending is not None and ending.state in ("flaky", "unexplained"):
                ending = beyond(ending, outside.outside(db, failure, failing, root))
            if ending is not None:
                ending = _as_far_as_said(db, episode, failing, ending)
                _close(db, episode, failure, failing, run, ending)
        case "skipped":
            _note(db, episode, "test skipped since, not seen to pass")
        case "not run":
            _note(db, episode, "the test was removed, renamed or left out since, not seen to pass")
        case "failed" if all(f.test != failure.test for f in command.failures):
            db.execute("UPDATE episodes SET unsaid_lsn=? WHERE id=?", (run.lsn, episode))
        case "failed" | "unknown":
            pass


def _as_far_as_said(db: apsw.Connection, episode: int, failing: Run, ending: Ending) -> Ending:
    """Less is proven when the test failed in between, on other ground, without saying how."""
    row = db.execute("SELECT unsaid_lsn FROM episodes WHERE id=?", (episode,)).fetchone()
    unsaid = runs.load(db, int(str(row[0]))) if row and row[0] is not None else None
    if ending.state != "observed" or unsaid is None or runs.between(db, failing, unsaid) == ():
        return ending
    note = f"{ending.note}; in between the test failed in a run that does not say how"
    return dataclasses.replace(ending, state="unproven", note=note)


def _note(db: apsw.Connection, episode: int, note: str) -> None:
    db.execute("UPDATE episodes SET note=? WHERE id=?", (note, episode))


def _close(
    db: apsw.Connection, episode: int, failure: Failure, failing: Run, run: Run, ending: Ending
) -> None:
    db.execute(
        "UPDATE episodes SET closed_lsn=?, state=?, note=? WHERE id=?",
        (run.lsn, ending.state, ending.note, episode),
    )
    if ending.state == "flaky":
        _is_flaky(db, failure, failing, run)
    if ending.remedy_state is None:
        return
    identity = short_hash("remedy", failing.event_id, str(episode)) + short_hash(run.event_id)
    db.execute(
        "INSERT OR REPLACE INTO remedies VALUES (?,?,?,?,?,?,?,?,?,?,NULL)",
        (
            *(identity, episode, run.project, failure.fingerprint, failure.values),
            *(ending.remedy_state, ending.kind, ending.note, failing.lsn, run.lsn),
        ),
    )
    _keep_paths(db, identity, ending.related, related=True)
    _keep_paths(db, identity, ending.also, related=False)


def _keep_paths(
    db: apsw.Connection, remedy: str, changes: Sequence[PathChange], *, related: bool
) -> None:
    db.executemany(
        "INSERT OR REPLACE INTO remedy_paths VALUES (?,?,?,?,?,?,?)",
        [
            (remedy, c.path, related, c.old_git, c.new_git, c.old_content, c.new_content)
            for c in changes
        ],
    )


def _is_flaky(db: apsw.Connection, failure: Failure, failing: Run, run: Run) -> None:
    """Counts the runs that are known on this very ground."""
    ground = {r.lsn: r for r in runs.on_ground(db, run)}
    ground |= {failing.lsn: failing, run.lsn: run}  # equal but for what runs leave behind
    rows = db.execute(
        "SELECT DISTINCT lsn FROM occurrences WHERE fingerprint=? AND test=? AND wc=?",
        (failure.fingerprint, failure.test, run.wc),
    )
    failed = {int(str(row[0])) for row in rows} & ground.keys()
    passed = {lsn for lsn, r in ground.items() if r.ok or lsn == run.lsn}
    db.execute(
        "INSERT INTO flaky VALUES (?,?,?,?,?) ON CONFLICT DO UPDATE SET"
        " failed=excluded.failed, runs=excluded.runs",
        (run.project, failure.fingerprint, run.lsn, len(failed), len(failed | passed)),
    )


# -- occurrences -----------------------------------------------------------------------------


def _occurred(db: apsw.Connection, run: Run, n: int, failure: Failure) -> None:
    episode = _episode(db, run, n, failure) if run.wc else None
    db.execute(
        "INSERT OR REPLACE INTO occurrences VALUES (?,?,?,?,?,?,?,?,?)",
        (
            *(run.lsn, n, run.project, run.wc, failure.fingerprint, failure.values),
            *(failure.test, episode, failure_to_text(failure)),
        ),
    )
    if episode is not None:
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
    """The same symptom is back here: a remedy that is still in place did not hold."""
    remedies = db.execute(
        """SELECT r.id, r.passed_lsn FROM remedies r JOIN runs p ON p.lsn=r.passed_lsn
           WHERE r.fingerprint=? AND r."values"=? AND r.kind='code' AND p.wc=?
             AND r.contradicted_lsn IS NULL ORDER BY r.id""",
        (failure.fingerprint, failure.values, run.wc),
    ).fetchall()
    for remedy, passed_lsn in remedies:
        changes = runs.between(db, runs.load(db, int(str(passed_lsn))), run)
        if changes is None:
            continue
        rows = db.execute("SELECT path FROM remedy_paths WHERE remedy=? AND related", (remedy,))
        if {str(r[0]) for r in rows}.isdisjoint(c.path for c in changes):
            db.execute(
                "UPDATE remedies SET contradicted_lsn=? WHERE id=?", (run.lsn, cast(str, remedy))
            )


def _failure_of(db: apsw.Connection, lsn: int, n: int) -> Failure:
    row = db.execute("SELECT failure FROM occurrences WHERE lsn=? AND n=?", (lsn, n)).fetchone()
    assert row is not None
    return failure_from_text(str(row[0]))


def _root(db: apsw.Connection, wc: str) -> str:
    row = db.execute("SELECT path FROM roots WHERE wc=?", (wc,)).fetchone()
    return str(row[0]) if row else ""
