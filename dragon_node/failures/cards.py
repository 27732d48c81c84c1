"""Which failures get a card, decided while the record is applied and therefore once.

A card is made only when an earlier, closed episode gives something true to say. One card an open
episode, three a run, one in ten minutes for a symptom in a working copy until it passes there,
twelve an hour a project, none for a symptom that was put off and none where a project is quiet. A
weaker card mutes no exact one: of a symptom with other values, that is.
"""

from __future__ import annotations

import apsw

from common.model.failure import Failure, Match
from common.model.ids import EventId, card_id
from dragon_node.failures.joined import IN, as_json, together
from dragon_node.failures.judged import CURSORS_A_RECORD, is_snoozed, standing
from dragon_node.failures.kept import KnownRemedy
from dragon_node.failures.knowledge import Known, known
from dragon_node.failures.runs import Run

CARDS_A_RUN_MAX = 3
SAME_SYMPTOM_MS = 10 * 60_000
CARDS_AN_HOUR_MAX = 12
CARDS_KEPT_MAX = 1000
"""Older ones are dropped: whoever was away that long has the failures themselves."""

_HOUR_MS = 3_600_000


def offer(db: apsw.Connection, run: Run, n: int, failure: Failure, episode: int) -> bool:
    """Makes a card for a failure if it deserves one; true when it did."""
    if not _has_room(db, run):
        return False
    what = known(db, run.project, failure, before_lsn=run.lsn, failing=run)
    if not what.worth_saying or _is_muted(db, run, failure, episode, what.match):
        return False
    if is_snoozed(db, run.project, failure.fingerprint, run.at_ms):
        return False
    if standing(db, run.project).quiet:
        return False
    cursor = run.lsn * CURSORS_A_RECORD + n
    db.execute(
        f"INSERT OR REPLACE INTO cards VALUES ({','.join('?' * 13)})",
        (
            *(cursor, card_id(EventId(run.event_id), n), run.lsn, n, run.at_ms),
            *(run.event_id, run.project, run.project_name, run.wc, failure.fingerprint),
            *(episode, what.match, why(what, failure)),
        ),
    )
    db.execute(
        "DELETE FROM cards WHERE cursor <= "
        "(SELECT cursor FROM cards ORDER BY cursor DESC LIMIT 1 OFFSET ?)",
        (CARDS_KEPT_MAX,),
    )
    db.execute("DELETE FROM receptions WHERE cursor<(SELECT min(cursor) FROM cards)")
    return True


def why(what: Known, failure: Failure) -> str:
    """In a sentence. It speaks of the same symptom, never of the same cause."""
    symptom = "the same symptom"
    if what.elsewhere:
        symptom += f" in {what.elsewhere}"
    if what.match == "same, other values":
        symptom += ", with other values"
    if what.flaky is not None:
        often = f"it failed {what.flaky.failed} of {what.flaky.runs} runs"
        return f"{symptom}: {often}, and nothing that git follows changed"
    offered = [r for r in what.remedies if r.may_be_offered]
    # How many changes that were is counted when the card is shown: one may have come twice.
    causes = "" if len(offered) == 1 else ", more than once"
    return f"{symptom} was seen before and passed later{causes}{_trust(offered)}"


def _trust(offered: list[KnownRemedy]) -> str:
    """Why the first of them is first, where more is known than that it was seen."""
    best = offered[0]
    which = "the first of them" if len(offered) > 1 else "what made it pass"
    proven = best.state == "confirmed"
    said = "was confirmed by trying it again" if proven else ""
    if best.accepted:
        said += " and you accepted it" if proven else "was accepted by you"
    return f"; {which} {said}" if said else ""


def _has_room(db: apsw.Connection, run: Run) -> bool:
    projects = as_json(together(db, run.project))
    since_ms = run.at_ms - _HOUR_MS
    in_an_hour = _count(db, f"""project {IN} AND at_ms>? AND "match"<>'none'""", projects, since_ms)
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
