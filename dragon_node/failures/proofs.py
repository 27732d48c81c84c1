"""Remedies that were tried again: what came of it, the newest of each that says something."""

from __future__ import annotations

import logging
from typing import cast

import apsw

from common.model.event import Event, ProofFinished
from common.model.failure import Proof, ProofVerdict
from common.model.ids import EventId

log = logging.getLogger(__name__)


def apply(db: apsw.Connection, lsn: int, event: Event, finished: ProofFinished) -> None:
    """Keeps it. A fix of the git log has no remedy here: that event is its own record."""
    remedy = finished.remedy_id
    if not remedy:
        return
    if not db.execute("SELECT 1 FROM remedies WHERE id=?", (remedy,)).fetchone():
        log.info("a proof of remedy %s is left out: no such remedy is kept", remedy)
        return
    held = of(db, remedy)
    if held and held.verdict == "confirmed" and not _came_to_run(finished):
        return  # a sandbox that could not be made says nothing against an earlier proof
    db.execute(
        "INSERT OR REPLACE INTO proofs VALUES (?,?,?,?,?,?,?,?,?)",
        (
            *(remedy, finished.verdict, event.at_ms, finished.reason),
            *(finished.red, finished.green, finished.runs, event.id, lsn),
        ),
    )


def of(db: apsw.Connection, remedy: str) -> Proof | None:
    """The proof of a remedy; None when it was not tried again."""
    row = db.execute(
        "SELECT verdict, at_ms, reason, red, green, runs, event_id FROM proofs WHERE remedy=?",
        (remedy,),
    ).fetchone()
    if row is None:
        return None
    verdict, at_ms, reason, red, green, runs, event_id = row
    return Proof(
        cast(ProofVerdict, verdict),
        int(str(at_ms)),
        str(reason),
        int(str(red)),
        int(str(green)),
        int(str(runs)),
        EventId(str(event_id)),
    )


def said(proof: Proof) -> str:
    """What a confirmed proof says, and no more: that it made this pass then."""
    return (
        f"the failing files were rebuilt and failed {proof.red} of {proof.runs} times; "
        f"with this change alone they passed {proof.green} of {proof.runs} times"
    )


def _came_to_run(finished: ProofFinished) -> bool:
    return finished.verdict == "confirmed" or finished.red > 0 or finished.green > 0
