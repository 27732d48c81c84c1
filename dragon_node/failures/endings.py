"""Episodes that a run shows to be over: closed, with what may be claimed kept beside them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import apsw

from common.model.event import CommandFinished, PathChange
from common.model.failure import Failure
from common.model.ids import short_hash
from dragon_node.failures import acting, grounds, outside, runs
from dragon_node.failures.as_kept import failure_from_text
from dragon_node.failures.episodes import Ending, as_counted, beyond, judge, less_sure
from dragon_node.failures.passing import verdict
from dragon_node.failures.runs import Run


def settle(db: apsw.Connection, run: Run, command: CommandFinished) -> None:
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
        case "passed" | "passed unnamed" | "passed uncounted":
            ground = grounds.between(db, failing, run)
            around = acting.between(db, failing, run)
            ending = judge(failure, failing, run, ground.changes, said, root, around, ground.why)
            if ending is not None and ending.state in ("flaky", "unexplained"):
                ending = beyond(ending, outside.outside(db, failure, failing, root))
            if ending is not None:
                ending = as_counted(ending, said)
                ending = less_sure(ending, ground.unsure, ground.why)
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
        "INSERT OR REPLACE INTO remedy_paths VALUES (?,?,?,?,?,?,?,?)",
        [
            (remedy, c.path, related, c.old_git, c.new_git, c.old_content, c.new_content, c.mode)
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


def _failure_of(db: apsw.Connection, lsn: int, n: int) -> Failure:
    row = db.execute("SELECT failure FROM occurrences WHERE lsn=? AND n=?", (lsn, n)).fetchone()
    assert row is not None
    return failure_from_text(str(row[0]))


def _root(db: apsw.Connection, wc: str) -> str:
    row = db.execute("SELECT path FROM roots WHERE wc=?", (wc,)).fetchone()
    return str(row[0]) if row else ""
