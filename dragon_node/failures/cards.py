"""Which failures get a card, decided while the record is applied and therefore once.

A card is made only when an earlier, closed episode gives something true to say. One card an open
episode, three a run, one in ten minutes for a symptom in a working copy until it passes there,
twelve an hour a project. A weaker card mutes no exact one: of a symptom with other values, that is.
"""

from __future__ import annotations

import apsw

from common.model.failure import Failure, Match
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
    if not _has_room(db, run):
        return False
    what = known(db, run.project, failure, before_lsn=run.lsn, failing=run)
    if not what.worth_saying or _is_muted(db, run, failure, episode, what.match):
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


def _has_room(db: apsw.Connection, run: Run) -> bool:
    in_an_hour = _count(db, "project=? AND at_ms>?", run.project, run.at_ms - _HOUR_MS)
    return _count(db, "lsn=?", run.lsn) < CARDS_A_RUN_MAX and in_an_hour < CARDS_AN_HOUR_MAX


def _is_muted(db: apsw.Connection, run: Run, failure: Failure, episode: int, match: Match) -> bool:
    """Whether it was said lately: by an exact card with these values if this one is exact too."""
    exact = match == "same"
    if _count(db, """episode=? AND ("match"='same' OR NOT ?)""", episode, exact):
        return True
    return bool(
        _count(
            db,
            """wc=? AND fingerprint=? AND at_ms>?
               AND (NOT ? OR ("match"='same' AND EXISTS (
                 SELECT 1 FROM occurrences o
                 WHERE o.lsn=cards.lsn AND o.n=cards.n AND o."values"=?)))
               AND NOT EXISTS (SELECT 1 FROM episodes e WHERE e.id=cards.episode
                 AND e.closed_lsn IS NOT NULL AND e.state<>'flaky')""",
            *(run.wc, failure.fingerprint, run.at_ms - SAME_SYMPTOM_MS),
            *(exact, failure.values),
        )
    )


def _count(db: apsw.Connection, where: str, *values: str | int) -> int:
    return int(db.execute(f"SELECT count(*) FROM cards WHERE {where}", values).get)
