"""Projects sleep on the SSD and wake on touch; nothing is lost, and what is not asked is said."""

from __future__ import annotations

import asyncio
import random
import threading
from contextlib import aclosing, suppress
from pathlib import Path

import pytest

from common.errors import Conflict, OverLimit
from common.model.lake import HistoryQuery, SearchQuery
from dragon_node.lake import residency
from dragon_node.lake.recovery.shelf import Shelf, Shelved
from dragon_node.lake.shards import Shard
from tests.support.lake import Laptop, event, opened, plain, ran
from tests.support.residency import (
    adds_up,
    copy_of,
    event_ids,
    has,
    hash_of,
    kept,
    make_project,
    name_of,
    states,
    text_of,
)


@pytest.fixture(autouse=True)
def no_room_to_wake(monkeypatch: pytest.MonkeyPatch) -> None:
    """A question about everything wakes nobody, but where a test says so."""
    monkeypatch.setattr(residency, "WAKE_BELOW", 0.0)


def _files(directory: Path) -> set[str]:
    return {path.name for path in (directory / "not-ram" / "projects").iterdir()}


async def test_a_project_sleeps_without_a_trace_in_memory_and_wakes_by_name(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        for number in (1, 2):
            await make_project(laptop, number)
        assert await lake.by_words("only_in_1", 5)
        before = await event_ids(lake, "thing1")
        asleep = await lake.sleep("thing1")
        assert (asleep.state, asleep.bytes > 0) == ("asleep", True)
        assert asleep.id not in {name.partition(".")[0] for name in _files(tmp_path)}
        assert not (tmp_path / "not-ram" / "words" / asleep.id).exists()
        assert await states(lake) == {"thing1": "asleep", "thing2": "awake"}
        assert await has(lake, 1)
        assert await event_ids(lake, "thing1") == before
        assert await states(lake) == {"thing1": "awake", "thing2": "awake"}
        assert [s.ref.project for s in await lake.by_words("only_in_1_0", 1)] == [asleep.id]


async def test_a_question_over_all_wakes_those_that_there_is_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(residency, "WAKE_BELOW", 0.7)
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        for number in (1, 2):
            await make_project(laptop, number)
        await lake.sleep("thing1")
        assert (await lake.stats()).freshness.asleep == ("thing1",), "a look at it wakes nobody"
        found = await lake.literal(SearchQuery("only_in_", mode="literal"))
        assert (len(found.hits), found.complete, found.freshness.asleep) == (2, True, ())
        assert await states(lake) == {"thing1": "awake", "thing2": "awake"}


async def test_a_question_over_all_says_who_was_not_asked(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        for number in (1, 2):
            await make_project(laptop, number)
        q = SearchQuery("only_in_", mode="literal")
        assert (await lake.literal(q)).complete
        await lake.sleep("thing1")
        for found in (await lake.literal(q), await lake.regex(SearchQuery("only_in_", "regex"))):
            assert (len(found.hits), found.complete) == (1, False)
            assert found.freshness.asleep == ("thing1",)
        assert (await lake.history(HistoryQuery())).freshness.asleep == ("thing1",)
        assert (await lake.stats()).freshness.asleep == ("thing1",)
        assert await states(lake) == {"thing1": "asleep", "thing2": "awake"}, "nobody was named"
        named = await lake.literal(SearchQuery("only_in_2", "literal", project="thing2"))
        assert (named.complete, named.freshness.asleep) == (True, ())


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (2, 3, 1), (3, 2, 1)])
async def test_who_was_used_last_is_known_after_a_restart(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        for number in (1, 2, 3):
            await make_project(laptop, number)
        for number in order:
            await laptop.send(event(ran("make"), copy_of(number), at_ms=5_000 + number))
    async with opened(tmp_path) as lake:
        names = {p.id: p for p in await kept(lake)}
        cold = [names[project].name for project in lake._residency._cold(())]
        assert cold == [f"thing{number}" for number in order]
        assert {p.name: p.used_ms for p in names.values()}["thing2"] == 5_002


async def test_an_event_wakes_its_project(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        for number in (1, 2):
            await make_project(laptop, number)
        await lake.sleep("thing1")
        await laptop.send(event(ran("pytest"), copy_of(1)))
        assert await states(lake) == {"thing1": "awake", "thing2": "awake"}
        assert len(await event_ids(lake, "thing1")) == 3
        assert await has(lake, 1)


async def test_an_event_is_found_by_identity_and_content_by_hash_in_who_sleeps(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await make_project(laptop, 1)
        (newest, *_) = await event_ids(lake)
        await lake.sleep("thing1")
        assert (await lake.event(newest))[1] == "thing1"  # type: ignore[arg-type]
        await lake.sleep("thing1")
        assert await lake.blob(hash_of(text_of(1) + "# 0\n")) == (text_of(1) + "# 0\n").encode()


@pytest.mark.parametrize("lost", [False, True], ids=["disk kept", "disk lost"])
async def test_who_sleeps_does_so_over_a_restart(tmp_path: Path, lost: bool) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        for number in (1, 2, 3):
            await make_project(laptop, number)
        await lake.sleep("thing1")
        await lake.sleep("thing2")
    if lost:
        plain(tmp_path).detach()
    async with opened(tmp_path) as lake:
        laptop.lake = lake
        assert await states(lake) == {"thing1": "asleep", "thing2": "asleep", "thing3": "awake"}
        await laptop.send(event(ran("make"), copy_of(2)))
        assert [await has(lake, number) for number in (1, 2, 3)] == [True] * 3
        assert len(await event_ids(lake, "thing2")) == 3


async def test_a_damaged_copy_of_who_sleeps_is_rebuilt_from_the_journal(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await make_project(laptop, 1)
        await lake.sleep("thing1")
        (copy,) = (path for path in (tmp_path / "shelf").iterdir())
        raw = bytearray(copy.read_bytes())
        raw[len(raw) // 2] ^= 0xFF
        copy.write_bytes(raw)
        assert await has(lake, 1)


async def test_a_damaged_file_is_named_when_it_is_discarded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as lake:
        await make_project(Laptop(lake), 1)
    (project,) = (tmp_path / "not-ram" / "projects").glob("*.db")
    project.write_bytes(b"this is not SQLite" * 1_000)
    async with opened(tmp_path) as lake:
        assert await has(lake, 1)
    assert any(str(project) in r.getMessage() and "discarded" in r.getMessage()
               for r in caplog.records)  # fmt: skip


async def test_pinned_projects_stay_and_pins_outlive_a_lost_disk(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        await make_project(Laptop(lake), 1)
        assert (await lake.pin("thing1", pinned=True)).pinned
    plain(tmp_path).detach()
    async with opened(tmp_path) as lake:
        assert [p.pinned for p in await kept(lake)] == [True]
        with pytest.raises(Conflict, match="pinned"):
            await lake.sleep("thing1")
        assert not (await lake.pin("thing1", pinned=False)).pinned
        assert (await lake.sleep("thing1")).state == "asleep"


async def test_who_is_being_read_does_not_go_to_sleep(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        await make_project(Laptop(lake), 1)
        ((_, shard),) = await lake._projects.matching("thing1")  # pyright: ignore[reportPrivateUsage]
        started, go_on = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def read(db: object) -> str:
            loop.call_soon_threadsafe(started.set)
            go_on.wait(30)
            return "read"

        reading = asyncio.create_task(shard.database.read(read))
        await started.wait()
        try:
            with pytest.raises(Conflict, match="in use"):
                await lake.sleep("thing1")
        finally:
            go_on.set()
        assert await reading == "read"
        assert (await lake.sleep("thing1")).state == "asleep"
        assert (
            await shard.database.read(lambda db: db.execute("SELECT count(*) FROM docs").get) == 1
        )


async def test_a_write_while_the_copy_was_made_keeps_it_awake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy would lack it."""
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await make_project(laptop, 1)
        put, tries = Shelf.put, 0

        async def put_and_write(self: Shelf, name: str, shard: Shard) -> Shelved:
            nonlocal tries
            tries += 1
            shelved = await put(self, name, shard)
            await laptop.send(event(ran("between"), copy_of(1)))
            return shelved

        monkeypatch.setattr(Shelf, "put", put_and_write)
        with pytest.raises(Conflict, match="in use"):
            await lake.sleep("thing1")
        assert len(await event_ids(lake, "thing1")) == 2 + tries


async def test_the_longest_unused_sleep_first_and_pinned_never(tmp_path: Path) -> None:
    budget = 6 << 20
    async with opened(tmp_path, budget_bytes=budget) as lake:
        laptop = Laptop(lake)
        await make_project(laptop, 0)
        await lake.pin("thing0", pinned=True)
        number, slept = 0, set[str]()
        while len(slept) < 4:
            number += 1
            await make_project(laptop, number, files=4)
            assert await has(lake, 1), "who is asked for all the time"
            stats = await lake.stats()
            assert adds_up(stats) and stats.bytes <= budget
            asleep = {name for name, state in (await states(lake)).items() if state == "asleep"}
            assert slept <= asleep, "nobody else was touched"
            order = sorted(asleep, key=lambda name: int(name[5:]))
            assert order == [name_of(n) for n in range(2, 2 + len(order))]
            slept = asleep
        assert [await has(lake, n) for n in range(number + 1)] == [True] * (number + 1)
        assert (await states(lake))["thing0"] == "awake"


async def test_what_is_derived_goes_before_any_project_sleeps(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        names: dict[str, str] = {}
        for number in (1, 2, 3):
            await make_project(laptop, number)
        for number in (1, 2, 3):
            assert await lake.by_words(f"only_in_{number}_0", 5, name_of(number))
        names = {p.id: p.name for p in await kept(lake)}
        steps: list[tuple[list[str], list[str]]] = []

        async def enough() -> bool:
            indexed = sorted(names[p.name] for p in (tmp_path / "not-ram" / "words").iterdir())
            awake = sorted(name for name, state in (await states(lake)).items() if state == "awake")
            steps.append((indexed, awake))
            return len(steps) == 3

        evict = lake._accountant.evict  # pyright: ignore[reportPrivateUsage]
        assert evict is not None
        await evict(enough, {p for p, name in names.items() if name == "thing3"})  # type: ignore[misc]
        assert steps == [
            (["thing2", "thing3"], ["thing1", "thing2", "thing3"]),
            (["thing3"], ["thing1", "thing2", "thing3"]),
            (["thing3"], ["thing2", "thing3"]),
        ]
        (found,) = await lake.chunks(
            [s.ref for s in await lake.by_words("only_in_2_0", 1, "thing2")]
        )
        assert found.project == "thing2", "an index that was dropped is made anew, not empty"


async def test_a_feed_that_is_larger_than_the_budget_stays_inside_it(tmp_path: Path) -> None:
    """20 MB into 4 MB: projects sleep; and when nothing can sleep any more it refuses."""
    budget, dice = 4 << 20, random.Random(1)
    async with opened(tmp_path, budget_bytes=budget) as lake:
        laptop = Laptop(lake)
        sent, number, most = 0, 0, 0
        while sent < 20 << 20:
            number += 1
            await make_project(laptop, number)
            output = dice.randbytes(200_000).hex()
            await laptop.send(event(ran("make", output), copy_of(number)))
            sent += len(output)
            stats = await lake.stats()
            most = max(most, stats.bytes)
            assert adds_up(stats) and stats.bytes <= budget
        assert most > budget // 2
        assert list((await states(lake)).values()).count("asleep") > number // 2
        for each in (1, number // 2, number):
            assert await has(lake, each)
            assert len(await event_ids(lake, name_of(each))) == 3
        with pytest.raises(OverLimit, match=r"[\d,]+ of 4,194,304 bytes and [\d,]+ more"):
            for _ in range(100):
                await laptop.send(event(ran("make", dice.randbytes(200_000).hex()), copy_of(1)))
        stats = await lake.stats()
        assert adds_up(stats) and stats.bytes <= budget


async def test_everything_at_once_loses_nothing_and_never_stands_still(tmp_path: Path) -> None:
    """Asked for, told, put to sleep, snapshotted and restored, in less room than all need."""
    projects, rounds, dice = 8, 12, random.Random(3)
    told = dict.fromkeys(range(1, projects + 1), 2)
    async with opened(tmp_path, budget_bytes=3 << 20) as lake:
        laptop = Laptop(lake)
        for number in told:
            await make_project(laptop, number)

        async def ask() -> None:
            for _ in range(rounds):
                number = dice.randint(1, projects)
                assert await has(lake, number)
                async with asyncio.timeout(60):  # words follow a restore, and say how far behind
                    word = f"only_in_{number}_0"
                    while not await lake.by_words(word, 3, name_of(number)):  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
                await lake.by_words("only", 3)

        async def tell() -> None:
            for _ in range(rounds):
                number = dice.randint(1, projects)
                await laptop.send(event(ran("make"), copy_of(number)))
                told[number] += 1

        async def lie_down() -> None:
            for _ in range(rounds):
                with suppress(Conflict):
                    await lake.sleep(name_of(dice.randint(1, projects)))

        async def keep_safe() -> None:
            for work in (lake.snapshot(), lake.restore(0), lake.snapshot()):
                async with aclosing(work) as steps:
                    async for _ in steps:
                        pass

        async with asyncio.TaskGroup() as group:
            for work in (ask, ask, tell, lie_down, keep_safe):
                group.create_task(work())
        for number, events in told.items():
            assert len(await event_ids(lake, name_of(number))) == events
