"""What a card that is already shown says once its remedy was judged or tried again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from common.model.event import ProofFinished
from common.model.failure import Proof, Recollection, Remedy, Verdict
from common.model.ids import EventId


def judged(
    known: Recollection, remedy_id: str, verdict: Verdict, now: Remedy | None
) -> Recollection:
    """`now` is the remedy as the Dragon has it since; None when it could not say."""

    def change(remedy: Remedy) -> Remedy:
        if now is not None:
            return replace(remedy, state=now.state, accepted=now.accepted, proof=now.proof)
        if verdict == "rejected":
            return replace(remedy, state="rejected", accepted=False)
        return replace(remedy, accepted=True)

    return _changed(known, remedy_id, change)


def proven(
    known: Recollection, finished: ProofFinished, at_ms: int, event_id: EventId
) -> Recollection:
    """As the Dragon will say it: what speaks against a remedy goes before its proof."""
    proof = Proof(
        finished.verdict,
        at_ms,
        finished.reason,
        finished.red,
        finished.green,
        finished.runs,
        event_id,
    )
    came_to_run = finished.red > 0 or finished.green > 0

    def change(remedy: Remedy) -> Remedy:
        if proof.verdict == "confirmed":
            stands = remedy.state == "rejected" or known.flaky is not None
            return replace(remedy, proof=proof, state=remedy.state if stands else "confirmed")
        if remedy.proof is None or remedy.proof.verdict != "confirmed":
            return replace(remedy, proof=proof)
        if not came_to_run:
            return remedy
        state = "unproven" if remedy.state == "confirmed" else remedy.state
        return replace(remedy, proof=proof, state=state)

    return _changed(known, finished.remedy_id, change)


def _changed(
    known: Recollection, remedy_id: str, change: Callable[[Remedy], Remedy]
) -> Recollection:
    remedies = tuple(change(r) if r.id == remedy_id else r for r in known.remedies)
    return replace(known, remedies=remedies)
