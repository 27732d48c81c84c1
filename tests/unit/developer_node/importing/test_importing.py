"""What other tools have kept comes in once, redacted, and nothing is made up about it."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from common.errors import Conflict, Corrupt, Denied, Invalid, Missing
from common.model.event import CommandFinished, Event, GitOperation, WorkingCopySeen
from common.model.ids import WorkingCopyId
from common.model.remedy import ImportProgress
from developer_node.importing import past, shells
from developer_node.importing.importing import Importing
from developer_node.importing.past import PastCommand, lines_of
from developer_node.text import gates
from developer_node.text.redaction import redact
from developer_node.text.working_copy import working_copy
from developer_node.watch.ports import Entry
from tests.support.planted import PLANTED
from tests.support.repository import Repository

NOW_MS = 1_800_000_000_000
ATUIN = (
    "CREATE TABLE history (id TEXT PRIMARY KEY, timestamp INTEGER NOT NULL, duration INTEGER NOT"
    " NULL, exit INTEGER NOT NULL, command TEXT NOT NULL, cwd TEXT NOT NULL, session TEXT NOT NULL,"
    " hostname TEXT NOT NULL, deleted_at INTEGER, UNIQUE(timestamp, cwd, command))"
)


@dataclass
class Outbox:
    """Stands where the outbox stands: entries and marks become durable together."""

    events: list[Event] = field(default_factory=list[Event])
    marks: dict[str, str] = field(default_factory=dict[str, str])

    async def __call__(
        self,
        entries: Sequence[Entry],
        marks: Mapping[str, str] | None = None,
        *,
        news: bool = True,
    ) -> None:
        assert not news, "what is long past is no news"
        self.events += [event for event, _ in entries]
        self.marks |= marks or {}

    async def mark(self, key: str) -> str:
        return self.marks.get(key, "")

    async def put_mark(self, key: str, value: str) -> None:
        self.marks[key] = value

    async def sent_files(self, working_copy: WorkingCopyId) -> dict[str, tuple[str, bool, str]]:
        return {}

    async def commits(self, working_copy: WorkingCopyId) -> set[str]:
        operations = [e.body for e in self.events if isinstance(e.body, GitOperation)]
        return {commit.sha for operation in operations for commit in operation.commits}

    @property
    def commands(self) -> list[CommandFinished]:
        return [e.body for e in self.events if isinstance(e.body, CommandFinished)]


class Clock:
    """Always the same time."""

    def now_ms(self) -> int:
        return NOW_MS

    def monotonic(self) -> float:
        return 0.0


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def importing(tmp_path: Path, outbox: Outbox) -> Importing:
    (tmp_path / "home").mkdir()
    return Importing(tmp_path / "home", outbox, outbox, redact, Clock())


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A repository without commits."""
    subprocess.run(["git", "init", "-q", str(tmp_path / "empty")], check=True)
    return tmp_path / "empty"


async def bring_in(importing: Importing, source: str, path: Path | str) -> ImportProgress:
    """To its end; the last word."""
    steps = [step async for step in importing.run(source, str(path))]
    assert [step.finished for step in steps] == [False] * (len(steps) - 1) + [True]
    assert all(a.read <= b.read for a, b in pairwise(steps))
    last = steps[-1]
    assert last.read == last.recorded + last.known + last.left_out
    return last


def lines(text: str) -> list[bytes]:
    return text.encode().split(b"\n")[:-1]


def test_bash_without_times_tells_one_command_a_line() -> None:
    """Written by bash 5.2."""
    told = list(shells.bash(lines("make test\nfor i in 1 2; do echo $i; done\nexit\n")))
    assert [t.command for t in told] == ["make test", "for i in 1 2; do echo $i; done", "exit"]
    assert {t.at_ms for t in told} == {0}


