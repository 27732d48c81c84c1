"""Scenes of the Dashboard and the nodes: a busy mesh, one in trouble, one without its Dragon."""

from __future__ import annotations

from dataclasses import replace

from common.model.ids import NodeId
from common.model.lake import LakeStats
from common.model.laptop import Circuit, NearStatus, OutboxStatus, WatchedRepository
from common.model.llm import InferenceStats, MemoryShare, Model
from common.model.node import NodeLoad
from common.model.task import Task, TaskId, TaskPage
from tests.support.scripted_daemon import NOW_MS, ScriptedDaemon
from tests.support.tui_scenes import (
    AWAY,
    COPY,
    LAKE,
    LARGE,
    NODES,
    SMALL,
    WELL,
    scene_card,
    scene_empty,
    scene_live,
)

_MACHINE = NodeLoad(0, 61_000_000, 0.03, 0.31, 3_120_000_000, 8_000_000_000)
_DRAGON = replace(_MACHINE, queue=2, rss_bytes=1_420_000_000, cpu=0.87)
BUSY_NODES = (
    replace(
        NODES[0], lease_s=2.4, load=_MACHINE, pid=4101, version="0.1.0",
    ),
    replace(
        NODES[1], lease_s=2.2, load=replace(_MACHINE, rss_bytes=88_000_000), pid=4103,
        version="0.1.0",
    ),
    replace(
        NODES[2], lease_s=2.8, load=_DRAGON, pid=4102, version="0.1.0",
        capabilities=("lake", "inference", "assistant"),
    ),
)  # fmt: skip
SHARES = (
    MemoryShare("weights", 2_700_000_000),
    MemoryShare("kv", 420_000_000),
    MemoryShare("prompt cache", 90_000_000),
    MemoryShare("embedder", 130_000_000),
    MemoryShare("lake", 640_000_000),
    MemoryShare("reserve", 500_000_000),
)
STATS = InferenceStats(
    6_000_000_000, SHARES, running=1, waiting=1, batch_width=1, tokens_per_s=41.6, device="cpu"
)
MODELS = (
    replace(LARGE, requests=1, bytes=2_700_000_000),
    replace(SMALL, state="ready", bytes=0),
    Model("bge-small-en", "embedding", "loaded", 1.0, active=True, bytes=130_000_000),
    Model("Qwen3-8B-4bit", "code", "arriving", 0.62, parameters=8_000_000_000),
)
BUSY_LAKE: LakeStats = replace(LAKE, bytes=640_000_000)
CIRCUITS = tuple(Circuit(name, "closed") for name in ("assistant", "inference", "lake", "registry"))
BUSY = replace(
    WELL,
    nodes=BUSY_NODES,
    lake=BUSY_LAKE,
    models=MODELS,
    inference=STATS,
    circuits=CIRCUITS,
    near=NearStatus(
        symptoms=42, events=900, bytes=3_000_000, bytes_max=50_000_000, as_of_ms=NOW_MS
    ),
    api_version="1.3",
    node=BUSY_NODES[1].id,
)
_D0 = BUSY_NODES[2].id
FOLLOWED = replace(
    BUSY,
    nodes=(
        *BUSY_NODES[:2],
        replace(BUSY_NODES[2], machine="studio", followers=("d1" * 8,)),
        replace(
            BUSY_NODES[2], id=NodeId("d1" * 8), address="192.168.4.7:50051", machine="attic",
            follows=_D0, pid=911, clock_ahead_ms=3_661_000, version="0.3.0",
        ),
        replace(
            BUSY_NODES[2], id=NodeId("d2" * 8), address="192.168.4.9:50051", machine="barn",
            follows=_D0, behind=41_250, pid=77,
        ),
    ),
    circuits=(replace(CIRCUITS[0], relayed=True), *CIRCUITS[1:]),
)  # fmt: skip
"""Three Dragons: one leads, one may take its place, one has much to catch up."""
TASKS = TaskPage(
    (
        Task(
            TaskId("1a" * 8), "reindex", "ledger", state="running", attempts=1, attempts_max=3,
            worker=_D0, submitter=BUSY_NODES[1].id, share=0.42, sentence="1,240 of 2,950 files",
            created_ms=NOW_MS - 60_000, started_ms=NOW_MS - 50_000,
        ),
        Task(
            TaskId("2b" * 8), "snapshot", sentence="it waits for a dragon that asks for work",
            created_ms=NOW_MS - 20_000, attempts_max=3, submitter=BUSY_NODES[1].id,
        ),
        Task(
            TaskId("3c" * 8), "summarise", "ledger", state="dead", attempts=3, attempts_max=3,
            reason="no model is loaded that can summarise", ended_ms=NOW_MS - 600_000,
            created_ms=NOW_MS - 900_000,
        ),
        Task(
            TaskId("4d" * 8), "compact", state="done", attempts=1, attempts_max=3,
            result="12 MB given back\nledger: 8 MB\nshop: 4 MB", ended_ms=NOW_MS - 7_200_000,
            created_ms=NOW_MS - 7_300_000,
        ),
    ),
    left_out=3,
)  # fmt: skip
"""One of each sort."""
TROUBLED = replace(
    BUSY,
    nodes=(BUSY_NODES[0], BUSY_NODES[1], replace(BUSY_NODES[2], lease_s=0.4)),
    outbox=OutboxStatus(
        waiting=31, refused=2, gaps=1, bytes=960_000_000, bytes_max=1_000_000_000,
        sentence="The disk of /home/ada is full: nothing more can be kept.",
    ),
    lake=replace(BUSY_LAKE, bytes=1_900_000_000, evict_bytes=1_800_000_000, ram=False),
    models=(replace(LARGE, state="failed", detail="not enough memory"), SMALL),
    circuits=(
        Circuit("assistant", "open", 5, NOW_MS + 8_000, "it does not answer within 5 s"),
        *CIRCUITS[1:],
    ),
    repositories=(
        *WELL.repositories,
        WatchedRepository("/home/ada/code/shop", COPY, -1, 0, "The directory is not there."),
    ),
)  # fmt: skip


