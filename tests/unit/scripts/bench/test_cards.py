"""The past that cards are measured in is one that the failure memory has remedies from."""

from __future__ import annotations

import apsw

from common.model.ids import Origin, ProjectId
from dragon_node.failures.memory import FailureMemory
from dragon_node.lake import metadata
from dragon_node.lake.records import Accepted
from scripts.bench.cards_lake import EVENTS_A_FAILURE, past
from scripts.bench.cards_stages import Span, stages

EVENTS = 6_000


def test_every_failure_of_the_made_past_has_an_observed_remedy() -> None:
    db, memory = apsw.Connection(":memory:"), FailureMemory()
    db.execute(metadata.SCHEMA)
    db.execute(memory.schema)
    for lsn, event in enumerate(past(EVENTS), 1):
        project = ProjectId(event.working_copy)
        memory.apply(db, Accepted(lsn, Origin("o"), lsn, project, project, event.at_ms, event))

    failures = db.execute("SELECT count(DISTINCT fingerprint) FROM occurrences").get
    remedies = db.execute("SELECT count(*) FROM remedies WHERE state='observed'").get

    assert failures == remedies == EVENTS // EVENTS_A_FAILURE


def test_a_stage_is_taken_from_this_cards_own_calls() -> None:
    ms = 1_000_000
    spans = [
        Span("written.write", 10 * ms, 30 * ms),
        Span("spool.write", 20 * ms, 29 * ms),
        Span("spool.read", 31 * ms, 32 * ms),
        Span("outbox.append", 30 * ms, 31 * ms),  # a saved file of somebody else
        Span("terminal._understood", 32 * ms, 40 * ms),
        Span("outbox.append", 40 * ms, 45 * ms),
    ]

    found = stages(spans, returned=12 * ms, arrived=60 * ms)

    assert found["spool: seal, fsync, rename"] == 9
    assert found["outbox, fsync"] == 5