def test_bash_with_times_tells_commands_of_several_lines() -> None:
    """Written by bash 5.2 with HISTTIMEFORMAT and lithist."""
    text = (
        "#1795294720\nmake test\n#1795294721\nfor i in 1 2\ndo echo $i\ndone\n#1795294723\nexit\n"
    )
    assert list(shells.bash(lines(text))) == [
        PastCommand("make test", 1795294720000),
        PastCommand("for i in 1 2\ndo echo $i\ndone", 1795294721000),
        PastCommand("exit", 1795294723000),
    ]


def test_bash_whose_times_began_later_gives_each_time_to_one_line() -> None:
    told = list(shells.bash(lines("make\n#1795294720\nls\npwd\n")))
    assert [(t.command, t.at_ms) for t in told] == [
        ("make", 0),
        ("ls", 1795294720000),
        ("pwd", 0),
    ]


def test_zsh_extended_with_bytes_of_its_own_and_commands_of_several_lines() -> None:
    """Written by zsh 5.9: ß is 0xc3 0x9f, and 0x9f becomes 0x83 0xbf."""
    data = (
        b": 1795294760:3;echo gr\xc3\xbc\xc3\x83\xbfe \xe2\x80\xa6\n"
        b": 1795294761:0;for i in 1 2\\\ndo echo $i\\\ndone\n"
        b": 1795294762:0;echo end \\\\ \n"
        b"plain\n"
    )
    assert list(shells.zsh(data.split(b"\n")[:-1])) == [
        PastCommand("echo grüße …", 1795294760000, duration_ms=3000),
        PastCommand("for i in 1 2\ndo echo $i\ndone", 1795294761000),
        PastCommand("echo end \\\\", 1795294762000),
        PastCommand("plain"),
    ]


def test_fish_with_its_escapes_and_paths() -> None:
    """Written by fish 3.6."""
    text = (
        "- cmd: echo 'a\\\\\\\\b'\n  when: 1795294713\n"
        "- cmd: for i in 1 2\\necho $i\\nend\n  when: 1795294716\n  paths:\n    - 12\n"
        "- cmd: exit\n"
    )
    assert list(shells.fish(lines(text))) == [
        PastCommand("echo 'a\\\\b'", 1795294713000),
        PastCommand("for i in 1 2\necho $i\nend", 1795294716000),
        PastCommand("exit"),
    ]


def test_a_line_without_end_is_held_only_in_its_beginning(tmp_path: Path) -> None:
    history = tmp_path / "history"
    with open(history, "wb") as file:
        file.seek(50 << 20)
        file.write(b"\nls\n")
    found = list(lines_of(history))
    assert [len(line) for line in found] == [past.LINE_BYTES_MAX, 2]


async def test_what_a_history_does_not_tell_is_said_and_never_made_up(
    importing: Importing, outbox: Outbox, tmp_path: Path
) -> None:
    (tmp_path / "h").write_text("make test\n#1795294720\nls\n#99999999999\npwd\n")
    last = await bring_in(importing, "bash", tmp_path / "h")
    assert (last.read, last.recorded) == (3, 3)
    assert [e.at_ms for e in outbox.events] == [0, 1795294720000, 0]
    for ran in outbox.commands:
        assert (ran.exit_codes, ran.cwd, ran.output.text, ran.recorder) == ((), "", "", "bash")
        assert (ran.ground, ran.failures, ran.tests) == (None, (), None)
    said = " ".join(last.unknown)
    for word in ("printed", "failed", "Where", "Of 2 commands the time"):
        assert word in said


async def test_a_history_is_imported_once_and_what_is_new_in_it_later(
    importing: Importing, outbox: Outbox, tmp_path: Path
) -> None:
    """Also of commands without a time: the third `make` is not one of the two before."""
    history = tmp_path / "h"
    history.write_text("make\nls\nmake\n")
    assert (await bring_in(importing, "bash", history)).recorded == 3
    again = await bring_in(importing, "bash", history)
    assert (again.recorded, again.known) == (0, 3)
    history.write_text("make\nls\nmake\nmake\n")
    assert (await bring_in(importing, "bash", history)).recorded == 1
    assert [ran.command for ran in outbox.commands] == ["make", "ls", "make", "make"]