def scene_busy() -> ScriptedDaemon:
    """All is well, and everybody has something to do."""
    daemon = scene_card()
    daemon.status_now = BUSY
    return daemon


def scene_well() -> ScriptedDaemon:
    """All is well and nothing needs anybody."""
    daemon = scene_live()
    daemon.status_now = BUSY
    return daemon


def scene_tasks() -> ScriptedDaemon:
    """Tasks that run, wait and have ended, on three Dragons."""
    daemon = scene_well()
    daemon.status_now = FOLLOWED
    daemon.tasks.now = TASKS
    return daemon


def scene_first_day() -> ScriptedDaemon:
    """A mesh that has just been started."""
    daemon = scene_empty()
    daemon.status_now = replace(BUSY, models=(), inference=None)
    return daemon


def scene_troubled() -> ScriptedDaemon:
    """Everything that can need a person at once."""
    daemon = scene_card()
    daemon.status_now = TROUBLED
    return daemon


def scene_away_for_long() -> ScriptedDaemon:
    """The Dragon went ten minutes ago; the laptop answers from what it remembers."""
    daemon = scene_live()
    assert BUSY.near is not None
    near = replace(BUSY.near, away=True, away_since_ms=NOW_MS - 600_000, verdicts_waiting=1)
    daemon.status_now = replace(
        BUSY,
        nodes=BUSY_NODES[:2],
        outbox=OutboxStatus(waiting=12),
        lake=None,
        models=(),
        inference=None,
        dragon_unavailable=AWAY,
        circuits=(Circuit("lake", "open", 9, NOW_MS + 4_000, AWAY), *CIRCUITS[:2]),
        near=near,
    )
    return daemon
