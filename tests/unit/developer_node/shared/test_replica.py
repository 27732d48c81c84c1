"""An edit is on disk when it is acknowledged, and what cannot be kept is refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.clients.sync import Exchanged
from common.clock import SystemClock
from common.errors import Invalid, Missing, OverLimit
from common.model.ids import NodeId
from common.model.shared import Delta
from common.shared import state as limits
from developer_node.shared import replica as module
from developer_node.shared.replica import Replica
from tests.support.small_mesh import ShiftedClock

ME = NodeId("a" * 16)
P = "github.com/ada/thing"


def opened(tmp_path: Path, clock: SystemClock | None = None, me: NodeId = ME):
    return Replica.open(tmp_path / "shared.db", me, clock or SystemClock(), "laptop")


async def test_what_was_edited_is_there_after_a_start(tmp_path: Path) -> None:
    async with opened(tmp_path) as replica:
        await replica.put("setting", P, "autonomy", "notifier")
        await replica.put("pin", P, "./a/b.py:10-20", "")
        note = await replica.put("note", P, "", "first line\nsecond\n")
    async with opened(tmp_path) as replica:
        assert replica.item("setting", P, "autonomy").value == "notifier"
        assert [each.key for each in replica.items("pin", P)] == ["a/b.py:10-20"]
        assert replica.item("note", "", note.key[:4]).value == "first line\nsecond\n"
        (listed,) = replica.items("note", P)
        assert (listed.value, listed.who, listed.waits) == ("first line", "laptop", True)
        assert replica.waiting == 3


async def test_the_file_is_sealed(tmp_path: Path) -> None:
    async with opened(tmp_path) as replica:
        await replica.put("setting", "", "answers.note", "a word that nobody may read")
        assert b"nobody may read" not in (tmp_path / "shared.db-wal").read_bytes()
    assert b"nobody may read" not in (tmp_path / "shared.db").read_bytes()


async def test_a_removed_note_leaves_no_text_behind(tmp_path: Path) -> None:
    async with opened(tmp_path) as replica:
        note = await replica.put("note", P, "", "text")
        await replica.remove("note", "", note.key)
        assert replica.items("note", P) == []
        assert replica.state.text_bytes() < 100
        with pytest.raises(Missing, match="it was removed"):
            replica.item("note", "", note.key)


async def test_stamps_rise_also_over_a_start_with_a_clock_that_was_set_back(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as replica:
        await replica.put("setting", P, "autonomy", "notifier")
        before = replica.vector[replica.me]
    async with opened(tmp_path, ShiftedClock(-3_600_000)) as replica:
        await replica.put("setting", P, "autonomy", "observer")
        assert replica.vector[replica.me] > before


async def test_what_waits_gets_the_time_of_now_once_the_clock_was_set_back(tmp_path: Path) -> None:
    async with opened(tmp_path, ShiftedClock(3_600_000)) as replica:
        await replica.put("setting", P, "autonomy", "notifier")
    clock = ShiftedClock()
    async with opened(tmp_path, clock) as replica:
        assert replica.is_ahead(clock.now_ms())
        await replica.restamp()
        assert not replica.is_ahead(clock.now_ms())
    async with opened(tmp_path, clock) as replica:
        item = replica.item("setting", P, "autonomy")
        assert abs(item.at_ms - clock.now_ms()) < 60_000
        assert item.waits


async def test_what_the_coordinator_has_is_no_more_waiting(tmp_path: Path) -> None:
    async with opened(tmp_path) as replica:
        await replica.put("setting", P, "autonomy", "notifier")
        vector = dict((await replica.sending()).upto)
        assert await replica.take(Exchanged(Delta(), vector, False, True, False, b""))
    async with opened(tmp_path) as replica:
        assert replica.waiting == 0
        assert replica.unsent().entries == ()


async def test_a_file_that_cannot_be_read_is_set_aside_and_said(tmp_path: Path) -> None:
    async with opened(tmp_path) as replica:
        await replica.put("setting", P, "autonomy", "notifier")
    path = tmp_path / "shared.db"
    path.write_bytes(b"x" * 8192)
    async with opened(tmp_path) as replica:
        assert "set aside" in replica.sentence
        assert replica.items("setting", every=True) == []
    assert path.with_name("shared.db.aside").read_bytes() == b"x" * 8192


@pytest.mark.parametrize(
    ("kind", "key", "value", "words"),
    [
        ("setting", "colour", "red", "no setting 'colour'"),
        ("setting", "autonomy", "boss", "'boss' is no level"),
        ("setting", "answers.note", " ", "would be empty"),
        ("pin", "../secret", "", "not relative"),
        ("pin", "/etc/passwd", "", "not relative"),
        ("note", "", "  \n", "says something"),
    ],
)
async def test_what_means_nothing_is_refused(
    tmp_path: Path, kind: str, key: str, value: str, words: str
) -> None:
    async with opened(tmp_path) as replica:
        with pytest.raises(Invalid, match=words):
            await replica.put(kind, P, key, value)  # pyright: ignore[reportArgumentType]
        assert replica.waiting == 0


async def test_limits_are_refused_with_their_number_and_a_removal_makes_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIELDS_MAX", 2)
    monkeypatch.setattr(module, "NOTES_MAX", 1)
    assert (limits.FIELDS_MAX, limits.NOTES_MAX) == (10_000, 1_000)
    async with opened(tmp_path) as replica:
        await replica.put("pin", P, "a", "")
        await replica.put("pin", P, "b", "")
        with pytest.raises(OverLimit, match="2 settings and pins"):
            await replica.put("pin", P, "c", "")
        await replica.remove("pin", P, "a")
        await replica.put("pin", P, "c", "")
        note = await replica.put("note", P, "", "x")
        with pytest.raises(OverLimit, match="1 notes"):
            await replica.put("note", P, "", "y")
        await replica.put("note", P, note.key, "changed")


async def test_a_full_disk_is_refused_and_memory_says_what_the_disk_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as replica:
        await replica.put("setting", P, "autonomy", "notifier")

        async def full(*_: object) -> None:
            raise OverLimit("the disk is full")

        with monkeypatch.context() as patched:
            patched.setattr(replica._file, "save", full)
            with pytest.raises(OverLimit):
                await replica.put("setting", P, "autonomy", "observer")
        assert replica.item("setting", P, "autonomy").value == "notifier"
        await replica.put("setting", P, "autonomy", "advisor")
    async with opened(tmp_path) as replica:
        assert replica.item("setting", P, "autonomy").value == "advisor"


async def test_all_notes_together_have_so_many_bytes_and_one_that_is_there_may_be_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as replica:
        note = await replica.put("note", P, "", "first")
        monkeypatch.setattr(module, "NOTES_BYTES_MAX", replica._state.text_bytes() + 200)
        with pytest.raises(OverLimit, match="all notes together have at most"):
            await replica.put("note", P, "", "second " * 200)
        assert [each.key for each in replica.items("note", P)] == [note.key]
        await replica.put("note", P, note.key, "once more")
