"""What is being worked on: of this session, of this working copy, and the owner's words sealed."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from common.errors import Denied, Invalid, Missing, Unavailable
from common.model.event import (
    Body,
    CommandFinished,
    EditorEvent,
    Event,
    FileChanged,
    WorkingCopySeen,
)
from common.model.failure import Failure, Frame
from common.model.ids import EventId, WorkingCopyId
from common.model.laptop import ContextEdit, OpenFile
from developer_node.working import FILES_MAX, PINNED_MAX, QUIET_MS, WorkContexts
from tests.support.scripted_daemon import NOW_MS, SetClock

COPIES = {"/w/ledger": WorkingCopyId("a1" * 8), "/w/notes": WorkingCopyId("b2" * 8)}
LEDGER, NOTES = COPIES["/w/ledger"], COPIES["/w/notes"]
EDIT = ContextEdit("/w/ledger", ("ledger/money.py",), ("docs/",), "Amounts are cents.")


def contexts(home: Path, clock: SetClock | None = None) -> WorkContexts:
    """Over two working copies, both on main."""
    return WorkContexts(
        home, lambda: COPIES, lambda path: ("main", "3f2a91c07"), clock or SetClock()
    )


def event(body: Body, at_ms: int = NOW_MS, copy: WorkingCopyId = LEDGER) -> Event:
    """Something that was recorded."""
    return Event(EventId("e" * 32), at_ms, copy, body)


def failing(*frames: Frame) -> CommandFinished:
    """A test run that fails in these places."""
    failure = Failure("pytest", "AssertionError", "test", "no", "no", frames=frames)
    return CommandFinished("pytest -q", "/w/ledger", (1,), 900, failures=(failure,))


async def test_files_stand_newest_first_each_once_with_its_last_reason(tmp_path: Path) -> None:
    work = contexts(tmp_path)
    work.seen(event(EditorEvent("open", "a.py"), NOW_MS - 30))
    work.seen(event(FileChanged("b.py"), NOW_MS - 20))
    work.seen(event(EditorEvent("save", "a.py"), NOW_MS - 10))
    found = await work.get("/w/ledger")
    assert found.files == (
        OpenFile("a.py", "saved", NOW_MS - 10),
        OpenFile("b.py", "saved", NOW_MS - 20),
    )
    assert (found.project, found.branch, found.head) == ("ledger", "main", "3f2a91c07")


async def test_a_deleted_file_is_open_no_longer(tmp_path: Path) -> None:
    work = contexts(tmp_path)
    work.seen(event(FileChanged("a.py")))
    work.seen(event(FileChanged("a.py", deleted=True)))
    assert (await work.get("/w/ledger")).files == ()


async def test_a_failing_command_names_the_files_that_it_failed_in(tmp_path: Path) -> None:
    """Frames of libraries and of places outside are none of the person's files."""
    work = contexts(tmp_path)
    work.seen(
        event(
            failing(
                Frame("ledger/money.py", "split", 16, in_app=True),
                Frame("/usr/lib/python3.11/unittest/case.py", "run", 1, in_app=True),
                Frame("../other/x.py", "run", 1, in_app=True),
                Frame("vendored/y.py", "run", 1, in_app=False),
            )
        )
    )
    found = await work.get("/w/ledger")
    assert found.files == (OpenFile("ledger/money.py", "failed", NOW_MS),)
    assert (found.commands, found.failed_commands, found.last_exit_code) == (1, 1, 1)


async def test_a_program_that_runs_is_counted_when_it_has_ended(tmp_path: Path) -> None:
    """It tells of itself several times before."""
    work = contexts(tmp_path)
    ended = CommandFinished("make serve", "/w/ledger", (0,), 900, run=EventId("c" * 32))
    work.seen(event(replace(ended, exit_codes=(), running=True)))
    work.seen(event(replace(ended, exit_codes=(), running=True)))
    assert (await work.get("/w/ledger")).commands == 0
    work.seen(event(ended))
    assert (await work.get("/w/ledger")).commands == 1


async def test_an_hour_without_anything_ends_the_session(tmp_path: Path) -> None:
    """What was open this morning is not what is being worked on now."""
    clock = SetClock()
    work = contexts(tmp_path, clock)
    work.seen(event(FileChanged("a.py")))
    clock.at_ms += QUIET_MS
    assert (await work.get("/w/ledger")).session_started_ms == NOW_MS
    clock.at_ms += 1
    found = await work.get("/w/ledger")
    assert (found.files, found.session_started_ms) == ((), 0)


async def test_what_comes_after_a_quiet_hour_begins_anew(tmp_path: Path) -> None:
    clock = SetClock()
    work = contexts(tmp_path, clock)
    work.seen(event(FileChanged("morning.py")))
    clock.at_ms += QUIET_MS + 1
    work.seen(event(FileChanged("noon.py"), clock.at_ms))
    found = await work.get("/w/ledger")
    assert [file.path for file in found.files] == ["noon.py"]
    assert found.session_started_ms == clock.at_ms


async def test_what_was_imported_is_no_work_of_today(tmp_path: Path) -> None:
    """Years of a shell's history may arrive in one minute."""
    work = contexts(tmp_path)
    old = CommandFinished("make", "/w/ledger", (2,), 900)
    work.seen(event(FileChanged("a.py"), NOW_MS - 1_000))
    work.seen(event(old, NOW_MS - QUIET_MS - 1))
    found = await work.get("/w/ledger")
    assert (found.commands, found.session_started_ms) == (0, NOW_MS - 1_000)


