"""The rooms of the Dragon in scenes: its lake, its models, and what answers are given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from textual.pilot import Pilot

from common.model.answer import AskEnd, AskPassages, Hit
from common.model.ids import ContentHash, EventId, ProjectId, WorkingCopyId
from common.model.lake import (
    Generation,
    LakeStats,
    LakeStep,
    ProjectStats,
    SearchResult,
    StoreStats,
)
from common.model.laptop import (
    FeedState,
    LaptopStatus,
    OpenFile,
    WatchedRepository,
    WorkContext,
)
from common.model.llm import InferenceStats, MemoryShare, Model, ModelList
from developer_node.front.tui.app import PostDevAIApp
from tests.support.scripted_daemon import NOW_MS, ScriptedDaemon
from tests.support.tui_scenes import (
    AWAY,
    FRESH,
    HOME,
    MONEY,
    WELL,
    app_of,
    seen,
    settled,
    until,
)

MINUTE, HOUR = 60_000, 3_600_000
LEDGER = ProjectStats(
    ProjectId("p1" * 8), "ledger", "awake", pinned=True, bytes=8_100_000, used_ms=NOW_MS - MINUTE
)
NOTES = ProjectStats(
    ProjectId("p2" * 8), "notes", "asleep", bytes=2_000_000, used_ms=NOW_MS - 50 * HOUR
)
SHOP = ProjectStats(
    ProjectId("p3" * 8), "shop", "awake", bytes=3_400_000, used_ms=NOW_MS - 3 * HOUR
)
LAKE = LakeStats(
    bytes=13_000_000,
    budget_bytes=64_000_000,
    ram=True,
    back_end="tmpfs",
    path="/run/lake",
    lsn=41_200,
    journal_bytes=4_000_000,
    projects=3,
    files=524,
    chunks=6_120,
    vectors=6_120,
    evict_bytes=51_000_000,
    refuse_bytes=60_000_000,
    ballast_bytes=500_000,
    stores=(
        StoreStats("memory", 1_900_000, 8_124),
        StoreStats("projects", 5_600_000, 524),
        StoreStats("words", 2_400_000, 6_120),
        StoreStats("vectors", 2_500_000, 6_120),
        StoreStats("ballast", 500_000),
        StoreStats("other", 100_000),
    ),
    kept=(LEDGER, NOTES, SHOP),
    generations=(
        Generation(3, NOW_MS - 2 * HOUR, 40_800, 9_700_000, 14, verified=True),
        Generation(2, NOW_MS - 26 * HOUR, 38_112, 9_100_000, 14, verified=False),
    ),
)
GB = 1_000_000_000
LARGE = Model(
    "Qwen3-32B-4bit", "reasoning", "loaded", 1.0, 32_000_000_000, 18 * GB,
    source="hub mlx-community/Qwen3-32B-4bit@1", context=32_768, pinned=True,
    alternatives=("Qwen3-8B-4bit",), disk_bytes=18 * GB, needs_bytes=18 * GB,
    kv_bytes_per_token=262_144, requests=2, used_ms=NOW_MS - 2_000,
)  # fmt: skip
MIDDLE = Model(
    "Qwen3-8B-4bit", "fast", "ready", 1.0, 8_000_000_000, context=32_768, disk_bytes=5 * GB,
    needs_bytes=5 * GB, source="hub mlx-community/Qwen3-8B-4bit@1", priority=1,
    reason="evicted for Qwen3-32B-4bit",
)  # fmt: skip
CODER = Model(
    "Qwen3-Coder-30B-4bit", "code", "missing", detail="f fetches it", total_bytes=17 * GB,
    arrived_bytes=4 * GB, needs_bytes=17 * GB,
)  # fmt: skip
EMBEDDER = Model(
    "bge-small", "embedding", "loaded", 1.0, 33_000_000, 130_000_000, active=True,
    used_ms=NOW_MS - MINUTE,
)  # fmt: skip
MODELS = (LARGE, MIDDLE, CODER, EMBEDDER)
INFERENCE = InferenceStats(
    48 * GB,
    (
        MemoryShare("weights", 18 * GB),
        MemoryShare("kv", 3 * GB),
        MemoryShare("prompt cache", GB),
        MemoryShare("embedder", 130_000_000),
        MemoryShare("lake", 64_000_000),
        MemoryShare("reserve", 6 * GB),
    ),
    device="Apple M4 Max",
    running=2,
    waiting=1,
    tokens_per_s=31.2,
)
FULL = replace(WELL, lake=LAKE, models=MODELS, inference=INFERENCE)

HITS = (
    Hit(
        "ledger", HOME, "ledger/money.py", 14, 18, "Money.split", "3f2a91c07",
        ContentHash("5" * 32), score=2.412,
        why=("symbol: Money.split", "meaning", "words: money, split"),
        text="    def split(self, parts: int) -> list[Money]:\n"
        '        """Shares that add up to the whole."""\n'
        "        share, rest = divmod(self.cents, parts)\n",
    ),
    Hit(
        "ledger", HOME, "tests/test_money.py", 25, 31, "test_split_adds_up", "3f2a91c07",
        dirty=True, score=1.204, why=("meaning", "words: split"),
        text="def test_split_adds_up():\n    assert sum(Money(100).split(3)) == Money(100)\n",
    ),
    Hit(
        "ledger", HOME, "", 1, 1, "", score=0.688, why=("event: pytest -q", "words: split"),
        kind="event", event=EventId("e" * 32), text="E  assert Money(99) == Money(100)",
    ),
)  # fmt: skip
FOUND = SearchResult(HITS, True, FRESH)


def _daemon(status: LaptopStatus) -> ScriptedDaemon:
    daemon = ScriptedDaemon(status=status)
    if status.lake is not None:
        daemon.lake.now = status.lake
    daemon.models.now = ModelList(status.models)
    daemon.models.load_now = status.inference or InferenceStats(0)
    daemon.blobs[ContentHash("5" * 32)] = MONEY.encode()
    daemon.found = FOUND
    return daemon


def scene_lake() -> ScriptedDaemon:
    """Three projects, two snapshots, room for more."""
    return _daemon(FULL)


def scene_lake_not_ram() -> ScriptedDaemon:
    """It lies on a disk, because there was no better place."""
    why = "no RAM disk could be attached: /dev/shm has 60 MB and 64 MB are wanted"
    return _daemon(replace(FULL, lake=replace(LAKE, ram=False, back_end="directory", why=why)))


def scene_lake_snapshot() -> ScriptedDaemon:
    """A snapshot that is half done."""
    daemon = scene_lake()
    daemon.lake.snapshot_steps = (
        LakeStep("copying", 7, 14, "copying 7 of 14 files"),
        asyncio.Event(),
    )
    return daemon


def scene_lake_damaged() -> ScriptedDaemon:
    """Something durable is not what it was."""
    daemon = scene_lake()
    daemon.lake.verify_steps = (
        LakeStep("journal", 1, 2, "the journal is whole"),
        LakeStep("snapshot", 2, 2, "snapshot 2: 14.words is damaged", ok=False),
        LakeStep("done", 2, 2, "1 of 16 files is damaged", ok=False, ended=True),
    )
    return daemon


def scene_models() -> ScriptedDaemon:
    """One in memory, one on the SSD, one on its way to neither."""
    return _daemon(FULL)


def scene_models_fetching() -> ScriptedDaemon:
    """A fetch that is a quarter done."""
    daemon = scene_models()
    coming = replace(CODER, state="arriving", progress=0.25, detail="")
    daemon.models.pieces = (coming, asyncio.Event())
    return daemon


def scene_models_faulty() -> ScriptedDaemon:
    """The person's catalogue cannot be read."""
    daemon = scene_models()
    fault = "models.toml, line 4: there is no purpose 'chatting'. The usual catalogue is used."
    daemon.models.now = ModelList(MODELS, fault)
    return daemon


