"""Cards out of the mirror: what the Dragon would most likely show, before it can.

It holds back more than the Dragon does, never less: whether a symptom is put off, quiet or without
a remedy the Dragon has said; where the mirror cannot know the rest, there is no card here.
"""

from __future__ import annotations

from dataclasses import replace

from common.model.event import CommandFinished, Event
from common.model.failure import Failure, Suggestion
from common.model.ids import card_id
from common.model.near import MirroredSymptom
from developer_node.near import store
from developer_node.near.laid_over import Verdicts, in_doubt, other_values, with_verdicts
from developer_node.outbox.sql import Sql

CARDS_A_RUN_MAX = 3
FAILURES_A_RUN = 64
"""Of one command, that are looked at."""
SAME_SYMPTOM_MS = 10 * 60_000
"""So lately it was said already, or is being worked on."""
_OFFERED = frozenset(("observed", "confirmed", "ambiguous"))


def cards(sql: Sql, event: Event, command: CommandFinished, project: str) -> list[Suggestion]:
    """Of a command that was recorded here, whatever was recorded here before it."""
    said = store.verdicts(sql)
    found: list[Suggestion] = []
    for n, failure in enumerate(command.failures[:FAILURES_A_RUN]):
        told = store.alike(sql, failure)
        shown = _card(told, event, n, failure, project, said) if told is not None else None
        if shown is not None:
            found.append(shown)
    return found


def _card(
    told: MirroredSymptom,
    event: Event,
    n: int,
    failure: Failure,
    project: str,
    verdicts: Verdicts,
) -> Suggestion | None:
    """Of the failure in place `n` of an event, under the id that the Dragon's card will bear; None
    when there is nothing that it would say for certain."""
    known = told.recollection
    if not told.offered or told.snoozed_until_ms > event.at_ms or not known.occurrences:
        return None
    last = known.occurrences[0]
    passed_ms = max((r.passed_at_ms for r in known.remedies), default=0)
    if last.project != project or last.at_ms > passed_ms:
        return None  # quiet is of one project; and one that goes on has had its card
    if last.at_ms > event.at_ms - SAME_SYMPTOM_MS:
        return None
    exact = failure.values == told.values
    known = with_verdicts(known if exact else other_values(known, failure), verdicts)
    if known.match not in ("same", "same, other values"):
        return None
    if not known.remedies or known.remedies[0].state not in _OFFERED:
        return None
    remedies = tuple(in_doubt(remedy) for remedy in known.remedies)
    why = told.why if exact or "other values" in told.why else _otherwise(told.why)
    return Suggestion(
        card_id(event.id, n),
        0,
        event.at_ms,
        event.id,
        project,
        why,
        replace(known, remedies=remedies),
    )


def _otherwise(why: str) -> str:
    return why.replace("the same symptom", "the same symptom, with other values", 1)
