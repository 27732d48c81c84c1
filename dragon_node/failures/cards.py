"""Which failures get a card, decided while the record is applied and therefore once.

A card is made only when an earlier, closed episode gives something true to say. One card an open
episode, three a run, one in ten minutes for a symptom in a working copy, twelve an hour a project.
"""

from __future__ import annotations

import apsw

from common.model.failure import Failure
from common.model.ids import short_hash
from dragon_node.failures.knowledge import Known, known
from dragon_node.failures.runs import Run

CARDS_A_RUN_MAX = 3
SAME_SYMPTOM_MS = 10 * 60_000
CARDS_AN_HOUR_MAX = 12
CARDS_KEPT_MAX = 1000
"""Older ones are dropped: whoever was away that long has the failures themselves."""

_HOUR_MS = 3_600_000
CURSORS_A_RECORD = 64
"""A card's cursor is its record's lsn times this, plus its place in the run."""


def offer(db: apsw.Connection, run: Run, n: int, failure: Failure, episode: int) -> bool:
    """Makes a card for a failure if it deserves one; true when it did."""
    if not _is_allowed(db, run, failure, episode):
        return False
    what = known(db, run.project, failure, before_lsn=run.lsn)
    if not what.worth_saying:
        return False
    cursor = run.lsn * CURSORS_A_RECORD + n
    db.execute(
        f"INSERT OR REPLACE INTO cards VALUES ({','.join('?' * 13)})",
        (
            *(cursor, short_hash("card", run.event_id, str(n), "a") * 2, run.lsn, n, run.at_ms),
            *(run.event_id, run.project, run.project_name, run.wc, failure.fingerprint),
            *(episode, what.match, why(what, failure)),
        ),
    )
    db.execute(
        "DELETE FROM cards WHERE cursor <= "
        "(SELECT cursor FROM cards ORDER BY cursor DESC LIMIT 1 OFFSET ?)",
        (CARDS_KEPT_MAX,),
    )
    return True


def why(what: Known, failure: Failure) -> str:
    """In a sentence. It speaks of the same symptom, never of the same cause."""
    symptom = "the same symptom"
    if what.elsewhere:
        symptom += f" in {what.elsewhere}"
    if what.match == "same, other values":
        symptom += ", with other values"
    if what.flaky is not None:
        return f"{symptom}: it failed {what.flaky.failed} of {what.flaky.runs} runs unchanged"
    offered = [r for r in what.remedies if r.may_be_offered]
    causes = "" if len(offered) == 1 else f"; {len(offered)} different changes made it pass"
    return f"{symptom} was seen before and passed later{causes}"


def _is_allowed(db: apsw.Connection, run: Run, failure: Failure, episode: int) -> bool:
    def count(sql: str, *values: object) -> int:
        row = db.execute(f"SELECT count(*) FROM cards WHERE {sql}", values).fetchone()  # type: ignore[arg-type]
        return int(str(row[0])) if row else 0

    return (
        not count("episode=?", episode)
        and count("lsn=?", run.lsn) < CARDS_A_RUN_MAX
        and not count(
            "wc=? AND fingerprint=? AND at_ms>?",
            *(run.wc, failure.fingerprint, run.at_ms - SAME_SYMPTOM_MS),
        )
        and count("project=? AND at_ms>?", run.project, run.at_ms - _HOUR_MS) < CARDS_AN_HOUR_MAX
    )