def scene_models_none() -> ScriptedDaemon:
    """A Dragon without any."""
    return _daemon(replace(FULL, models=(), inference=InferenceStats(48 * GB)))


NOTES_AT = "/home/ada/notes"
CONTEXT = WorkContext(
    working_copy=HOME,
    project="ledger",
    branch="split-shares",
    head="3f2a91c07",
    files=(
        OpenFile("ledger/money.py", "open", NOW_MS - 8_000),
        OpenFile("tests/test_money.py", "failed", NOW_MS - 24_000),
        OpenFile("ledger/report.py", "saved", NOW_MS - 11 * MINUTE),
        OpenFile("README.md", "saved", NOW_MS - 40 * MINUTE),
    ),
    session_started_ms=NOW_MS - 63 * MINUTE,
    commands=14,
    failed_commands=2,
    last_command="pytest -q tests/test_money.py",
    last_exit_code=1,
    pinned=("docs/rounding.md", "ledger/money.py"),
    excluded=("README.md",),
    note="Amounts are cents. Never use float.",
)
PROMPT = """--- system ---
You answer questions about the person's own code.

What the person wants you to know: Amounts are cents. Never use float.

--- user ---
[1] docs/rounding.md:1-40
[2] ledger/money.py:14-18

Question: how is money split"""


