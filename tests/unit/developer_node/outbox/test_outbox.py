"""The outbox: durable, in order, bounded, and honest about what it left out."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from common.errors import Corrupt
from common.model.event import CommandFinished, Event, FileChanged, Output
from common.model.ids import WorkingCopyId, content_hash, new_event_id
from common.wire.stored import event_from_bytes
from developer_node.outbox.outbox import Entry, Outbox

COPY = WorkingCopyId("c" * 16)


def saved(path: str, text: str, *, dirty: bool = False) -> Entry:
    data = text.encode()
    body = FileChanged(path, content=content_hash(data), git_blob=f"git-{text[:8]}", dirty=dirty)
    return Event(new_event_id(), 1, COPY, body), {content_hash(data): data}


def ran(output: str) -> Entry:
    body = CommandFinished("make", "/w", (1,), 5, Output(output, len(output)))
    return Event(new_event_id(), 1, COPY, body), {}


async def everything(outbox: Outbox) -> list[tuple[int, Event]]:
    held = await outbox.batch(0, records_max=1_000, bytes_max=1 << 30)
    return [(h.seq, event_from_bytes(h.body)) for h in held]


async def test_what_was_appended_is_there_after_a_restart_in_order(tmp_path: Path) -> None:
    entries = [saved("a.py", "one"), ran("two"), saved("b.py", "three")]
    async with Outbox.open(tmp_path / "o.db") as outbox:
        assert await outbox.append(entries) == 3
        origin = outbox.origin
    async with Outbox.open(tmp_path / "o.db") as again:
        assert await everything(again) == [(n, e) for n, (e, _) in enumerate(entries, start=1)]
        assert again.origin == origin
        assert (await again.position()).first_held == 1


async def test_many_callers_at_once_get_contiguous_sequences(tmp_path: Path) -> None:
    async with Outbox.open(tmp_path / "o.db") as outbox:
        given = await asyncio.gather(*(outbox.append([ran(str(n))]) for n in range(200)))
        assert sorted(given) == list(range(1, 201))


async def test_one_entry_that_cannot_be_kept_does_not_harm_its_neighbours(tmp_path: Path) -> None:
    async with Outbox.open(tmp_path / "o.db") as outbox:
        unencodable = Event(new_event_id(), 1, COPY, FileChanged("bad\udc80name"))
        results = await asyncio.gather(
            outbox.append([ran("a")]),
            outbox.append([(unencodable, {})]),
            outbox.append([ran("b")]),
            return_exceptions=True,
        )
        assert isinstance(results[1], UnicodeEncodeError)
        assert [seq for seq, _ in await everything(outbox)] == [1, 2]


async def test_an_acknowledged_record_is_gone_and_a_shared_blob_stays(tmp_path: Path) -> None:
    async with Outbox.open(tmp_path / "o.db") as outbox:
        await outbox.append([saved("a", "same"), saved("b", "other"), saved("c", "same")])
        await outbox.acknowledge(2)
        assert [seq for seq, _ in await everything(outbox)] == [3]
        assert await outbox.blob(content_hash(b"same")) == b"same"
        assert await outbox.blob(content_hash(b"other")) is None
        await outbox.acknowledge(3)
        assert await outbox.blob(content_hash(b"same")) is None
        assert (await outbox.position()).first_held == 4


async def test_sequences_go_on_after_everything_was_acknowledged(tmp_path: Path) -> None:
    async with Outbox.open(tmp_path / "o.db") as outbox:
        await outbox.append([ran("a"), ran("b")])
        await outbox.acknowledge(2)
    async with Outbox.open(tmp_path / "o.db") as outbox:
        assert await outbox.append([ran("c")]) == 3


async def test_a_deleted_file_gets_another_origin(tmp_path: Path) -> None:
    async with Outbox.open(tmp_path / "o.db") as outbox:
        first = outbox.origin
    for path in list(tmp_path.glob("o.db*")):  # noqa: ASYNC240
        path.unlink()
    async with Outbox.open(tmp_path / "o.db") as outbox:
        assert outbox.origin != first
        assert len(outbox.origin) == 32


async def test_a_full_outbox_drops_the_oldest_output_and_never_a_fact(tmp_path: Path) -> None:
    big = "x" * 100_000
    async with Outbox.open(tmp_path / "o.db", bytes_max=500_000) as outbox:
        for _ in range(10):
            await outbox.append([ran(big)])
        events = [event.body for _, event in await everything(outbox)]
        kept = [b.output.text != "" for b in events if isinstance(b, CommandFinished)]
        assert len(kept) == 10
        assert kept == sorted(kept), "the oldest go first"
        assert kept[-1]
        assert not kept[0]
        oldest = events[0]
        assert isinstance(oldest, CommandFinished)
        assert oldest.output.bytes_dropped == oldest.output.bytes_total == 100_000
        status = await outbox.status()
        assert status.bodies_dropped == kept.count(False)
        assert status.bytes <= 500_000


async def test_contents_go_only_when_no_output_is_left_and_the_file_is_scanned_again(
    tmp_path: Path,
) -> None:
    async with Outbox.open(tmp_path / "o.db", bytes_max=600_000) as outbox:
        await outbox.append([ran("y" * 50_000)])
        for n in range(10):
            await outbox.append([saved(f"f{n}", str(n) * 100_000)])
        bodies = [event.body for _, event in await everything(outbox)]
        command, first, *_ = bodies
        assert isinstance(command, CommandFinished)
        assert command.output.text == ""
        assert isinstance(first, FileChanged)
        assert (first.content, first.skipped) == ("", "not kept: the outbox was full")
        last = bodies[-1]
        assert isinstance(last, FileChanged)
        assert last.content
        assert "f0" not in await outbox.sent_files(COPY)
        assert "f9" in await outbox.sent_files(COPY)


async def test_files_are_remembered_as_last_recorded(tmp_path: Path) -> None:
    async with Outbox.open(tmp_path / "o.db") as outbox:
        await outbox.append([saved("a", "1"), saved("b", "1"), saved("a", "2", dirty=True)])
        gone = Event(new_event_id(), 1, COPY, FileChanged("b", deleted=True))
        await outbox.append([(gone, {})])
        await outbox.acknowledge(4)
        assert await outbox.sent_files(COPY) == {"a": ("git-2", True, "")}
        assert await outbox.waiting_files() == {}


async def test_a_new_origin_numbers_what_waits_from_one_and_forgets_what_was_sent(
    tmp_path: Path,
) -> None:
    async with Outbox.open(tmp_path / "o.db") as outbox:
        await outbox.append([ran(str(n)) for n in range(5)], {"reflog:x": "9", "other": "1"})
        await outbox.append([saved("a", "1")])
        await outbox.acknowledge(3)
        before = outbox.origin
        assert await outbox.renew_origin() != before
        assert [seq for seq, _ in await everything(outbox)] == [1, 2, 3]
        assert await outbox.sent_files(COPY) == {}
        assert await outbox.mark("reflog:x") == ""
        assert await outbox.mark("other") == "1"
        held = await outbox.batch(0, records_max=9, bytes_max=1 << 20)
        assert held[2].hashes == (content_hash(b"1"),)
        assert await outbox.append([ran("next")]) == 4


async def test_a_refused_body_is_kept_until_acknowledged_and_counted_ever_after(
    tmp_path: Path,
) -> None:
    async with Outbox.open(tmp_path / "o.db") as outbox:
        await outbox.append([ran("a"), ran("b")])
        await outbox.refuse(1, "event.at_ms", "too old")
        await outbox.acknowledge(2)
        status = await outbox.status()
        assert (status.waiting, status.refused) == (0, 1)


async def test_a_batch_holds_at_least_one_record_however_large(tmp_path: Path) -> None:
    async with Outbox.open(tmp_path / "o.db") as outbox:
        await outbox.append([ran("x" * 5_000), ran("small"), ran("small")])
        first = await outbox.batch(0, records_max=500, bytes_max=1_000)
        assert [h.seq for h in first] == [1]
        rest = await outbox.batch(1, records_max=500, bytes_max=1_000)
        assert [h.seq for h in rest] == [2, 3]


async def test_an_event_too_large_for_any_message_keeps_its_fact_alone(tmp_path: Path) -> None:
    async with Outbox.open(tmp_path / "o.db") as outbox:
        await outbox.append([ran("x" * (4 << 20))])
        ((_, event),) = await everything(outbox)
        assert isinstance(event.body, CommandFinished)
        assert event.body.output == Output("", 4 << 20, 4 << 20)


async def test_a_waiter_wakes_when_a_record_comes(tmp_path: Path) -> None:
    async with Outbox.open(tmp_path / "o.db") as outbox, asyncio.timeout(5):
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(outbox.wait_beyond(0))
            await outbox.append([ran("a")])
        assert waiting.done()


async def test_a_damaged_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "o.db").write_bytes(b"not a database" * 1_000)
    with pytest.raises(Corrupt) as refusal:
        async with Outbox.open(tmp_path / "o.db"):
            pass
    assert "Move" in refusal.value.hint
