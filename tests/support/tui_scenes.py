"""A working day in scenes, to test and to look at: python -m tests.support.tui_scenes NAME."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from typing import cast

from textual.pilot import Pilot
from textual.widgets import Input
from textual.worker import WorkerState

from common.errors import Unavailable
from common.model.answer import (
    AskEnd,
    AskPassages,
    AskText,
    Away,
    Freshness,
    Hit,
    ProjectFreshness,
)
from common.model.event import (
    Body,
    CommandFinished,
    Commit,
    Event,
    FileChanged,
    GitOperation,
    Output,
    ProofFinished,
    WorkingCopySeen,
)
from common.model.failure import (
    Failure,
    Flakiness,
    Frame,
    Match,
    Occurrence,
    Recollection,
    Remedy,
    Suggestion,
)
from common.model.ids import ContentHash, EventId, Fingerprint, NodeId, WorkingCopyId
from common.model.lake import HistoryEntry, LakeStats
from common.model.laptop import FeedState, LaptopStatus, OutboxStatus, WatchedRepository
from common.model.llm import Model
from common.model.node import Node
from common.model.remedy import MinedFix, MineEnd, MineStep, ProofProgress, ProofStep
from developer_node.front.tui.app import PostDevAIApp, make_app
from developer_node.front.tui.screens.ask import AskView
from tests.support.scripted_daemon import NOW_MS, ScriptedDaemon, SetClock

COPY = WorkingCopyId("a1" * 8)
HOME = "/home/ada/code/ledger"

NODES = (
    Node("coordinator", NodeId("c0" * 8), "127.0.0.1:50053", "serving", 18.0),
    Node("developer", NodeId("de" * 8), "", "serving", 17.0),
    Node("dragon", NodeId("d0" * 8), "127.0.0.1:50051", "serving", 16.0),
)
SMALL = Model(
    "SmolLM2-135M-Instruct", "fast", "loaded", 1.0, parameters=135_000_000, bytes=270_000_000
)
LARGE = Model("Qwen3-32B-4bit", "reasoning", "loaded", 1.0, parameters=32_000_000_000)
LAKE = LakeStats(
    bytes=13_000_000, budget_bytes=2_000_000_000, ram=True, back_end="tmpfs", path="/run/lake",
    lsn=412, journal_bytes=4 << 20,
)  # fmt: skip
FRESH = Freshness((ProjectFreshness("ledger", HOME, "3f2a91c07", "3f2a91c07"),), 0, 1.0)
WELL = LaptopStatus(
    nodes=NODES,
    outbox=OutboxStatus(),
    lake=LAKE,
    models=(SMALL,),
    repositories=(WatchedRepository(HOME, COPY, 212, 3, "watching"),),
)
AWAY = "The Dragon at 127.0.0.1:50051 does not answer."

DIFF = '''\
diff --git a/ledger/money.py b/ledger/money.py
index 3c1d2aa..9b0e771 100644
--- a/ledger/money.py
+++ b/ledger/money.py
@@ -14,7 +14,9 @@ class Money:
     def split(self, parts: int) -> list[Money]:
         """Shares that add up to the whole."""
-        share = round(self.cents / parts)
-        return [Money(share)] * parts
+        share, rest = divmod(self.cents, parts)
+        # the first shares carry what cannot be divided
+        return [Money(share + (i < rest)) for i in range(parts)]
 
     def __add__(self, other: Money) -> Money:
'''

FAILURE = Failure(
    tool="pytest",
    code="AssertionError",
    kind="test",
    message="assert Money(99) == Money(100)\n +  where Money(99) = sum([Money(33)] * 3)",
    normalised="assert Money(N) == Money(N)",
    test="tests/test_money.py::test_split_adds_up",
    frames=(Frame("tests/test_money.py", "test_split_adds_up", 31, in_app=True),),
    fingerprint=Fingerprint("f" * 32),
)


def event(number: int, seconds_ago: int, body: Body) -> Event:
    """An event of the day; its id sorts by time as real ones do."""
    at_ms = NOW_MS - seconds_ago * 1_000
    return Event(EventId(f"{at_ms:012x}{number:020x}"), at_ms, COPY, body)


def command(number: int, seconds_ago: int, line: str, code: int = 0, took_ms: int = 1_240) -> Event:
    """A recorded command; a failing one is a failing test."""
    failures = (FAILURE,) if code else ()
    return event(
        number, seconds_ago, CommandFinished(line, HOME, (code,), took_ms, failures=failures)
    )


def commit(number: int, seconds_ago: int, sha: str, subject: str) -> Event:
    """A commit on main."""
    made = Commit(sha, ("0" * 40,), NOW_MS, subject, patch=DIFF)
    moved = GitOperation("commit", "0" * 40, sha, "refs/heads/main", f"commit: {subject}", (made,))
    return event(number, seconds_ago, moved)


def saved(number: int, seconds_ago: int, path: str, size: int = 2_140) -> Event:
    """A saved file, kept."""
    return event(number, seconds_ago, FileChanged(path, content=ContentHash("b" * 32), size=size))


PYTEST = command(9, 24, "pytest -q tests/test_money.py", 1)
DAY: tuple[Event, ...] = (
    *(saved(100 + n, 3_000 + n % 9, f"ledger/module_{n:02}.py") for n in range(14)),
    command(1, 2_400, "pip install -r requirements.txt", took_ms=18_300),
    commit(2, 1_500, "5b1c0de9a2", "report: totals by month"),
    command(3, 1_200, "pytest -q", took_ms=6_420),
    saved(4, 640, "ledger/report.py"),
    command(5, 600, "ruff check ledger", took_ms=80),
    saved(6, 180, "ledger/money.py", 1_912),
    saved(7, 120, "tests/test_money.py", 960),
    command(8, 60, "git switch main", took_ms=41),
    PYTEST,
)

RED, GREEN, BOLD, OFF = "\x1b[31m", "\x1b[32m", "\x1b[1m", "\x1b[0m"
OUTPUT = f"""\
{BOLD}============================ test session starts ============================{OFF}
collected 12 items

