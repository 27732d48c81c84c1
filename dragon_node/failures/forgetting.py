"""Forgetting runs: what was concluded from them goes, and what others bear out stays."""

from __future__ import annotations

import json
from collections.abc import Collection

import apsw

GONE = "what changed between the two runs was forgotten"


def forget(
    db: apsw.Connection,
    project: str,
    lsns: Collection[int],
    commits: Collection[str],
    copies: Collection[str],
) -> None:
    """These runs, commits and places of working copies were never recorded."""
    _commits(db, project, commits)
    db.executemany("DELETE FROM roots WHERE wc=?", [(copy,) for copy in copies])
    for table in ("proofs", "touched"):
        db.executemany(f"DELETE FROM {table} WHERE lsn=?", [(lsn,) for lsn in lsns])
    db.execute("CREATE TEMP TABLE IF NOT EXISTS gone(lsn INTEGER PRIMARY KEY, wc TEXT)")
    db.execute("DELETE FROM gone")
    db.execute(
        """INSERT INTO gone SELECT lsn, wc FROM runs
           WHERE lsn IN (SELECT value FROM json_each(?))""",
        (json.dumps(list(lsns)),),
    )
    if db.changes():
        _remedies(db)
        _episodes(db)
        _runs(db)
        _alone(db)
    _words(db, project, lsns)


def _commits(db: apsw.Connection, project: str, commits: Collection[str]) -> None:
    keys = [(project, sha) for sha in commits]
    for table in ("commits", "commit_parents", "commit_paths", "heads"):
        db.executemany(f"DELETE FROM {table} WHERE project=? AND sha=?", keys)


def _remedies(db: apsw.Connection) -> None:
    """One rests on its failing run, its passing run, and on every run between that says what
    changed."""
    rows = db.execute(
        """DELETE FROM remedies WHERE EXISTS(
             SELECT 1 FROM gone JOIN runs p ON p.lsn=remedies.passed_lsn
             WHERE gone.wc=p.wc AND gone.lsn BETWEEN remedies.failed_lsn AND remedies.passed_lsn)
           RETURNING id"""
    ).fetchall()
    for table in ("remedy_paths", "verdicts", "proofs"):
        db.executemany(f"DELETE FROM {table} WHERE remedy=?", rows)
    db.execute(
        "UPDATE remedies SET contradicted_lsn=NULL WHERE contradicted_lsn IN (SELECT lsn FROM gone)"
    )


def _episodes(db: apsw.Connection) -> None:
    """An ending that rests on what is forgotten is not explained; one whose passing run is
    forgotten has not been seen."""
    db.execute(
        """UPDATE episodes SET state='unexplained', note=? WHERE closed_lsn IS NOT NULL AND EXISTS(
             SELECT 1 FROM gone WHERE gone.wc=episodes.wc
             AND gone.lsn BETWEEN episodes.last_lsn AND episodes.closed_lsn)""",
        (GONE,),
    )
    db.execute(
        """UPDATE episodes SET state='open', note='', closed_lsn=NULL
           WHERE closed_lsn IN (SELECT lsn FROM gone)"""
    )
    db.execute("UPDATE episodes SET unsaid_lsn=NULL WHERE unsaid_lsn IN (SELECT lsn FROM gone)")


def _runs(db: apsw.Connection) -> None:
    for table in ("runs", "run_changes", "occurrences", "cards", "flaky"):
        db.execute(f"DELETE FROM {table} WHERE lsn IN (SELECT lsn FROM gone)")
    last = "SELECT lsn, n FROM occurrences o WHERE o.episode=episodes.id ORDER BY lsn DESC LIMIT 1"
    db.execute(
        f"""UPDATE episodes SET (last_lsn, last_n)=({last}), note=iif(closed_lsn IS NULL, '', note)
            WHERE last_lsn IN (SELECT lsn FROM gone)
              AND EXISTS(SELECT 1 FROM occurrences o WHERE o.episode=episodes.id)"""
    )
    db.execute(
        """UPDATE episodes SET (command, cwd)=(SELECT command, cwd FROM runs WHERE lsn=last_lsn)
           WHERE last_lsn IN (SELECT lsn FROM runs) AND EXISTS(
             SELECT 1 FROM gone WHERE gone.wc=episodes.wc)"""
    )


def _words(db: apsw.Connection, project: str, lsns: Collection[int]) -> None:
    """What was said of cards goes with their runs, and the owner's word with the whole project."""
    db.executemany("DELETE FROM snoozes WHERE lsn=?", [(lsn,) for lsn in lsns])
    db.execute("DELETE FROM receptions WHERE cursor NOT IN (SELECT cursor FROM cards)")
    db.execute(
        """DELETE FROM quiet WHERE project=?
           AND NOT EXISTS(SELECT 1 FROM runs WHERE runs.project=quiet.project)""",
        (project,),
    )


def _alone(db: apsw.Connection) -> None:
    """Episodes that no failure bears out any more, cards of such, and symptoms never seen."""
    db.execute(
        "DELETE FROM episodes WHERE NOT EXISTS(SELECT 1 FROM occurrences o WHERE o.episode=id)"
    )
    db.execute(
        "DELETE FROM cards WHERE episode IS NOT NULL AND episode NOT IN (SELECT id FROM episodes)"
    )
    db.execute(
        """DELETE FROM flaky WHERE NOT EXISTS(SELECT 1 FROM occurrences o
             WHERE o.fingerprint=flaky.fingerprint AND o.project=flaky.project)"""
    )