def scene_context() -> ScriptedDaemon:
    """An hour of work on one of two working copies."""
    two = (
        *WELL.repositories,
        WatchedRepository(NOTES_AT, WorkingCopyId("b2" * 8), 40, 0, "watching"),
    )
    daemon = _daemon(replace(FULL, repositories=two))
    daemon.contexts[HOME] = CONTEXT
    daemon.contexts[NOTES_AT] = WorkContext(NOTES_AT, "notes", "main", "9b0e771c2")
    pinned = Hit(
        "ledger", HOME, "docs/rounding.md", 1, 40, commit="3f2a91c07", why=("pinned",), score=0.2
    )
    passages = (pinned, *HITS[:2])
    daemon.answer = (
        AskPassages(passages, FRESH, LARGE.name, prompt=PROMPT),
        AskEnd(citations=passages[:2], prompt_tokens=912),
    )
    return daemon


def scene_context_quiet() -> ScriptedDaemon:
    """Nothing was touched in the last hour."""
    daemon = scene_context()
    daemon.contexts = {HOME: WorkContext(HOME, "ledger", "main", "3f2a91c07")}
    return daemon


def lose(daemon: ScriptedDaemon) -> None:
    """The Dragon goes."""
    daemon.status_now = replace(
        daemon.status_now, lake=None, models=(), inference=None, dragon_unavailable=AWAY
    )
    daemon.say(FeedState(dragon=False, coordinator=True, waiting=0, sentence=AWAY))


ROOMS: dict[str, Callable[[], ScriptedDaemon]] = {
    name.removeprefix("scene_"): made
    for name, made in dict(globals()).items()
    if name.startswith("scene_")
}


def words(pilot: Pilot[None]) -> str:
    """The characters on the screen as one line, wherever they were wrapped."""
    return " ".join(seen(pilot).split())


async def saw(pilot: Pilot[None], *said: str) -> None:
    """Until all of this is on the screen, however it is wrapped."""
    await until(pilot, lambda: all(each in words(pilot) for each in said))


def room(name: str, view: str, *, grown: bool = False) -> PostDevAIApp:
    """The app over a scene, with one view open first; `grown`: ten minutes have been measured."""
    return over(ROOMS[name](), view, grown=grown)


def over(
    daemon: ScriptedDaemon, view: str, *, grown: bool = False, poll_s: float = 0.25
) -> PostDevAIApp:
    """The same over a daemon that a test has changed."""
    app = app_of(daemon, start=view, poll_s=poll_s)
    if grown:
        gauges = app._notebook.gauges
        for step in range(40):
            at_ms = NOW_MS - (40 - step) * 15_000
            gauges.lake_bytes.add(at_ms, 11_000_000 + step * step * 1_200)
            gauges.tokens_per_s.add(at_ms, step % 17 * 2.5)
    return app


async def follow(pilot: Pilot[None], steps: Sequence[str]) -> None:
    """Keys, and between them what must be on the screen first: "see WORDS"."""
    await settled(pilot)
    for step in steps:
        if step.startswith("see "):
            await saw(pilot, step.removeprefix("see "))
        else:
            await pilot.press(step)
        await settled(pilot)
