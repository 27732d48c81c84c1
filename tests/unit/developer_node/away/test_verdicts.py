"""Verdicts that wait: on disk before they are acknowledged, told in order until they are heard."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest

from common.clock import SystemClock
from common.daemon.keys import SealingKey, sealing_key
from common.errors import Corrupt, Denied, Missing, OverLimit, PostDevAIError, Unavailable
from common.model.failure import Verdict
from developer_node.away import verdicts as room
from developer_node.away.verdicts import Verdicts


class Dragon:
    """Hears verdicts, once it is there."""

    def __init__(self) -> None:
        self.there = True
        self.unknown: set[str] = set()
        self.refuses: dict[str, PostDevAIError] = {}
        self.heard: list[tuple[str, Verdict]] = []
        self.heard_one = asyncio.Event()

    async def tell(self, remedy_id: str, verdict: Verdict) -> None:
        if not self.there:
            raise Unavailable("nobody answers at that address")
        if remedy_id in self.unknown:
            raise Missing(f"no remedy {remedy_id} is remembered")
        if remedy_id in self.refuses:
            raise self.refuses[remedy_id]
        self.heard.append((remedy_id, verdict))
        self.heard_one.set()


@pytest.fixture
def key(tmp_path: Path) -> SealingKey:
    return sealing_key(tmp_path)


def opened(tmp_path: Path, key: SealingKey) -> Verdicts:
    return Verdicts(tmp_path / "verdicts", key, SystemClock())


async def test_a_verdict_outlives_the_daemon_and_is_told_once_in_order(
    tmp_path: Path, key: SealingKey
) -> None:
    first = opened(tmp_path, key)
    await first.keep("r1", "accepted")
    await first.keep("r2", "rejected")
    await first.keep("r1", "rejected")
    second, dragon = opened(tmp_path, key), Dragon()
    await second.tell_all(dragon.tell)
    assert dragon.heard == [("r1", "accepted"), ("r2", "rejected"), ("r1", "rejected")]
    third = opened(tmp_path, key)
    assert third.waiting == ()
    await third.tell_all(dragon.tell)
    assert len(dragon.heard) == 3


async def test_what_is_not_heard_waits_on(tmp_path: Path, key: SealingKey) -> None:
    verdicts, dragon = opened(tmp_path, key), Dragon()
    await verdicts.keep("r1", "accepted")
    dragon.there = False
    with pytest.raises(Unavailable):
        await verdicts.tell_all(dragon.tell)
    assert [w.remedy_id for w in opened(tmp_path, key).waiting] == ["r1"]


async def test_one_that_is_refused_for_good_keeps_nobody_from_being_heard(
    tmp_path: Path, key: SealingKey
) -> None:
    verdicts, dragon = opened(tmp_path, key), Dragon()
    dragon.unknown = {"forgotten"}
    await verdicts.keep("forgotten", "accepted")
    await verdicts.keep("r2", "accepted")
    await verdicts.tell_all(dragon.tell)
    assert dragon.heard == [("r2", "accepted")]
    assert verdicts.waiting == ()


async def test_they_are_told_when_the_dragon_is_back(tmp_path: Path, key: SealingKey) -> None:
    verdicts, dragon, back = opened(tmp_path, key), Dragon(), asyncio.Event()
    dragon.there = False
    telling = asyncio.create_task(verdicts.run(dragon.tell, back))
    try:
        await verdicts.keep("r1", "accepted")
        dragon.there = True
        back.set()
        async with asyncio.timeout(30):
            await dragon.heard_one.wait()
    finally:
        telling.cancel()
    assert dragon.heard == [("r1", "accepted")]


async def test_the_file_says_nothing_in_clear_and_a_torn_one_is_set_aside(
    tmp_path: Path, key: SealingKey
) -> None:
    verdicts = opened(tmp_path, key)
    await verdicts.keep("remedy-in-clear", "accepted")
    file = tmp_path / "verdicts"
    assert b"remedy-in-clear" not in file.read_bytes()
    file.write_bytes(file.read_bytes()[:-1])
    again = opened(tmp_path, key)
    assert again.waiting == ()
    assert "cannot be read" in again.sentence
    assert (tmp_path / "verdicts.unreadable").exists()


async def test_no_more_wait_than_is_said(
    tmp_path: Path, key: SealingKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "VERDICTS_MAX", 2)
    verdicts = opened(tmp_path, key)
    await verdicts.keep("r1", "accepted")
    await verdicts.keep("r2", "accepted")
    with pytest.raises(OverLimit):
        await verdicts.keep("r3", "accepted")


async def test_a_disk_that_takes_no_more_is_said_and_ends_nothing(
    tmp_path: Path, key: SealingKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verdict that was told and could not leave its file is told again: at least once."""
    verdicts, dragon, back = opened(tmp_path, key), Dragon(), asyncio.Event()
    await verdicts.keep("r1", "accepted")
    await verdicts.keep("r2", "accepted")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "replace", full)
        with pytest.raises(Unavailable, match="No space left"):
            await verdicts.keep("r3", "accepted")
        telling = asyncio.create_task(verdicts.run(dragon.tell, back))
        async with asyncio.timeout(30):
            while len(dragon.heard) < 2:
                back.set()
                await asyncio.sleep(0.01)
    try:
        async with asyncio.timeout(30):
            while verdicts.waiting:
                assert not telling.done()
                back.set()
                await asyncio.sleep(0.01)
    finally:
        telling.cancel()
    assert dragon.heard[:2] == [("r1", "accepted")] * 2
    assert dragon.heard[-1] == ("r2", "accepted")
    assert opened(tmp_path, key).waiting == ()


@pytest.mark.parametrize("error", [Denied, OverLimit, Corrupt])
async def test_one_that_is_not_taken_now_waits_and_keeps_no_other_remedy_from_being_heard(
    tmp_path: Path, key: SealingKey, error: type[PostDevAIError]
) -> None:
    verdicts, dragon = opened(tmp_path, key), Dragon()
    for remedy_id in ("r1", "r2", "r1"):
        await verdicts.keep(remedy_id, "accepted")
    dragon.refuses = {"r1": error("not from here")}
    with pytest.raises(error):
        await verdicts.tell_all(dragon.tell)
    assert dragon.heard == [("r2", "accepted")]
    assert [w.remedy_id for w in verdicts.waiting] == ["r1", "r1"]
    assert (
        verdicts.sentence == "2 verdicts wait: the Dragon takes none of them now (not from here)."
    )
    dragon.refuses = {}
    await verdicts.tell_all(dragon.tell)
    assert [remedy_id for remedy_id, _ in dragon.heard] == ["r2", "r1", "r1"]
    assert verdicts.sentence == ""


async def test_what_waits_is_listed_among_what_is_kept(tmp_path: Path, key: SealingKey) -> None:
    verdicts = opened(tmp_path, key)
    assert (verdicts.kept().items, verdicts.kept().bytes) == (0, 0)
    await verdicts.keep("r1", "accepted")
    kept = verdicts.kept()
    assert (kept.items, kept.bytes) == (1, (tmp_path / "verdicts").stat().st_size)
    assert kept.where == str(tmp_path / "verdicts")
    assert kept.oldest_ms == verdicts.waiting[0].at_ms
