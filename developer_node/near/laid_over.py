"""What is known here since the Dragon said last, laid over what it said. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from common.model.failure import Failure, Occurrence, Recollection, Remedy, Verdict
from developer_node.revising import judged

OCCURRENCES_MAX = 20

FIRST_TIME = "seen for the first time, nothing is known about it yet"
SINCE = "it failed here since: what came of that is known once the Dragon has it"
IN_DOUBT = "; whether it was in place here when it failed is not known"
NOTHING = "nothing like it is remembered on this laptop"
UNFILLED = "the Dragon has not told this laptop yet what it remembers"

Verdicts = Mapping[str, Verdict]
"""By remedy."""


def other_values(told: Recollection, failure: Failure) -> Recollection:
    """Told of the same symptom with other values, asked about this failure."""
    match = told.match if told.match in ("similar", "none") else "same, other values"
    return replace(told, match=match, failure=failure)


def first_seen(failure: Failure, here: tuple[Occurrence, ...]) -> Recollection:
    """A failure that was recorded here alone."""
    note = FIRST_TIME if len(here) == 1 else SINCE
    return Recollection("same", failure, here[:OCCURRENCES_MAX], note=note)


def with_local(told: Recollection, here: tuple[Occurrence, ...]) -> Recollection:
    """With the times that it failed here since. Whether a remedy was in place then is not known."""
    known = {seen.event_id for seen in told.occurrences}
    since = tuple(seen for seen in here if seen.event_id not in known)
    if not since:
        return told
    ordered = sorted((*since, *told.occurrences), key=lambda o: -o.at_ms)
    remedies = tuple(in_doubt(remedy) for remedy in told.remedies)
    note = told.note if remedies or told.flaky else SINCE
    return replace(told, occurrences=tuple(ordered[:OCCURRENCES_MAX]), remedies=remedies, note=note)


def with_verdicts(told: Recollection, verdicts: Verdicts) -> Recollection:
    """With what the person said here of its remedies; a rejected one is never first."""
    found = told
    for remedy in told.remedies:
        if (verdict := verdicts.get(remedy.id)) is not None:
            found = judged(found, remedy.id, verdict, None)
    if found is told:
        return told
    ordered = sorted(found.remedies, key=lambda r: r.state == "rejected")
    return replace(found, remedies=tuple(ordered))


def agrees(remedy: Remedy, verdict: Verdict) -> bool:
    """Whether the Dragon says of a remedy what the person said here."""
    return remedy.state == "rejected" if verdict == "rejected" else remedy.accepted


def in_doubt(remedy: Remedy) -> Remedy:
    """Of a failure whose ground only the Dragon can judge."""
    if remedy.state == "rejected" or remedy.kind != "code" or IN_DOUBT in remedy.why:
        return remedy
    return replace(remedy, why=remedy.why + IN_DOUBT)
