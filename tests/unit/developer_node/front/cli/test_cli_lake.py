"""`postdevai lake` and its like as processes, against a real local API with scripted answers."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from common.errors import Unavailable
from common.model.answer import Hit
from common.model.ids import EventId, ProjectId
from common.model.lake import (
    Generation,
    HistoryQuery,
    KeptItem,
    LakeStats,
    LakeStep,
    Oblivion,
    ProjectStats,
    Related,
    RelatedQuery,
    RelatedThing,
    Relation,
    SearchQuery,
    StoreStats,
)
from tests.support.local_api import Script, serve
from tests.support.local_lake_api import DONE
from tests.support.typed import Terminal

GB = 1_000_000_000
FULL = LakeStats(
    bytes=GB // 2,
    budget_bytes=GB,
    ram=False,
    back_end="directory",
    path="/home/ada/.postdevai/dragon/not-ram",
    lsn=812,
    journal_bytes=900_000,
    why="mount was refused",
    evict_bytes=850_000_000,
    refuse_bytes=950_000_000,
    inodes_free=7,
    stores=(StoreStats("projects", 3 * GB // 8, 812), StoreStats("words", GB // 8, 10)),
    kept=(
        ProjectStats(ProjectId("a" * 16), "thing", "awake", True, 3 * GB // 8, 0),
        ProjectStats(ProjectId("b" * 16), "fork", "asleep", False, 5, 0, "a" * 16),
    ),
    generations=(Generation(12, 1, 800, 7_000_000, 2, True), Generation(11, 1, 700, 1, 2, False)),
)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "home", tmp_path)


@pytest.fixture
async def script(terminal: Terminal) -> AsyncGenerator[Script]:
    """A daemon that serves what the test puts in."""
    async with serve(terminal.home, Script(), os.getpid()) as made:
        yield made


async def test_the_lake_page_says_what_a_person_must_know(
    terminal: Terminal, script: Script
) -> None:
    script.lake.stats = FULL
    page = (await terminal.type("lake")).out
    for said in (
        "500 MB of 1.0 GB",
        "NOT RAM (directory)",
        "because mount was refused",
        "sleep from 850 MB, refuse from 950 MB, 7 inodes free",
        "projects 375 MB",
        "pinned",
        "joined to thing",
        "12  ",
        "not verified",
    ):
        assert said in page


async def test_the_bar_is_as_long_as_the_lake_is_full(terminal: Terminal, script: Script) -> None:
    script.lake.stats = FULL
    [bar] = [x for x in (await terminal.type("lake")).out.splitlines() if "░" in x]
    assert (bar.count("█"), bar.count("░")) == (20, 20)


async def test_lake_json_has_every_number(terminal: Terminal, script: Script) -> None:
    script.lake.stats = FULL
    told = (await terminal.type("lake", "--json")).json
    assert told["kept"][1]["joined_to"] == "a" * 16
    assert told["generations"][0]["verified"] is True
    assert sum(store["bytes"] for store in told["stores"]) == told["bytes"]


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (("lake", "pin", "thing"), ("pin", "thing", True)),
        (("lake", "unpin", "thing"), ("pin", "thing", False)),
        (("lake", "sleep", "thing"), ("sleep", "thing")),
        (("lake", "join", "fork", "thing"), ("alias", "fork", "thing")),
        (("lake", "part", "fork"), ("alias", "fork", "")),
    ],
)
async def test_a_change_is_asked_for_and_what_is_now_is_said(
    terminal: Terminal, script: Script, words: tuple[str, ...], asked: tuple[object, ...]
) -> None:
    done = await terminal.type(*words)
    assert (done.code, script.asked) == (0, [asked])
    assert done.out == "thing is awake, pinned, 9 bytes.\n"


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (("snapshot",), "snapshot"),
        (("lake", "verify"), "verify"),
        (("restore", "--at", "12", "--yes"), ("restore", 12)),
    ],
)
async def test_long_work_says_what_it_found_and_that_it_ended(
    terminal: Terminal, script: Script, words: tuple[str, ...], asked: object
) -> None:
    script.lake.steps = (LakeStep("journal", 1, 2, "reads well"), DONE)
    done = await terminal.type(*words)
    assert (done.code, script.asked) == (0, [asked])
    assert done.out.endswith("All of it is done.\n")


async def test_a_restore_begins_only_when_it_was_said_yes_to(
    terminal: Terminal, script: Script
) -> None:
    script.lake.steps = (DONE,)
    refused = await terminal.type("restore", "--at", "12", stdin=b"n\n")
    assert (refused.code, script.asked) == (1, [])
    unasked = await terminal.type("restore", "--at", "12", "--json")
    assert unasked.code not in (0, 1)
    assert script.asked == []
    agreed = await terminal.type("restore", "--at", "12", stdin=b"y\n")
    assert (agreed.code, script.asked) == (0, [("restore", 12)])


async def test_what_is_damaged_is_named_and_the_answer_is_no(
    terminal: Terminal, script: Script
) -> None:
    bad = LakeStep("shelf", 1, 2, "shelf/a.db is damaged", ok=False)
    script.lake.steps = (bad, DONE)
    done = await terminal.type("lake", "verify")
    assert done.code == 1
    assert "shelf/a.db is damaged" in done.out
    told = await terminal.type("lake", "verify", "--json")
    assert (told.code, told.json["ok"]) == (1, False)


async def test_work_that_breaks_off_is_not_done(terminal: Terminal, script: Script) -> None:
    """A stream may end without its last step: silence is no success."""
    script.lake.steps = (LakeStep("journal", 1, 2),)
    done = await terminal.type("snapshot")
    assert done.code == 1
    assert "ended before it was done" in done.out


async def test_a_backup_goes_to_absolute_places(terminal: Terminal, script: Script) -> None:
    done = await terminal.type("backup", "--to", "b", "--key-to", "k")
    assert done.code == 0
    assert script.asked == [("backup", str(terminal.cwd / "b"), str(terminal.cwd / "k"))]


async def test_a_secret_is_read_from_stdin_and_never_from_the_words(
    terminal: Terminal, script: Script
) -> None:
    done = await terminal.type("forget", "--secret", "--yes", stdin=b"hunter2\n")
    assert (done.code, script.asked) == (0, [Oblivion(text="hunter2")])
    assert "hunter2" not in done.out + done.err


async def test_forgetting_wants_a_yes_and_a_dry_run_does_not(
    terminal: Terminal, script: Script
) -> None:
    refused = await terminal.type("forget", "--path", "x", stdin=b"n\n")
    assert (refused.code, script.asked) == (1, [])
    await terminal.type("forget", "--path", "x", "--dry-run")
    assert script.asked == [Oblivion(path=str(terminal.cwd / "x"), dry_run=True)]


async def test_forgetting_everything_by_accident_is_not_possible(
    terminal: Terminal, script: Script
) -> None:
    done = await terminal.type("forget", "--yes", "--project", "thing")
    assert (done.code, script.asked) == (2, [])
    assert "Say what to forget" in done.err


@pytest.mark.parametrize("text", [b"\n", b"", b"abc\n"])
async def test_an_empty_or_short_secret_is_no_wish(
    terminal: Terminal, script: Script, text: bytes
) -> None:
    done = await terminal.type("forget", "--secret", "--path", "x", "--yes", stdin=text)
    assert (done.code, script.asked) == (2, [])
    assert "At least 4" in done.err


async def test_json_does_not_say_yes(terminal: Terminal, script: Script) -> None:
    done = await terminal.type("forget", "--path", "x", "--json")
    assert (done.code, script.asked) == (2, [])
    assert "--yes" in done.err


async def test_a_path_is_meant_as_it_is_behind_links(terminal: Terminal, script: Script) -> None:
    (terminal.cwd / "real").mkdir()
    (terminal.cwd / "link").symlink_to("real")
    await terminal.type("forget", "--path", "link", "--yes")
    assert script.asked == [Oblivion(path=str((terminal.cwd / "real").resolve()))]


async def test_what_is_kept_is_told_by_place(terminal: Terminal, script: Script) -> None:
    script.lake.kept = (
        KeptItem("records", "journal", 812, 900_000, 1, 2, True, "a snapshot covers it twice"),
        KeptItem("files", "projects", 10, 5_000, encrypted=False),
        KeptItem("words", "projects", 0, 4_800, encrypted=False),
    )
    page = (await terminal.type("kept")).out
    assert "journal\n  records" in page and "sealed  a snapshot covers it twice" in page
    assert "in memory" in page
    assert " 0, 4.8 KB" not in page and "4.8 KB" in page


async def test_relations_are_shown_nearest_first(terminal: Terminal, script: Script) -> None:
    commit, file = RelatedThing("commit", "c" * 40, "retry"), RelatedThing("file", "a.py", hops=1)
    script.lake.related = Related((Relation(commit, "changed", file, 3),), complete=False)
    done = await terminal.type("related", "commit", "c" * 40, "--verb", "changed", "--hops", "2")
    assert script.asked == [RelatedQuery("commit", "c" * 40, hops=2, verbs=("changed",))]
    assert "commit cccccccccccc retry  changed  file a.py  ×3" in done.out
    assert "There are more" in done.out


async def test_a_kind_that_does_not_exist_is_refused_with_those_that_do(
    terminal: Terminal, script: Script
) -> None:
    done = await terminal.type("related", "person", "ada")
    assert (done.code, script.asked) == (2, [])
    assert "file, symbol, commit" in done.err


async def test_filters_reach_the_search(terminal: Terminal, script: Script) -> None:
    await terminal.type(
        *("search", "--path", "src/*.py", "--language", "python", "--kind", "code"),
        *("--since", "2026-03-01T00:00+00:00", "--until", "2026-03-02T00:00+00:00"),
        *("--copy", ".", "retry"),
    )
    wanted = SearchQuery(
        "retry",
        working_copy=str(terminal.cwd),
        path="src/*.py",
        language="python",
        kind="code",
        since_ms=1_772_323_200_000,
        until_ms=1_772_409_600_000,
    )
    assert script.asked == [wanted]


async def test_an_event_among_the_hits_is_named_and_dated(
    terminal: Terminal, script: Script
) -> None:
    """It has no lines of a file: a path would be none."""
    why = ("command", "words: retry")
    happened = Hit("thing", "", "", 0, 0, why=why, kind="event", event=EventId("e" * 32), at_ms=1)
    script.hits = (happened,)
    page = (await terminal.type("search", "--kind", "event", "retry")).out
    assert f"thing  event {'e' * 32}  command, words: retry" in page
    assert page.startswith("19") and ":0 " not in page


async def test_history_can_be_asked_for_words_and_likeness(
    terminal: Terminal, script: Script
) -> None:
    await terminal.type("history", "--text", "connection refused", "--like", "e" * 32)
    assert script.asked == [HistoryQuery(text="connection refused", like=EventId("e" * 32))]


async def test_an_absent_dragon_is_said(terminal: Terminal, script: Script) -> None:
    script.refusal = Unavailable("the Dragon cannot be reached", hint="postdevai up")
    done = await terminal.type("lake")
    assert done.code == 3
    assert "The Dragon cannot be reached" in done.err