async def test_an_import_that_was_broken_off_goes_on_where_it_stood(
    importing: Importing, outbox: Outbox, tmp_path: Path
) -> None:
    (tmp_path / "h").write_text("".join(f"echo {i}\n" for i in range(1000)))
    steps = importing.run("bash", str(tmp_path / "h"))
    async for step in steps:
        if step.recorded >= 400:
            break
    await steps.aclose()
    last = await bring_in(importing, "bash", tmp_path / "h")
    assert last.known + last.recorded == 1000
    assert len({ran.command for ran in outbox.commands}) == len(outbox.commands) == 1000


async def test_private_commands_and_empty_ones_are_left_out(
    importing: Importing, outbox: Outbox, tmp_path: Path
) -> None:
    (tmp_path / "h").write_text("make\n vault login\n\n")
    last = await bring_in(importing, "bash", tmp_path / "h")
    assert (last.recorded, last.left_out) == (1, 2)
    assert [ran.command for ran in outbox.commands] == ["make"]
    assert "Left out: 1. A command that begins with a space is private." in last.unknown
    assert "Left out: 1. It is empty." in last.unknown


@pytest.mark.parametrize("source", ["bash", "zsh", "fish"])
async def test_a_file_that_is_no_text_is_refused(
    importing: Importing, tmp_path: Path, outbox: Outbox, source: str
) -> None:
    made = hashlib.shake_128(b"noise").digest(3000)
    (tmp_path / "zeros").write_bytes(b"ls\0-l\0" * 50)
    (tmp_path / "noise").write_bytes(made.replace(b"\0", b"x"))
    for name in ("noise", "zeros"):
        with pytest.raises(Invalid, match="is no text") as refused:
            await bring_in(importing, source, tmp_path / name)
        assert f"Name {source}'s history file" in refused.value.hint
    assert not outbox.events


async def test_a_history_in_other_scripts_is_text(
    importing: Importing, tmp_path: Path, outbox: Outbox
) -> None:
    said = "echo größer дом 家 \x1b[1m".encode()
    metafied = b"".join(
        bytes([0x83, byte ^ 32]) if 0x83 <= byte <= 0xA2 else bytes([byte]) for byte in said
    )
    (tmp_path / "zsh").write_bytes(metafied + b"\n")
    (tmp_path / "bash").write_bytes(b"make\n" * 9 + "echo größer".encode("latin-1") + b"\n")
    assert (await bring_in(importing, "zsh", tmp_path / "zsh")).recorded == 1
    assert (await bring_in(importing, "bash", tmp_path / "bash")).recorded == 10
    assert outbox.commands[0].command.startswith("echo größer дом 家")


async def test_what_cannot_be_imported_says_what_to_name_instead(
    importing: Importing, tmp_path: Path
) -> None:
    with pytest.raises(Missing) as missing:
        await bring_in(importing, "zsh", tmp_path / "nofile")
    assert "~/.zsh_history" in missing.value.hint
    with pytest.raises(Invalid, match="in no git repository") as outside:
        await bring_in(importing, "git", tmp_path)
    assert "postdevai import git DIR" in outside.value.hint
    (tmp_path / "notes").write_text("make\n")
    with pytest.raises(Invalid, match="no history of fish"):
        await bring_in(importing, "fish", tmp_path / "notes")


async def test_no_planted_secret_comes_in(
    importing: Importing, outbox: Outbox, tmp_path: Path
) -> None:
    told = [f"#{1795294720 + i}\n{planted.command}" for i, planted in enumerate(PLANTED)]
    (tmp_path / "h").write_text("\n".join(told) + "\n")
    assert (await bring_in(importing, "bash", tmp_path / "h")).recorded == len(PLANTED)
    for planted in PLANTED:
        assert planted.secret not in repr(outbox.events), planted.shape
        assert planted.secret not in repr(outbox.marks), planted.shape