async def test_files_are_bounded_and_the_oldest_go(tmp_path: Path) -> None:
    work = contexts(tmp_path)
    for number in range(FILES_MAX + 5):
        work.seen(event(FileChanged(f"{number}.py"), NOW_MS - 100 + number))
    found = await work.get("/w/ledger")
    assert len(found.files) == FILES_MAX
    assert found.files[-1].path == "5.py"


async def test_without_a_name_the_copy_that_was_worked_in_last_is_meant(tmp_path: Path) -> None:
    work = contexts(tmp_path)
    assert (await work.get()).working_copy == "/w/ledger"
    work.seen(event(FileChanged("a.py"), NOW_MS - 5, LEDGER))
    work.seen(event(FileChanged("b.md"), NOW_MS - 1, NOTES))
    assert (await work.get()).working_copy == "/w/notes"


async def test_other_news_keep_a_session_going_and_open_no_file(tmp_path: Path) -> None:
    work = contexts(tmp_path)
    work.seen(event(WorkingCopySeen("/w/ledger", "ada-laptop", ())))
    found = await work.get("/w/ledger")
    assert (found.files, found.session_started_ms) == ((), NOW_MS)


async def test_what_is_not_watched_is_missing_with_the_way_to_it(tmp_path: Path) -> None:
    with pytest.raises(Missing) as refused:
        await contexts(tmp_path).get("/elsewhere")
    assert "postdevai watch" in refused.value.hint


async def test_what_was_set_is_there_after_a_restart(tmp_path: Path) -> None:
    given = await contexts(tmp_path).set(EDIT)
    again = await contexts(tmp_path).get("/w/ledger")
    assert (again.pinned, again.excluded, again.note) == (EDIT.pinned, EDIT.excluded, EDIT.note)
    assert given == again
    assert (await contexts(tmp_path).get("/w/notes")).note == ""


async def test_typed_words_do_not_lie_open_on_the_disk(tmp_path: Path) -> None:
    """Neither the note nor the names of files."""
    await contexts(tmp_path).set(EDIT)
    kept = b"".join((tmp_path / name).read_bytes() for name in os.listdir(tmp_path))
    assert b"cents" not in kept and b"money" not in kept
    assert (tmp_path / "context.sealed").stat().st_mode & 0o077 == 0


async def test_a_damaged_file_is_set_aside_and_the_daemon_starts(tmp_path: Path) -> None:
    await contexts(tmp_path).set(EDIT)
    file = tmp_path / "context.sealed"
    damaged = file.read_bytes()[:-1] + b"\0\0"
    file.write_bytes(damaged)
    assert (await contexts(tmp_path).get("/w/ledger")).note == ""
    assert (tmp_path / "context.unreadable").read_bytes() == damaged


async def test_what_another_key_sealed_is_refused_and_stays(tmp_path: Path) -> None:
    """Starting anew would lose it behind the first key."""
    await contexts(tmp_path).set(EDIT)
    kept = (tmp_path / "context.sealed").read_bytes()
    for name in ("key", "key.json"):
        (tmp_path / name).unlink()
    with pytest.raises(Denied):
        contexts(tmp_path)
    assert (tmp_path / "context.sealed").read_bytes() == kept


async def test_two_who_set_at_once_are_both_kept(tmp_path: Path) -> None:
    """Each copy has words of its own, and the file holds those of both."""
    work = contexts(tmp_path)
    other = ContextEdit("/w/notes", note="Dates are ISO.")
    await asyncio.gather(work.set(EDIT), work.set(other))
    again = contexts(tmp_path)
    assert (await again.get("/w/ledger")).note == EDIT.note
    assert (await again.get("/w/notes")).note == other.note


async def test_a_disk_that_refuses_leaves_what_was_set_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is said to be set that is gone after the next start."""
    work = contexts(tmp_path)
    await work.set(EDIT)

    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(Unavailable, match="No space left"):
        await work.set(replace(EDIT, note="Amounts are euros."))
    assert (await work.get("/w/ledger")).note == EDIT.note


@pytest.mark.parametrize(
    "edit",
    [
        replace(EDIT, pinned=("/etc/passwd",)),
        replace(EDIT, pinned=("../other/a.py",)),
        replace(EDIT, excluded=("",)),
        replace(EDIT, pinned=tuple(f"{n}.py" for n in range(PINNED_MAX + 1))),
        replace(EDIT, note="x" * 2_001),
        replace(EDIT, pinned=("a.py",), excluded=("a.py",)),
    ],
    ids=["absolute", "outside", "empty", "too many", "too long", "both"],
)
async def test_what_means_nothing_is_refused(tmp_path: Path, edit: ContextEdit) -> None:
    work = contexts(tmp_path)
    with pytest.raises(Invalid):
        await work.set(edit)
    assert (await work.get("/w/ledger")).note == ""


async def test_a_path_counts_once_however_often_it_is_given(tmp_path: Path) -> None:
    found = await contexts(tmp_path).set(replace(EDIT, pinned=("a.py", "./a.py", "b.py", "a.py")))
    assert found.pinned == ("a.py", "b.py")
