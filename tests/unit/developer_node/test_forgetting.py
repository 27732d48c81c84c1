"""A laptop forgets: first all is sent, then nothing of it is left in any file here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from common.daemon.keys import sealing_key
from common.errors import Unavailable
from common.model.event import CommandFinished, Event, FileChanged, Output
from common.model.ids import WorkingCopyId, content_hash, new_event_id
from common.model.lake import LakeStep, Oblivion
from common.sealed_sqlite import unlock
from developer_node import forgetting
from developer_node.forgetting import Forgetting
from developer_node.outbox.outbox import Outbox
from developer_node.text.kept_contents import KeptContents
from developer_node.text.working_copy import machine_id

SECRET = "hunter2-was-here"


def _ran(text: str) -> Event:
    body = CommandFinished("make", "/code/thing", (0,), 1, Output(text, len(text), 0))
    return Event(new_event_id(), 1, WorkingCopyId(""), body)


async def _all(steps: AsyncGenerator[LakeStep]) -> list[LakeStep]:
    return [step async for step in steps]


async def test_what_waits_is_sent_before_the_dragon_is_asked(tmp_path: Path) -> None:
    async with Outbox.open(tmp_path / "outbox.db") as outbox:
        await outbox.append([(_ran(SECRET), {})])
        before = Forgetting(outbox, lambda: 0, tmp_path).before(Oblivion(text=SECRET))
        first = await anext(before)
        assert "1 records wait" in first.sentence
        await outbox.acknowledge(1)
        assert [step async for step in before if "wait" not in step.sentence] == []


async def test_what_cannot_be_sent_is_not_pretended_to_be_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "SENT_S", 0.01)
    async with Outbox.open(tmp_path / "outbox.db") as outbox:
        await outbox.append([(_ran(SECRET), {})])
        with pytest.raises(Unavailable, match="nothing was forgotten"):
            await _all(Forgetting(outbox, lambda: 0, tmp_path).before(Oblivion(text=SECRET)))


async def test_no_page_of_the_outbox_holds_it_afterwards(tmp_path: Path) -> None:
    """Not even a free one: whoever has the key could read that."""
    path = tmp_path / "outbox.db"
    async with Outbox.open(path) as outbox:
        await outbox.append([(_ran(SECRET), {}), (_ran("harmless"), {})])
        await outbox.refuse(1, "event", "never")
        await outbox.refuse(2, "event", "never")
        await outbox.acknowledge(2)
        done = await _all(Forgetting(outbox, lambda: 0, tmp_path).after(Oblivion(text=SECRET)))
        assert done[0].sentence == "1 refused records forgotten here"
        assert path.with_name("outbox.db-wal").stat().st_size == 0
    plain = await asyncio.to_thread(_unsealed, path)
    assert SECRET.encode() not in plain
    assert b"harmless" in plain


async def test_kept_contents_with_the_text_go_and_others_stay(tmp_path: Path) -> None:
    ground = tmp_path / "grounds" / "2222222222222222"
    ground.mkdir(parents=True)
    kept = KeptContents.of(ground)
    for text in (SECRET, "harmless"):
        kept.put(content_hash(text.encode()), text.encode())
    async with Outbox.open(tmp_path / "outbox.db") as outbox:
        await _all(Forgetting(outbox, lambda: 0, tmp_path).after(Oblivion(text=SECRET)))
    assert kept.names() == {content_hash(b"harmless")}


async def test_without_a_text_no_kept_content_stays(tmp_path: Path) -> None:
    """Nothing tells which path a content is of."""
    ground = tmp_path / "grounds" / "2222222222222222"
    ground.mkdir(parents=True)
    KeptContents.of(ground).put(content_hash(b"x"), b"x")
    async with Outbox.open(tmp_path / "outbox.db") as outbox:
        await _all(Forgetting(outbox, lambda: 0, tmp_path).after(Oblivion(path="/code/thing")))
    assert KeptContents.of(ground).names() == set()


async def test_an_absolute_path_is_asked_for_as_this_machines(tmp_path: Path) -> None:
    known = {"/code/thing/deep": WorkingCopyId("a" * 16), "/code/other": WorkingCopyId("b" * 16)}
    async with Outbox.open(tmp_path / "outbox.db") as outbox:
        ours = Forgetting(outbox, lambda: 0, tmp_path / "developer", lambda: known)
        asked = ours.whose(Oblivion(path="/code/thing/"))
        assert asked.copies == ("a" * 16,)
        assert asked.machine == machine_id(tmp_path)
        assert ours.whose(Oblivion(path="thing")) == Oblivion(path="thing")


async def test_refused_records_and_kept_contents_of_other_places_and_times_stay(
    tmp_path: Path,
) -> None:
    ours, theirs = WorkingCopyId("a" * 16), WorkingCopyId("b" * 16)
    known = {"/code/thing": ours, "/code/other": theirs}
    refused = (
        Event(new_event_id(), 10, ours, FileChanged("private/a.txt")),
        Event(new_event_id(), 10, ours, FileChanged("public/a.txt")),
        Event(new_event_id(), 99, ours, FileChanged("private/b.txt")),
        Event(new_event_id(), 10, theirs, FileChanged("private/a.txt")),
        Event(new_event_id(), 10, theirs, _ran("ls").body),
    )
    for copy in (ours, theirs):
        ground = tmp_path / "grounds" / copy
        ground.mkdir(parents=True)
        KeptContents.of(ground).put(content_hash(b"x"), b"x")
    async with Outbox.open(tmp_path / "outbox.db") as outbox:
        await outbox.append([(event, {}) for event in refused])
        for seq in range(1, len(refused) + 1):
            await outbox.refuse(seq, "event", "never")
        await outbox.acknowledge(len(refused))
        ours_only = Forgetting(outbox, lambda: 0, tmp_path, lambda: known)
        done = await _all(ours_only.after(Oblivion(path="/code/thing/private", until_ms=50)))
    assert done[0].sentence == "1 refused records forgotten here"
    left = [bool(KeptContents.of(tmp_path / "grounds" / copy).names()) for copy in (ours, theirs)]
    assert left == [False, True]


def _unsealed(path: Path) -> bytes:
    """Every page as it is under its seal: the file rekeyed to none."""
    import apsw

    db = apsw.Connection(str(path))
    unlock(db, path, sealing_key(path.parent))
    db.pragma("journal_mode", "delete")
    db.pragma("rekey", "")
    db.close()
    return path.read_bytes()


class _Copy:
    """Holds copies of what the Dragon has."""

    async def forget(self) -> str:
        return "7 forgotten in it"


async def test_copies_of_what_the_dragon_has_are_emptied(tmp_path: Path) -> None:
    async with Outbox.open(tmp_path / "outbox.db") as outbox:
        forgetting = Forgetting(outbox, lambda: 0, tmp_path, copied={"mirror": _Copy()})
        steps = await _all(forgetting.after(Oblivion(text=SECRET)))
    assert [(s.step, s.done, s.total) for s in steps][1:] == [("grounds", 2, 3), ("mirror", 3, 3)]
    assert steps[-1].sentence == "7 forgotten in it"