def atuin(path: Path, *rows: tuple[int, int, int, str, str, str]) -> None:
    with sqlite3.connect(path) as db:
        db.execute(ATUIN)
        for i, (at_ns, duration_ns, code, command, cwd, host) in enumerate(rows):
            row = (str(i), at_ns, duration_ns, code, command, cwd, "s", host, None)
            db.execute("INSERT INTO history VALUES (?,?,?,?,?,?,?,?,?)", row)
        db.execute("UPDATE history SET deleted_at = 1 WHERE command = 'deleted'")


async def test_atuin_tells_where_how_long_and_how_it_ended(
    importing: Importing, outbox: Outbox, tmp_path: Path
) -> None:
    root = Repository.make(tmp_path / "shop").root
    here = f"{os.uname().nodename}:me"
    at = 1795294720_000_000_000
    atuin(
        tmp_path / "history.db",
        (at, 1_500_000_000, 2, "make", str(root), here),
        (at + 1, -1, -1, "sleep 9", "/gone", here),
        (at + 2, 5, 0, "ls", str(root), "other:me"),
        (at + 3, 5, 0, "deleted", str(root), here),
    )
    last = await bring_in(importing, "atuin", tmp_path / "history.db")
    seen, made, slept, listed = outbox.events
    assert isinstance(seen.body, WorkingCopySeen)
    assert seen.body.path == str(root)
    assert made.working_copy == seen.working_copy == working_copy(importing.home, root)
    assert made.body == CommandFinished("make", str(root), (2,), 1500, recorder="atuin")
    assert made.at_ms == 1795294720000
    assert slept.body == CommandFinished("sleep 9", "/gone", (), 0, recorder="atuin")
    assert listed.body == CommandFinished("ls", "", (0,), 0, recorder="atuin")
    assert (last.read, last.recorded) == (3, 3)
    assert any("1 commands ran on other machines" in said for said in last.unknown)


async def test_a_command_of_a_place_that_is_never_recorded_is_left_out(
    importing: Importing, outbox: Outbox, tmp_path: Path
) -> None:
    secret, shop = tmp_path / "secret", tmp_path / "shop"
    secret.mkdir()
    shop.mkdir()
    (shop / ".postdevai.toml").write_text("[record]\nenabled = false\n")
    gates.put_never(importing.home, secret)
    here = f"{os.uname().nodename}:me"
    rows = [(i, 1, 0, "make", str(place), here) for i, place in enumerate((secret, shop, tmp_path))]
    atuin(tmp_path / "history.db", *rows)
    last = await bring_in(importing, "atuin", tmp_path / "history.db")
    assert (last.recorded, last.left_out) == (1, 2)
    assert [ran.cwd for ran in outbox.commands] == [str(tmp_path)]


async def test_atuin_is_only_read(importing: Importing, tmp_path: Path) -> None:
    history = tmp_path / "history.db"
    atuin(history, (1, 1, 0, "make", "/", "h:me"))
    before = history.read_bytes()
    await bring_in(importing, "atuin", history)
    assert history.read_bytes() == before


async def test_a_file_that_is_no_history_of_atuin_says_so(
    importing: Importing, tmp_path: Path
) -> None:
    (tmp_path / "x.db").write_text("not a database at all, but long enough to look at" * 20)
    sqlite3.connect(tmp_path / "y.db").execute("CREATE TABLE history (id)")
    for name in ("x.db", "y.db"):
        with pytest.raises(Corrupt, match=name):
            await bring_in(importing, "atuin", tmp_path / name)


