"""Remedies as they are kept, each with what is thought of it now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import apsw

from common.model.event import PathChange
from common.model.failure import Proof, RemedyKind, RemedyState
from common.model.ids import ContentHash
from dragon_node.failures import acting, grounds, proofs
from dragon_node.failures.in_place import Place
from dragon_node.failures.runs import Run, load
from dragon_node.lake.moves import IN_SIGHT

NOW = 1 << 50
"""A position that no journal reaches."""


@dataclass(frozen=True, slots=True)
class KnownRemedy:
    """A remedy as it is kept, with what is thought of it now."""

    id: str
    project: str
    values: str
    kind: RemedyKind
    state: RemedyState
    why: str
    failing: Run
    passing: Run
    related: tuple[PathChange, ...]
    also: tuple[PathChange, ...]
    flaky: bool
    """Its symptom passed on an unchanged ground at some time: no commit may be offered."""
    accepted: bool
    rejected: bool
    """By a person."""
    first: Run
    """The first failing run that this very change made pass: its commit came after that one."""
    in_place: Place | None = None
    """It was there already when it failed, so it is not what is missing."""
    in_doubt: bool = False
    """Whether it was there already is not known."""
    proof: Proof | None = None
    """What came of trying it again."""
    package: str = ""
    """Where in the repository it failed, when that is another place than the one asked about and
    nothing in the failure names a file: then it is another package's, and similar at most."""
    acted: tuple[str, ...] = ()
    """Commands that changed the environment in between."""
    test: str = ""
    """That it made pass; empty where a whole command failed."""
    of_this: bool = False
    """It made the very failure pass that is asked about: with its values, in its test or, where
    there is none, in its command."""

    @property
    def may_be_offered(self) -> bool:
        """Unasked, that is."""
        here = self.in_place is None and not self.package
        return here and self.state in ("observed", "confirmed", "ambiguous")


def of_symptom(db: apsw.Connection, fingerprint: str, before_lsn: int) -> list[KnownRemedy]:
    """Every remedy of a symptom that was known before a point of the journal, oldest first; now,
    of projects that moved on another Dragon knows more."""
    where = f"AND r.project {IN_SIGHT}" if before_lsn == NOW else ""
    rows = db.execute(
        f"{_SELECT} WHERE r.fingerprint=? AND r.passed_lsn<? {where} ORDER BY r.passed_lsn, r.id",
        (fingerprint, before_lsn),
    ).fetchall()
    return [_remedy(db, row) for row in rows]


def by_id(db: apsw.Connection, remedy_id: str) -> KnownRemedy | None:
    """One remedy; None when there is none of that id."""
    row = db.execute(f"{_SELECT} WHERE r.id=?", (remedy_id,)).fetchone()
    return None if row is None else _remedy(db, row)


_SELECT = """SELECT r.id, r.project, r."values", r.kind, r.state, r.why, r.failed_lsn,
    r.passed_lsn, r.contradicted_lsn, v.verdict, f.lsn, coalesce(e.test, '')
  FROM remedies r LEFT JOIN verdicts v ON v.remedy=r.id LEFT JOIN episodes e ON e.id=r.episode
  LEFT JOIN flaky f ON f.project=r.project AND f.fingerprint=r.fingerprint"""


def _remedy(db: apsw.Connection, row: Sequence[object]) -> KnownRemedy:
    identity, flaky = str(row[0]), row[10] is not None
    proof = proofs.of(db, identity)
    state, why = _thought_of(row, proof)
    changes = _paths(db, identity)
    failing, passing = load(db, int(str(row[6]))), load(db, int(str(row[7])))
    if state in ("observed", "ambiguous") and (doubt := grounds.doubt(db, identity, passing)):
        state, why = "unproven", f"{why}; {doubt}"
    return KnownRemedy(
        id=identity,
        project=str(row[1]),
        values=str(row[2]),
        kind=cast(RemedyKind, row[3]),
        state=state,
        why=why,
        failing=failing,
        passing=passing,
        related=tuple(c for c, related in changes if related),
        also=tuple(c for c, related in changes if not related),
        flaky=flaky,
        accepted=row[9] == "accepted",
        rejected=row[9] == "rejected",
        first=failing,
        proof=proof,
        acted=() if row[3] == "code" else acting.between(db, failing, passing).acted,
        test=str(row[11]),
    )


def _thought_of(row: Sequence[object], proof: Proof | None) -> tuple[RemedyState, str]:
    """What speaks against a remedy goes before its proof: that one says what was so then."""
    state, why = cast(RemedyState, row[4]), str(row[5])
    contradicted, verdict, flaky = row[8], row[9], row[10]
    if verdict == "rejected":
        return "rejected", f"rejected by you; {why}"
    if contradicted is not None:
        return "rejected", f"did not hold: it came back with this in place; {why}"
    if flaky is not None:
        return "unproven", f"it has also passed when nothing that git follows had changed; {why}"
    if proof is not None and proof.verdict == "confirmed":
        return "confirmed", why if state == "observed" else proofs.said(proof)
    return state, why


def _paths(db: apsw.Connection, remedy: str) -> list[tuple[PathChange, bool]]:
    rows = db.execute(
        "SELECT path, old_git, new_git, old_content, new_content, mode, related FROM remedy_paths"
        " WHERE remedy=? ORDER BY path",
        (remedy,),
    )
    return [
        (
            PathChange(
                str(p), str(og), str(ng), ContentHash(str(oc)), ContentHash(str(nc)), str(mode)
            ),
            bool(related),
        )
        for p, og, ng, oc, nc, mode, related in rows
    ]
