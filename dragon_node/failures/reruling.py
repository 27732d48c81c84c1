"""Makes the identities of what is remembered again when the rules that make them have changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import apsw

from common.fingerprint import RULES_VERSION, identity, normalise
from common.model.failure import Failure
from dragon_node.failures.as_kept import failure_from_text, failure_to_text


def current(failure: Failure, command: str = "") -> Failure:
    """With the identity that today's rules give it; made elsewhere by older or newer ones.

    `command` is that of its run.

    A failure from before its headlines were kept goes by its normalised message and keeps its
    values. One without an identity (a message that somebody pasted) gets none.
    """
    if failure.rules_version == RULES_VERSION or not failure.fingerprint:
        return failure
    headlines = failure.headlines or (normalise(failure.normalised)[0],)
    made = identity(failure.tool, failure.code, headlines, failure.frames, failure.test, command)
    return replace(
        failure,
        normalised=made.normalised,
        fingerprint=made.fingerprint,
        values=made.values if failure.headlines else failure.values,
        rules_version=RULES_VERSION,
    )


def rerule(db: apsw.Connection) -> int:
    """Brings memory.db to today's rules, inside the caller's transaction.

    How many failures got another identity. Every table that names one follows: what was one
    symptom and is two now belongs to both where no failing run tells which.
    """
    row = db.execute("SELECT version FROM rules").fetchone()
    if row is not None and row[0] == RULES_VERSION:
        return 0
    changed = _Changed()
    for lsn, n, command, failure in _kept(db):
        new = current(failure, command)
        if new != failure:
            changed.note(_write(db, lsn, n, new), failure, new)
    _follow(db, changed)
    db.execute("DELETE FROM rules")
    db.execute("INSERT INTO rules VALUES (?)", (RULES_VERSION,))
    return changed.count


@dataclass(slots=True)
class _Changed:
    count: int = 0
    becomes: dict[tuple[str, str], set[str]] = field(
        default_factory=lambda: defaultdict[tuple[str, str], set[str]](set)
    )
    """By project and older fingerprint."""

    def note(self, project: str, old: Failure, new: Failure) -> None:
        self.count += 1
        self.becomes[project, old.fingerprint].add(new.fingerprint)


def _kept(db: apsw.Connection) -> Iterator[tuple[int, int, str, Failure]]:
    """In pages, so that a long memory is not held whole."""
    last: tuple[int, int] = (-1, -1)
    while True:
        rows = db.execute(
            "SELECT lsn, n, coalesce(r.command, ''), failure FROM occurrences"
            " LEFT JOIN runs r USING (lsn) WHERE (lsn, n) > (?,?) ORDER BY lsn, n LIMIT 500",
            last,
        ).fetchall()
        for lsn, n, command, text in rows:
            last = (int(str(lsn)), int(str(n)))
            yield *last, str(command), failure_from_text(str(text))
        if not rows:
            return


def _write(db: apsw.Connection, lsn: int, n: int, new: Failure) -> str:
    """The project of what was kept there."""
    ((project,),) = db.execute(
        'UPDATE occurrences SET fingerprint=?, "values"=?, failure=? WHERE lsn=? AND n=?'
        " RETURNING project",
        (new.fingerprint, new.values, failure_to_text(new), lsn, n),
    ).fetchall()
    return str(project)


def _follow(db: apsw.Connection, changed: _Changed) -> None:
    """A card and an episode are of their failure's symptom, a remedy of its episode's; what only
    names a fingerprint goes to each new one."""
    db.execute(
        """UPDATE cards SET fingerprint=o.fingerprint FROM occurrences o
           WHERE o.lsn=cards.lsn AND o.n=cards.n"""
    )
    db.execute(
        """UPDATE episodes SET fingerprint=o.fingerprint, "values"=o."values" FROM occurrences o
           WHERE o.lsn=episodes.last_lsn AND o.n=episodes.last_n"""
    )
    db.execute(
        """UPDATE remedies SET fingerprint=e.fingerprint, "values"=e."values"
           FROM episodes e WHERE e.id=remedies.episode"""
    )
    for (project, old), news in changed.becomes.items():
        others = news - {old}
        for new in sorted(others):
            db.execute(_FLAKY, (new, project, old))
            db.execute(_SNOOZED, (new, project, old))
        if old not in news:
            for table in ("flaky", "snoozes"):
                where = f"DELETE FROM {table} WHERE project=? AND fingerprint=?"
                db.execute(where, (project, old))


_FLAKY = """INSERT INTO flaky SELECT project, ?, lsn, failed, runs FROM flaky
  WHERE project=? AND fingerprint=? ON CONFLICT DO UPDATE SET
  lsn=max(lsn, excluded.lsn), failed=max(failed, excluded.failed), runs=max(runs, excluded.runs)"""
_SNOOZED = """INSERT INTO snoozes SELECT project, ?, until_ms, card, lsn FROM snoozes
  WHERE project=? AND fingerprint=? ON CONFLICT DO UPDATE SET
  until_ms=max(until_ms, excluded.until_ms), lsn=max(lsn, excluded.lsn)"""