tests/test_money.py {GREEN}..{RED}F{GREEN}.........{OFF}                                [100%]

{RED}{BOLD}____________________________ test_split_adds_up _____________________________{OFF}

    def test_split_adds_up():
>       assert sum(Money(100).split(3)) == Money(100)
{RED}E       assert Money(99) == Money(100){OFF}

{RED}tests/test_money.py:31: AssertionError{OFF}
{RED}================== {BOLD}1 failed{OFF}, {GREEN}11 passed{RED} in 0.91s =================={OFF}
"""

SEEN = Occurrence(
    EventId("e" * 32), NOW_MS - 19 * 86_400_000, "ledger", HOME, "8c41fe2b00",
    "pytest -q tests/test_money.py", FAILURE.message,
)  # fmt: skip
REMEDY = Remedy(
    id="r1",
    state="observed",
    kind="code",
    commit="a1b2c3d4e5f60718",
    label="a1b2c3d money: shares add up to the whole",
    diff=DIFF,
    command="pytest -q tests/test_money.py",
    why="tests/test_money.py::test_split_adds_up ran and passed after this change, "
    "and the change touches ledger/money.py, where it failed.",
    paths=("ledger/money.py",),
    also_changed=("README.md",),
    failed_at_ms=NOW_MS - 19 * 86_400_000,
    passed_at_ms=NOW_MS - 19 * 86_400_000 + 600_000,
    project="ledger",
)


def card(
    name: str = "s1",
    *,
    seconds_ago: int = 20,
    match: Match = "same",
    remedies: tuple[Remedy, ...] = (REMEDY,),
    flaky: Flakiness | None = None,
    note: str = "",
    failure: Failure = FAILURE,
) -> Suggestion:
    """The failing test of today, seen nineteen days ago."""
    seen = (SEEN, replace(SEEN, at_ms=SEEN.at_ms - 86_400_000))
    recollection = Recollection(match, failure, seen, remedies, flaky, note, FRESH)
    why = "the same symptom in the same project, with a remedy that was seen to work"
    return Suggestion(
        name, int(name[1:]), NOW_MS - seconds_ago * 1_000, PYTEST.id, "ledger", why, recollection
    )


FLAKY = card(
    "s2",
    seconds_ago=90,
    remedies=(
        replace(REMEDY, id="r2", state="unproven", why="It also passed without any change."),
    ),
    flaky=Flakiness(2, 7),
    note="It passed twice, nothing that git follows changed: a change before proves nothing.",
    failure=replace(
        FAILURE,
        code="TimeoutError",
        test="tests/test_sync.py::test_waits",
        message="timed out",
        frames=(),
    ),
)
AMBIGUOUS = card(
    "s3",
    seconds_ago=300,
    match="same, other values",
    remedies=(
        replace(
            REMEDY,
            id="r3",
            state="ambiguous",
            commit="",
            label="uncommitted",
            why="Code and packages both changed between the failing and the passing run.",
        ),
        replace(
            REMEDY,
            id="r4",
            state="ambiguous",
            kind="dependency",
            commit="",
            label="babel 2.12 -> 2.15",
            diff="",
            paths=(),
            why="Code and packages both changed between the failing and the passing run.",
        ),
    ),
    failure=replace(
        FAILURE,
        code="KeyError",
        test="",
        tool="python",
        message="KeyError: 'EUR'",
        frames=(Frame("ledger/rates.py", "rate", 12, in_app=True),),
    ),
)

MONEY = '''\
"""Amounts of money in whole cents."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Money:
    """Never a float."""

    cents: int

    def split(self, parts: int) -> list[Money]:
        """Shares that add up to the whole."""
        share, rest = divmod(self.cents, parts)
        # the first shares carry what cannot be divided
        return [Money(share + (i < rest)) for i in range(parts)]

    def __add__(self, other: Money) -> Money:
        return Money(self.cents + other.cents)
