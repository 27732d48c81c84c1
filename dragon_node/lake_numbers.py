"""The lake in numbers for Prometheus; the same ones that `postdevai lake` shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from common.daemon.metrics import Measured
from common.model.lake import LakeStats


def lake_numbers(stats: LakeStats) -> Iterator[Measured]:
    """No names of projects: whoever may connect on this machine may read them."""
    for store in stats.stores:
        yield Measured(
            "lake_store_bytes", "What each store takes", store.bytes, {"store": store.name}
        )
    yield Measured("lake_bytes", "What all stores take", stats.bytes)
    yield Measured("lake_budget_bytes", "What they may take", stats.budget_bytes)
    yield Measured("lake_evict_bytes", "From here on projects go to sleep", stats.evict_bytes)
    yield Measured("lake_refuse_bytes", "From here on records are refused", stats.refuse_bytes)
    yield Measured("lake_is_ram", "1 when the lake lies in memory", float(stats.ram))
    yield Measured("lake_inodes_free", "Inodes left, -1 when not counted", stats.inodes_free)
    yield Measured("lake_journal_bytes", "The journal on the SSD", stats.journal_bytes)
    yield Measured("lake_journal_lsn", "Newest position in the journal", stats.lsn)
    states = Counter(project.state for project in stats.kept)
    for state in ("awake", "asleep"):
        yield Measured("lake_projects", "Projects", states[state], {"state": state})
    for what in ("files", "chunks", "vectors", "events", "failures", "remedies"):
        yield Measured("lake_items", "What is kept", getattr(stats, what), {"what": what})
    fresh = stats.freshness
    yield Measured("lake_behind_events", "Accepted, not yet applied", fresh.events_behind)
    yield Measured("lake_behind_words", "Applied, not yet found by words", fresh.words_behind)
    for generation in stats.generations[:1]:
        yield Measured("lake_generation_number", "Newest generation", generation.number)
        yield Measured(
            "lake_generation_time_seconds", "When it was written", generation.at_ms / 1000
        )
