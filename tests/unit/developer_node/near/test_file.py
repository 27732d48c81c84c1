"""The mirror's file: it is sealed and bounded, and one that cannot be read is filled anew."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from common.daemon.keys import sealing_key
from common.model.lake import HistoryQuery
from common.sealed_sqlite import FileFormat, make_ready
from developer_node.near import store
from developer_node.near.mirror import Mirror
from developer_node.near.schema import MIRROR
from tests.support.mirrored import all_told, entry, failed, failure, symptom, tell


async def _filled(path: Path, count: int = 30) -> None:
    async with Mirror.open(path) as mirror:
        await tell(mirror, *all_told(*(symptom(n) for n in range(1, count + 1)), entry(1)))


async def test_a_second_start_knows_what_the_first_was_told(tmp_path: Path) -> None:
    path = tmp_path / "near.db"
    async with Mirror.open(path) as mirror:
        await tell(mirror, *all_told(symptom(1), entry(3), cursor=3))
        await mirror.judge("r" * 32, "rejected")
        before = mirror.status()
        asked = await mirror.request()
    async with Mirror.open(path) as again:
        assert replace(again.status(), bytes=0) == replace(before, bytes=0)
        assert await again.request() == asked
        assert await again.recall(last=True) == symptom(1).recollection
        assert again.as_of_ms == before.as_of_ms > 0


async def test_nothing_of_it_lies_plain(tmp_path: Path) -> None:
    path = tmp_path / "near.db"
    await _filled(path)
    word = failure(1).message.split()[1].encode()
    for each in list(tmp_path.glob("near.db*")):  # noqa: ASYNC240 - nothing else runs
        assert word not in each.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600


def _overwritten(path: Path) -> None:
    path.write_bytes(os.urandom(path.stat().st_size))


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _newer(path: Path) -> None:
    path.unlink()
    make_ready(path, sealing_key(path.parent), FileFormat("mirror", MIRROR.version + 1, {}))


def _other_tables(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE symptoms(whatever)")


@pytest.mark.parametrize("torn", [_overwritten, _cut, _newer, _other_tables])
async def test_a_file_that_cannot_be_read_is_set_aside_and_filled_anew(
    torn: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "near.db"
    await _filled(path)
    torn(path)
    async with Mirror.open(path) as mirror:
        found = mirror.status()
        assert (found.symptoms, found.as_of_ms) == (0, 0)
        assert "set aside as near.db.aside" in found.sentence
        assert path.with_name("near.db.aside").exists()
        await tell(mirror, *all_told(symptom(2)))
        assert await mirror.recall(last=True) == symptom(2).recollection
    async with Mirror.open(path) as again:
        assert again.status().symptoms == 1
        assert "aside" not in again.status().sentence


async def test_forgetting_leaves_no_trace_in_any_file(tmp_path: Path) -> None:
    path = tmp_path / "near.db"
    await _filled(path)
    _overwritten(path)
    async with Mirror.open(path) as mirror:
        life, _ = await mirror.request()
        await tell(mirror, *all_told(*(symptom(n) for n in range(1, 31))))
        mirror.seen(failed(5, failure(5)), "shop")
        await mirror.judge("r" * 32, "accepted")
        before = mirror.status().bytes
        await mirror.forget()
        now = mirror.status()
        assert (now.symptoms, now.events, now.verdicts_waiting, now.as_of_ms) == (0, 0, 0, 0)
        assert (await mirror.recall(last=True)).match == "none"
        assert now.bytes < before
        assert not path.with_name("near.db.aside").exists()
        assert not await mirror.take(life, [symptom(1)]), "it was told before"
        assert mirror.status().symptoms == 0


async def test_when_it_is_full_what_was_seen_longest_ago_goes(tmp_path: Path) -> None:
    path = tmp_path / "near.db"
    async with Mirror.open(path, bytes_max=1 << 20) as mirror:
        for number in range(1, 301):
            told = symptom(number)
            (remedy,) = told.recollection.remedies
            noisy = replace(remedy, diff=os.urandom(4_000).hex())
            told = replace(told, recollection=replace(told.recollection, remedies=(noisy,)))
            await tell(mirror, told)
        await tell(mirror, *all_told())
        found = mirror.status()
        assert 0 < found.symptoms < 300
        assert "It is full (1 MiB)" in found.sentence
        newest = await mirror.recall(fingerprint=symptom(300).fingerprint)
        assert newest.match == "same"
        oldest = await mirror.recall(fingerprint=symptom(1).fingerprint)
        assert oldest.match == "none"
        _, request = await mirror.request()
        assert request.since_ms > symptom(1).at_ms
        await tell(mirror, symptom(1))
        assert (await mirror.recall(fingerprint=symptom(1).fingerprint)).match == "none"
    assert path.stat().st_size <= 2 << 20


async def test_only_the_newest_events_are_kept(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "EVENTS_MAX", 5)
    await tell(mirror, *all_told(*(entry(n) for n in range(1, 9)), cursor=8))
    assert mirror.status().events == 5
    assert await mirror.event(entry(3).event.id) is None
    assert await mirror.event(entry(4).event.id) is not None


async def test_whichever_page_is_damaged_nothing_but_what_was_told_is_answered(
    tmp_path: Path,
) -> None:
    path = tmp_path / "near.db"
    told = [symptom(n) for n in range(1, 40)]
    async with Mirror.open(path) as mirror:
        await tell(mirror, *all_told(*told, *(entry(n) for n in range(1, 40)), cursor=40))
    whole = path.read_bytes()
    renewed = 0
    for page in range(4096, len(whole), 4096):
        path.write_bytes(whole[: page + 99] + b"torn" + whole[page + 103 :])
        async with Mirror.open(path) as mirror:
            answers = [await mirror.recall(fingerprint=each.fingerprint) for each in told]
            listed = (await mirror.history(HistoryQuery(limit=100))).entries
            _, request = await mirror.request()
            expected = [each.recollection for each in told]
            assert all(a.match == "none" or a == e for a, e in zip(answers, expected, strict=True))
            assert len(listed) in (0, 39)
            if mirror.status().symptoms == 0:
                renewed += 1
                assert (request.cursor, request.held, mirror.as_of_ms) == (0, (), 0)
                assert "set aside" in mirror.status().sentence
            await tell(mirror, *all_told(*told))
            assert await mirror.recall(last=True) == told[-1].recollection
    assert renewed > 3


async def test_what_is_told_together_goes_in_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "near.db"
    async with Mirror.open(path) as mirror:
        await tell(mirror, *all_told(symptom(1)))
        life, _ = await mirror.request()
        broken = replace(symptom(2), newest=1 << 63)
        with pytest.raises(OverflowError):
            await mirror.take(life, [symptom(3), broken])
        assert mirror.status().symptoms == 1
        assert await mirror.recall(last=True) == symptom(1).recollection
