"""A symptom as a mirror keeps it: what recall would say, within bounds, and what a card would."""

from __future__ import annotations

from dataclasses import dataclass, replace

import apsw

from common.model.answer import Freshness
from common.model.failure import Failure, Recollection, Remedy
from common.model.ids import Fingerprint
from dragon_node.failures.as_kept import failure_from_text
from dragon_node.failures.cards import why
from dragon_node.failures.joined import IN, as_json, together
from dragon_node.failures.judged import standing
from dragon_node.failures.knowledge import known
from dragon_node.lake.moves import IN_SIGHT

DIFF_CHARS_MAX = 64_000
"""Of one remedy; of five no message is larger than a megabyte, whatever its alphabet."""
MESSAGE_CHARS_MAX = 16_000
OCCURRENCE_CHARS_MAX = 2_000
PATHS_MAX = 200
CUT = "[cut here: the Dragon has all of it]"


@dataclass(frozen=True, slots=True)
class Card:
    """What a card would say of a symptom if it came again where it was last seen."""

    failure: Failure
    offered: bool
    snoozed_until_ms: int
    why: str


def card_of(db: apsw.Connection, fingerprint: Fingerprint, values: str) -> Card | None:
    """None when there is no such symptom any more."""
    row = db.execute(
        f"""SELECT project, failure FROM occurrences WHERE fingerprint=? AND "values"=?
           AND project {IN_SIGHT} ORDER BY lsn DESC, n LIMIT 1""",
        (fingerprint, values),
    ).fetchone()
    if row is None:
        return None
    project, failure = str(row[0]), failure_from_text(str(row[1]))
    what = known(db, project, failure)
    offered = what.worth_saying and not standing(db, project).quiet
    until_ms = db.execute(
        f"SELECT coalesce(max(until_ms), 0) FROM snoozes WHERE project {IN} AND fingerprint=?",
        (as_json(together(db, project)), fingerprint),
    ).get
    return Card(failure, offered, until_ms, why(what, failure) if what.worth_saying else "")


def recalled(found: Recollection) -> Recollection:
    """Without freshness, which is of the moment of asking, and without what only the Dragon
    reads."""
    occurrences = tuple(
        replace(seen, message=_cut(seen.message, OCCURRENCE_CHARS_MAX))
        for seen in found.occurrences
    )
    failure = found.failure and replace(
        found.failure,
        imports=(),
        reaches=(),
        message=_cut(found.failure.message, MESSAGE_CHARS_MAX),
        normalised=found.failure.normalised[:MESSAGE_CHARS_MAX],
        headlines=tuple(line[:OCCURRENCE_CHARS_MAX] for line in found.failure.headlines[:20]),
    )
    return replace(
        found,
        failure=failure,
        occurrences=occurrences,
        remedies=tuple(_bounded(remedy) for remedy in found.remedies),
        freshness=Freshness(),
    )


def _bounded(remedy: Remedy) -> Remedy:
    return replace(
        remedy,
        diff=_cut(remedy.diff, DIFF_CHARS_MAX),
        paths=remedy.paths[:PATHS_MAX],
        also_changed=remedy.also_changed[:PATHS_MAX],
    )


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    kept = text[:most].rpartition("\n")[0] or text[:most]
    return f"{kept}\n{CUT}"
