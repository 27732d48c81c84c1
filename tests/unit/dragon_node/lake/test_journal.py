"""The journal: durable before anybody is told, in order, bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from common.daemon.keys import SealingKey
from common.errors import Corrupt, Invalid, OverLimit, Unavailable
from common.model.ids import ContentHash, NodeId, Origin, ProjectId, content_hash
from dragon_node.lake import journal as journal_room
from dragon_node.lake.database import Readers
from dragon_node.lake.journal import Draft, Journal, Written, unpack
from dragon_node.lake.records import Note
from dragon_node.lake.shards import step_of
from tests.support.lake import event, saved

ORIGIN = Origin("a" * 32)
PROJECT = ProjectId("b" * 16)


def _drafts(*seqs: int, body: bytes = b"x", project: ProjectId = PROJECT) -> list[Draft]:
    return [
        Draft(ORIGIN, seq, "event", NodeId("1"), project, "thing", 5, body, Note("test"))
        for seq in seqs
    ]


def _saving(seq: int, *texts: str) -> list[Draft]:
    """Records that refer to these contents."""
    return [
        Draft(
            ORIGIN, seq + i, "event", NodeId("1"), PROJECT, "thing", 5, b"x", event(saved("f", t))
        )
        for i, t in enumerate(texts)
    ]


def _named(*texts: str) -> dict[ContentHash, bytes]:
    return {content_hash(t.encode()): t.encode() for t in texts}


def _bytes_hold(directory: Path, secret: bytes) -> bool:
    return any(secret in path.read_bytes() for path in directory.iterdir())


@pytest.fixture
async def readers() -> AsyncIterator[Readers]:
    """Reader threads, closed afterwards."""
    made = Readers()
    yield made
    await made.close()


async def test_records_come_back_as_they_were_written(tmp_path: Path, readers: Readers) -> None:
    told: list[Written] = []
    journal = await Journal.open(tmp_path / "j.db", readers, told.append)
    first = await journal.append(_drafts(1, 2, body=b"\x00\xff"), {})
    second = await journal.append(_drafts(3), {})
    assert (first.first_lsn, first.last_lsn, second.last_lsn) == (1, 2, 3)
    assert told == [first, second]
    rows = await journal.rows(1, 10)
    assert [(r.lsn, r.seq, r.project_name) for r in rows] == [(2, 2, "thing"), (3, 3, "thing")]
    assert rows[0].body == b"\x00\xff"
    name = journal.id
    await journal.close()
    again = await Journal.open(tmp_path / "j.db", readers, told.append)
    assert (again.id, again.last_lsn) == (name, 3)
    await again.close()


async def test_content_is_in_the_transaction_of_its_record(
    tmp_path: Path, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = await Journal.open(tmp_path / "j.db", readers, lambda w: None)
    raw = b"content " * 100
    name = content_hash(raw)
    await journal.append(_drafts(1), {})
    with pytest.raises(OverLimit):
        monkeypatch.setattr(journal_room, "BYTES_MAX", 1)
        await journal.append(_drafts(2), {name: raw})
    assert await journal.holds([name]) == set()
    monkeypatch.undo()
    await journal.append(_drafts(2), {name: raw})
    assert await journal.contents([name]) == {name: raw}
    await journal.close()


async def test_a_full_journal_refuses_with_numbers_and_goes_on_reading(
    tmp_path: Path, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = await Journal.open(tmp_path / "j.db", readers, lambda w: None)
    await journal.append(_drafts(1), {})
    monkeypatch.setattr(journal_room, "BYTES_MAX", journal.live_bytes + 100)
    with pytest.raises(OverLimit, match=r"[\d,]+ of [\d,]+ bytes"):
        await journal.append(_drafts(2, body=b"x" * 200), {})
    assert len(await journal.rows(0, 10)) == 1
    await journal.append(_drafts(2), {})
    await journal.close()


async def test_who_is_cancelled_knows_what_was_written(tmp_path: Path, readers: Readers) -> None:
    """Letting go earlier would give the next record the sequence of one that is on its way."""
    told: list[Written] = []
    journal = await Journal.open(tmp_path / "j.db", readers, told.append)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(journal.append(_drafts(1), {}))
        await asyncio.sleep(0)  # it runs until it waits for the writer
        task.cancel()
    assert task.cancelled()
    assert [w.last_lsn for w in told] == [1]
    await journal.close()


async def test_every_project_is_named_once(tmp_path: Path, readers: Readers) -> None:
    journal = await Journal.open(tmp_path / "j.db", readers, lambda w: None)
    assert await journal.projects() == []
    for seq, project in enumerate(("c", "a", "c", "b"), start=1):
        await journal.append(_drafts(seq, project=ProjectId(project)), {})
    assert await journal.projects() == ["a", "b", "c"]
    await journal.close()


async def test_damaged_content_is_said_to_be(tmp_path: Path, readers: Readers) -> None:
    with pytest.raises(Corrupt):
        unpack(content_hash(b"x"), b"not zstd")


class Recording(apsw.VFS):
    """Writes down what is written and synced, and passes it on."""

    def __init__(self, trace: list[str]) -> None:
        self.trace = trace
        super().__init__("recording", "unix", makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> Any:  # noqa: N802
        return RecordedFile(self.trace, name, flags)


class RecordedFile(apsw.VFSFile):
    """A file of it."""

    def __init__(self, trace: list[str], name: Any, flags: list[int]) -> None:
        self._trace = trace
        self._suffix = Path(str(getattr(name, "filename", lambda: name)())).suffix
        super().__init__("unix", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        super().xWrite(data, offset)
        self._trace.append(f"write {self._suffix}")

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        self._trace.append(f"sync {self._suffix}")


@pytest.fixture
def trace() -> Iterator[list[str]]:
    """What SQLite asks of the operating system meanwhile."""
    found: list[str] = []
    vfs = Recording(found)
    yield found
    vfs.unregister()


async def test_the_log_is_synced_before_anybody_is_told(
    tmp_path: Path, readers: Readers, trace: list[str]
) -> None:
    journal = await Journal.open(tmp_path / "j.db", readers, lambda w: trace.append("told"))
    for seq in range(1, 6):
        trace.clear()
        await journal.append(_drafts(seq), {})
        trace.append("appended")
        last_write, last_sync = (
            max(i for i, what in enumerate(trace) if what == f"{did} .db-wal")
            for did in ("write", "sync")
        )
        assert last_write < last_sync < trace.index("told") < trace.index("appended"), trace
    await journal.close()


async def test_streams_share_a_commit(tmp_path: Path, readers: Readers, trace: list[str]) -> None:
    """A commit costs a sync: those who wait at the same time pay for it together."""
    told: list[Written] = []
    journal = await Journal.open(tmp_path / "j.db", readers, told.append)
    trace.clear()
    async with asyncio.TaskGroup() as group:
        for seq in range(1, 101):
            group.create_task(journal.append(_drafts(seq), {}))
    assert [w.first_lsn for w in told] == list(range(1, 101))
    assert trace.count("sync .db-wal") < 50
    await journal.close()


async def test_after_the_end_an_append_is_refused_and_does_not_hang(
    tmp_path: Path, readers: Readers
) -> None:
    journal = await Journal.open(tmp_path / "j.db", readers, lambda w: None)
    await journal.close()
    with pytest.raises(Unavailable):
        await journal.append(_drafts(1), {})


async def test_an_append_that_waits_for_room_at_the_end_is_refused(
    tmp_path: Path, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_room, "QUEUED_MAX", 1)
    told: list[Written] = []
    journal = await Journal.open(tmp_path / "j.db", readers, told.append)
    first = asyncio.create_task(journal.append(_drafts(1), {}))
    second = asyncio.create_task(journal.append(_drafts(2), {}))
    await asyncio.sleep(0)  # both run until they wait
    await journal.close()
    await first
    with pytest.raises(Unavailable):
        await second
    assert [w.last_lsn for w in told] == [1]


async def test_a_cut_takes_records_and_what_only_they_refer_to(
    tmp_path: Path, readers: Readers
) -> None:
    journal = await Journal.open(tmp_path / "j.db", readers, lambda w: None)
    await journal.append(_saving(1, "old", "shared", "again"), _named("old", "shared", "again"))
    await journal.append(_saving(4, "shared"), _named("shared"))
    await journal.append(_saving(5, "again"), {})  # refers to what is held
    await journal.cut(3)
    assert [row.lsn for row in await journal.rows(0, 10)] == [4, 5]
    held = await journal.contents(list(_named("old", "shared", "again")))
    assert held == _named("shared", "again")
    assert (journal.first_lsn, journal.last_lsn) == (4, 5)
    await journal.close()


async def test_a_journal_that_was_cut_to_its_end_goes_on_from_there(
    tmp_path: Path, readers: Readers
) -> None:
    """A position is never given twice: stores would pass over the second record."""
    journal = await Journal.open(tmp_path / "j.db", readers, lambda w: None)
    await journal.append(_drafts(1, 2, 3), {})
    await journal.cut(3)
    await journal.close()
    again = await Journal.open(tmp_path / "j.db", readers, lambda w: None)
    assert (again.first_lsn, again.last_lsn) == (4, 3)
    assert (await again.append(_drafts(4), {})).first_lsn == 4
    await again.close()


async def test_a_cut_gives_the_room_back(tmp_path: Path, readers: Readers) -> None:
    journal = await Journal.open(tmp_path / "j.db", readers, lambda w: None)
    for seq in range(1, 41):
        await journal.append(_drafts(seq, body=bytes(50_000)), {})
    live = journal.live_bytes
    await journal.cut(39)
    assert journal.live_bytes < live / 5
    await journal.close()  # folds the log back
    assert (tmp_path / "j.db").stat().st_size < live / 5


async def test_records_come_while_a_cut_goes_on(
    tmp_path: Path, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_room.journal_file, "CUT_RECORDS", 1)
    journal = await Journal.open(tmp_path / "j.db", readers, lambda w: None)
    await journal.append(_drafts(*range(1, 21)), {})
    cut = asyncio.create_task(journal.cut(20))
    await asyncio.sleep(0)
    await journal.append(_drafts(21), {})
    assert not cut.done()
    await cut
    assert [row.lsn for row in await journal.rows(0, 30)] == [21]
    await journal.close()


async def test_content_that_a_cut_took_meanwhile_is_asked_for_again(
    tmp_path: Path, readers: Readers
) -> None:
    """Others in the same commit are not refused with it."""
    journal = await Journal.open(tmp_path / "j.db", readers, lambda w: None)
    await journal.append(_saving(1, "old"), _named("old"))
    await journal.cut(1)
    outcomes = await asyncio.gather(
        journal.append(_saving(2, "old"), {}),
        journal.append(_saving(2, "new"), _named("new")),
        return_exceptions=True,
    )
    assert isinstance(outcomes[0], Invalid)
    assert isinstance(outcomes[1], Written)
    assert [row.lsn for row in await journal.rows(0, 30)] == [2]
    await journal.close()


async def test_what_is_overwritten_is_in_no_byte_of_the_journal(
    tmp_path: Path, readers: Readers
) -> None:
    secret = "swordfish" * 20
    journal = await Journal.open(tmp_path / "j.db", readers, lambda w: None)
    await journal.append(_drafts(1, body=secret.encode() * 1_000), {})
    await journal.append(_saving(2, secret), _named(secret))
    await journal.append(_drafts(3), {})
    assert _bytes_hold(tmp_path, b"swordfish"), "the control"
    await journal.overwrite([1, 2], list(_named(secret)))
    assert not _bytes_hold(tmp_path, b"swordfish")
    rows = await journal.rows(0, 10)
    assert [(r.lsn, r.seq, r.origin) for r in rows] == [(n, n, ORIGIN) for n in (1, 2, 3)]
    assert step_of(rows[0]).body == Note("forgotten")
    assert not await journal.holds(list(_named(secret)))
    await journal.close()


async def test_a_sealed_journal_holds_no_plain_byte_and_gives_room_back(
    tmp_path: Path, readers: Readers
) -> None:
    key = SealingKey(b"k" * 32)
    journal = await Journal.open(tmp_path / "j.db", readers, lambda w: None, key)
    for seq in range(1, 41):
        await journal.append(_drafts(seq, body=b"swordfish" * 5_000), {})
    assert not _bytes_hold(tmp_path, b"swordfish")
    live = journal.live_bytes
    await journal.cut(39)
    assert journal.live_bytes < live / 5
    await journal.close()
    assert (tmp_path / "j.db").stat().st_size < live / 5
    again = await Journal.open(tmp_path / "j.db", readers, lambda w: None, key)
    assert [row.lsn for row in await again.rows(0, 10)] == [40]
    await again.close()


async def test_what_no_row_can_hold_is_invalid_for_its_batch_alone(
    tmp_path: Path, readers: Readers
) -> None:
    journal = await Journal.open(tmp_path / "j.db", readers, lambda _: None)
    asked = [
        asyncio.ensure_future(journal.append(drafts, {}))
        for drafts in (_drafts(1), _drafts(1 << 63), _drafts(2))
    ]
    first, refused, second = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(refused, Invalid)
    assert isinstance(first, Written)
    assert isinstance(second, Written)
    assert (first.last_lsn, second.last_lsn) == (1, 2)
    assert (await journal.append(_drafts(3), {})).last_lsn == 3
    await journal.close()