async def test_the_git_log_comes_in_once_with_redacted_patches(
    importing: Importing, outbox: Outbox, tmp_path: Path
) -> None:
    repository = Repository.make(tmp_path / "shop")
    for i, planted in enumerate(PLANTED):
        repository.write(f"config{i}.txt", planted.text + "\n")
        repository.commit(f"configure: {planted.command.splitlines()[0]}")
    last = await bring_in(importing, "git", repository.root)
    assert (last.read, last.recorded) == (len(PLANTED) + 1, len(PLANTED) + 1)
    operations = [e.body for e in outbox.events if isinstance(e.body, GitOperation)]
    commits = [commit for operation in operations for commit in operation.commits]
    assert commits[0].subject == "a calculator"
    assert {operation.new for operation in operations} == {""}, "nothing has moved"
    for planted in PLANTED:
        assert planted.secret not in repr(operations), planted.shape
    assert sum("<redacted:" in commit.patch for commit in commits) == len(PLANTED)
    again = await bring_in(importing, "git", repository.root)
    assert (again.recorded, again.known) == (0, len(PLANTED) + 1)


async def test_what_a_repository_asks_to_ignore_comes_in_by_no_commit(
    importing: Importing, outbox: Outbox, tmp_path: Path
) -> None:
    repository = Repository.make(tmp_path / "shop")
    repository.write("private/notes.txt", "the plan is marzipan\n")
    repository.write("open.txt", "shared\n")
    repository.write("below/secret.txt", "the plan is nougat\n")
    repository.write("below/.postdevai.toml", '[record]\nignore = ["secret.txt"]\n')
    repository.write(".postdevai.toml", '[record]\nignore = ["private/"]\n')
    repository.commit("notes")
    last = await bring_in(importing, "git", repository.root)
    assert last.recorded == 2
    for taken in ("marzipan", "nougat", "private/notes.txt", "below/secret.txt"):
        assert taken not in repr(outbox.events)
    commits = [c for e in outbox.events if isinstance(e.body, GitOperation) for c in e.body.commits]
    assert "+shared" in commits[-1].patch, "the rest of the patch is kept"
    assert commits[-1].cut
    assert any("not to be recorded" in said for said in last.unknown)


async def test_no_source_no_file_no_repository_say_what_to_do(
    importing: Importing, tmp_path: Path, empty: Path
) -> None:
    for source, path, refusal in (
        ("ksh", "", Invalid),
        ("bash", "relative", Invalid),
        ("bash", str(tmp_path / "none"), Missing),
        ("bash", str(tmp_path), Invalid),
        ("git", "", Invalid),
        ("git", str(tmp_path), Invalid),
        ("git", str(empty), Missing),
    ):
        with pytest.raises(refusal) as refused:
            await bring_in(importing, source, path)
        assert refused.value.hint or refused.value.field


async def test_nothing_is_imported_while_recording_is_paused(
    importing: Importing, outbox: Outbox, tmp_path: Path
) -> None:
    (tmp_path / "h").write_text("make\n")
    gates.pause(importing.home)
    with pytest.raises(Denied, match="paused"):
        await bring_in(importing, "bash", tmp_path / "h")
    assert outbox.events == []


def test_long_commands_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "HELD_CHARACTERS_MAX", 1000)
    newest = past.Newest().take(PastCommand("x" * 100, at_ms=i) for i in range(100))
    assert (len(newest.entries), newest.older, newest.read) == (10, 90, 100)
    assert newest.entries[-1].at_ms == 99


async def test_two_imports_at_once_are_refused(importing: Importing, tmp_path: Path) -> None:
    (tmp_path / "h").write_text("make\n")
    first = importing.run("bash", str(tmp_path / "h"))
    await anext(first)
    with pytest.raises(Conflict):
        await bring_in(importing, "bash", tmp_path / "h")
    await first.aclose()


async def test_of_a_million_lines_the_newest_come_in_and_the_rest_is_counted(
    importing: Importing, outbox: Outbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is made small; the lines are a million."""
    monkeypatch.setattr(past, "ENTRIES_MAX", 500)
    (tmp_path / "h").write_text("".join(f"echo {i}\n" for i in range(1_000_000)))
    last = await bring_in(importing, "bash", tmp_path / "h")
    assert (last.read, last.recorded, last.left_out) == (1_000_000, 500, 999_500)
    assert outbox.commands[0].command == "echo 999500"
    assert any("999500 older" in said for said in last.unknown)
