"""The ground that a run really stood on, where files changed while it was under way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import apsw

from common.model.event import PathChange
from dragon_node.failures import runs
from dragon_node.failures.as_kept import failure_from_text
from dragon_node.failures.changes import compose, inverse, is_test, spoken_of, written_by_people
from dragon_node.failures.runs import Run

MEANWHILE = "files changed while the failing run was under way"
MEANWHILE_PASSING = "files changed while the passing run was under way"


@dataclass(frozen=True, slots=True)
class Between:
    """From the ground of a failing run to that of a later one."""

    changes: tuple[PathChange, ...] | None
    """None when not all of them are known."""
    unsure: frozenset[str] = frozenset()
    """Paths that the failing run may have seen before or after they changed."""
    why: str = ""
    """Why something is not known."""


def written(db: apsw.Connection, run: Run) -> tuple[PathChange, ...] | None:
    """What changed while a run was under way, by its command or by a person; None when that is
    not known: it is where a later run began on the very files that this one left."""
    if run.tree_after in ("", run.tree):
        return ()
    row = db.execute(
        "SELECT lsn FROM runs WHERE wc=? AND tree=? AND previous_tree=? AND NOT unnamed LIMIT 1",
        (run.wc, run.tree_after, run.tree),
    ).fetchone()
    return None if row is None else written_by_people(runs.changes(db, int(str(row[0]))))


def between(db: apsw.Connection, failing: Run, later: Run) -> Between:
    """What changed from a failing run to a later one.

    `sed -i s/a/b/ cart.py; pytest` fails on the files that it leaves, not on those it found. So
    such a run's ground is the one it left, where that was recorded in full, and otherwise not
    known. Whether the failure came before or after a file changed is not known in any case.
    """
    found, during = runs.between(db, failing, later), written(db, failing)
    if found is None:
        return Between(None)
    if during is None:
        return Between(None, why=MEANWHILE)
    if not during:
        return Between(found)
    left = compose([inverse(during), found])
    return Between(left, frozenset(c.path for c in during), MEANWHILE)


def touches(db: apsw.Connection, earlier: Run, failing: Run, paths: Sequence[str]) -> bool | None:
    """Whether any of these paths changed from one run to a failing one or while that was under
    way; None when that is not known."""
    found, during = runs.between(db, earlier, failing), written(db, failing)
    if found is None or during is None:
        return None
    return not {c.path for c in (*found, *during)}.isdisjoint(paths)


def doubt(db: apsw.Connection, remedy: str, passing: Run) -> str:
    """Why a remedy may not be what made it pass; empty when nothing says so.

    What was saved while the passing run was under way may have done it. Which files those were
    is told by the ground of a later run, so this is looked at when somebody asks.
    """
    during = written(db, passing)
    if during is None:
        return f"{MEANWHILE_PASSING}, and which is not known"
    paths = sorted(_that_matter(db, remedy, during)) if during else []
    if not paths:
        return ""
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    named = ", ".join(paths[:3]) + more
    return f"{MEANWHILE_PASSING} ({named}), so it is not known on which it passed"


def _that_matter(db: apsw.Connection, remedy: str, during: Sequence[PathChange]) -> frozenset[str]:
    """Paths that the failure has to do with; all where no code made it pass. The others are what
    a run writes itself."""
    paths = frozenset(c.path for c in during)
    row = db.execute(
        """SELECT o.failure, r.kind, e.command, e.cwd, coalesce(w.path, '') FROM remedies r
           JOIN episodes e ON e.id=r.episode
           JOIN occurrences o ON o.lsn=e.last_lsn AND o.n=e.last_n
           LEFT JOIN roots w ON w.wc=e.wc WHERE r.id=?""",
        (remedy,),
    ).fetchone()
    if row is None or row[1] != "code":
        return paths
    failure = failure_from_text(str(row[0]))
    known = {*spoken_of(failure, str(row[2]), str(row[3]), str(row[4]))}
    known |= {*failure.imports, *failure.reaches}
    return frozenset(p for p in paths if p in known or is_test(p, failure))