'''
PASSAGES = (
    Hit("ledger", HOME, "ledger/money.py", 14, 18, "Money.split", "3f2a91c07",
        ContentHash("5" * 32), why=("meaning", "words: money, split"), text=MONEY),
    Hit("ledger", HOME, "tests/test_money.py", 28, 33, "test_split_adds_up", "3f2a91c07",
        why=("words: split",), text="def test_split_adds_up():\n    ...\n", dirty=True),
    Hit("ledger", HOME, "docs/rounding.md", 3, 9, "", "3f2a91c07", why=("meaning",)),
)  # fmt: skip
SAID = (
    "Shares are made with divmod [1]: every part gets the whole quotient, and the first parts "
    "carry the cents that cannot be divided. The test adds the shares of one euro up again [2]."
)


def scene_empty() -> ScriptedDaemon:
    """A first start: all is well and nothing has happened."""
    return ScriptedDaemon(status=WELL)


def scene_first() -> ScriptedDaemon:
    """A repository whose first scan has just ended: the feed has the sightings, history files."""
    seen = WorkingCopySeen(
        HOME, "ada-laptop", ("github.com/ada/ledger",), head="3f2a91c07", branch="main", anew=True
    )
    commits = tuple(Commit(f"3f2a91c{n:02}", (), NOW_MS, f"change {n}") for n in range(20))
    past = GitOperation("other", "", commits[-1].sha, "main", "history before watching", commits)
    files = [saved(30 + n, 25 - n % 9, f"ledger/module_{n:02}.py") for n in range(53)]
    daemon = ScriptedDaemon(
        status=WELL,
        items=(event(1, 30, seen), event(2, 10, replace(seen, files=524, anew=False))),
        history=[HistoryEntry(n, e, "ledger") for n, e in enumerate((*files, event(3, 29, past)))],
    )
    daemon.say(command(4, 5, "pytest -q"))
    return daemon


def scene_live() -> ScriptedDaemon:
    """A day's events."""
    daemon = ScriptedDaemon(status=WELL, items=DAY)
    assert isinstance(PYTEST.body, CommandFinished)
    output = Output(OUTPUT, len(OUTPUT.encode()), 0)
    daemon.whole[PYTEST.id] = replace(PYTEST, body=replace(PYTEST.body, output=output))
    daemon.blobs[ContentHash("5" * 32)] = MONEY.encode()
    return daemon


def scene_card() -> ScriptedDaemon:
    """A failure that was seen before."""
    daemon = scene_live()
    daemon.say(card())
    return daemon


def scene_cards() -> ScriptedDaemon:
    """Three cards: a plain one, a flaky one, an ambiguous one."""
    daemon = scene_live()
    daemon.say(AMBIGUOUS, FLAKY, card())
    return daemon


def scene_flaky() -> ScriptedDaemon:
    """Only the flaky one."""
    daemon = scene_live()
    daemon.say(FLAKY)
    return daemon


def scene_ambiguous() -> ScriptedDaemon:
    """Only the ambiguous one."""
    daemon = scene_live()
    daemon.say(AMBIGUOUS)
    return daemon


def scene_ask() -> ScriptedDaemon:
    """An answer that comes in one go from a model that can be trusted."""
    daemon = scene_live()
    daemon.status_now = replace(WELL, models=(LARGE,))
    daemon.answer = (
        AskPassages(PASSAGES, FRESH, LARGE.name),
        *(AskText(f"{word} ") for word in SAID.split()),
        AskEnd(SAID, PASSAGES[:2], "stop", 44, 900),
    )
    return daemon


def scene_long() -> ScriptedDaemon:
    """Places that are longer than a narrow screen."""
    daemon = scene_ask()
    code = Hit(
        "postdevai", HOME, "tests/unit/coordinator_node/gateway/test_enrolment.py", 120, 148,
        "test_a_code_is_spent_once", "3f2a91c07", why=("meaning", "words: certificate, code"),
    )  # fmt: skip
    passages = (code, replace(code, path=f"services/{code.path}", start_line=7, dirty=True))
    fresh = replace(FRESH, vectors_share=0.25)
    daemon.answer = (AskPassages(passages, fresh, LARGE.name), AskText(SAID), AskEnd(SAID))
    return daemon


def scene_demonstration() -> ScriptedDaemon:
    """The same from a model that is too small."""
    daemon = scene_ask()
    daemon.status_now = WELL
    daemon.answer = (
        AskPassages(PASSAGES, FRESH, SMALL.name, demonstration=True),
        AskText(SAID),
        AskEnd(SAID, PASSAGES[:2], "stop", 44, 900),
    )
    return daemon


def scene_streaming() -> ScriptedDaemon:
    """A few words, then the model takes its time."""
    daemon = scene_ask()
    daemon.answer = (
        AskPassages(PASSAGES, FRESH, LARGE.name),
        AskText("Shares are made with divmod [1]:"),
        asyncio.Event(),
    )
    return daemon


MARKDOWN = """\
## How money is split

Shares are made with `divmod` [1]:

1. every part gets the **whole quotient**,
2. the first parts carry the *cents* that cannot be divided.

```python
share, rest = divmod(self.cents, parts)
return [Money(share + (i < rest)) for i in range(parts)]
```

| parts | shares |
| ----- | ------ |
| 3 | 34, 33, 33 |

The test adds them up again [2]; see [the docs](https://example.org/money).
"""


def scene_markdown() -> ScriptedDaemon:
    """An answer with everything that a model writes."""
    daemon = scene_ask()
    daemon.answer = (
        AskPassages(PASSAGES[:2], FRESH, LARGE.name),
        AskText(MARKDOWN),
        AskEnd(MARKDOWN, PASSAGES[:2], "stop", 96, 900),
    )
    return daemon


def scene_answered_here() -> ScriptedDaemon:
    """The laptop answers alone."""
    daemon = scene_away()
    said = "The Dragon is away since 13:40 (25 minutes). This is from what the laptop remembers."
    fresh = replace(FRESH, away=Away("mirror", said, NOW_MS - 1_500_000, 12))
    daemon.answer = (
        AskPassages(PASSAGES[:2], fresh, without_model="no local model is set"),
        AskEnd("", PASSAGES[:2]),
    )
    return daemon


def scene_not_found() -> ScriptedDaemon:
    """Nothing above the threshold: the model was not called."""
    daemon = scene_ask()
    daemon.answer = (AskPassages((), FRESH), AskEnd("not found in ledger"))
    return daemon


def scene_arriving() -> ScriptedDaemon:
    """The model has not arrived; the passages need none."""
    daemon = scene_ask()
    daemon.status_now = replace(WELL, models=(replace(SMALL, state="arriving", progress=0.4),))
    daemon.answer = (
        AskPassages(PASSAGES, FRESH, without_model="model 40 %"),
        AskEnd("", PASSAGES),
    )
    return daemon


def scene_away() -> ScriptedDaemon:
    """The Dragon cannot be reached."""
    daemon = scene_live()
    daemon.status_now = replace(
        WELL, outbox=OutboxStatus(waiting=12), lake=None, models=(), dragon_unavailable=AWAY
    )
    daemon.say(FeedState(dragon=False, coordinator=True, waiting=12, sentence=AWAY))
    daemon.answer = (Unavailable(AWAY, hint="Recording goes on."),)
    return daemon


PAST_FIX = MinedFix(
    HOME,
    "7c41e9d0b2" + "0" * 30,
    "money: shares add up to the whole",
    NOW_MS - 86_400_000 * 30,
    ("tests/test_money.py",),
    ("ledger/money.py",),
    "its subject says that it mends something, and it changes one file and its test",
)


def scene_proving() -> ScriptedDaemon:
    """A card whose remedy is being tried again; it waits in the middle of the green runs."""
    daemon = scene_card()
    daemon.remedies.proof = (
        ProofStep(ProofProgress("red", 3, 3, "the failing tree failed three times")),
        ProofStep(ProofProgress("green", 1, 3, "with the change: run 2 of 3")),
        asyncio.Event(),
    )
    return daemon


def scene_confirmed() -> ScriptedDaemon:
    """A card whose remedy was confirmed."""
    daemon = scene_card()
    finished = ProofFinished(
        "r1",
        FAILURE.fingerprint,
        "confirmed",
        "",
        *(3, 3, 3),
        sandbox="namespaces: no network, your files read only",
    )
    daemon.remedies.proof = (ProofStep(finished),)
    return daemon


def scene_past() -> ScriptedDaemon:
    """No failure has come back yet, and the git log holds a fix with its test."""
    daemon = scene_empty()
    daemon.remedies.past = (
        MineStep(PAST_FIX),
        MineStep(MineEnd(212, 1, "1 fix with a test among the last 212 commits.")),
    )
    return daemon


SCENES: dict[str, Callable[[], ScriptedDaemon]] = {
    name.removeprefix("scene_"): made
    for name, made in dict(globals()).items()
    if name.startswith("scene_")
}


_BUSY = ("draw", "load", "judge", "mine", "count", "preview", "search", "older")
"""Groups of workers that change what is on the screen and end by themselves."""


async def settled(pilot: Pilot[None]) -> None:
    """Until nothing more is to come: all that the daemon said is on the screen."""
    app = cast(PostDevAIApp, pilot.app)
    for field in app.screen.query(Input):
        field.cursor_blink = False
    await until(pilot, lambda: _has_heard_all(app))
    while busy := [worker for worker in app.workers if worker.group in _BUSY]:
        await app.workers.wait_for_complete(busy)
        await pilot.pause()  # an ended worker leaves the list a moment later
    await pilot.pause()


def _has_heard_all(app: PostDevAIApp) -> bool:
    reader, notebook = app._reader, app._notebook
    daemon = reader._daemon
    if not isinstance(daemon, ScriptedDaemon):
        return notebook.lost is not None
    view = app._view
    return (
        daemon.all_read
        and not reader._arrived.is_set()
        and notebook.status == daemon.status_now
        and notebook.tasks == (None if daemon.tasks.refusal else daemon.tasks.now)
        and not daemon.speaking
        and not any(worker.state is WorkerState.PENDING for worker in app.workers)
        and not (isinstance(view, AskView) and view._repaint)
    )


async def until(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    """Lets the app work until the condition holds; the test's own time limit ends a vain wait."""
    while not condition():
        await pilot.pause()


def seen(pilot: Pilot[None]) -> str:
    """The characters on the screen, a line each."""
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


def app_of(daemon: ScriptedDaemon, *, start: str = "timeline", **more: float) -> PostDevAIApp:
    """At a set time in a set zone, repainting at once."""
    given = {"repaint_s": 0.01, "poll_s": 0.25, "retry_s": 0.05} | more

    async def stop() -> None:
        daemon.go("stopped")

    return make_app(
        daemon.connect,
        stop_everything=stop,
        clock=SetClock(),
        zone=UTC,
        repaint_s=given["repaint_s"],
        poll_s=given["poll_s"],
        retry_s=given["retry_s"],
        start=start,
    )


if __name__ == "__main__":
    app_of(SCENES[sys.argv[1]](), repaint_s=0.25, poll_s=1.0, retry_s=1.0).run()
