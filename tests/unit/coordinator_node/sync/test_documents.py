"""What Coordinators keep of shared state: merged once, told to whom it lacks, over real SQLite."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from common.clock import SystemClock
from common.errors import Conflict, Corrupt, Invalid, OverLimit, Unavailable
from common.model.ids import NodeId
from common.model.shared import Delta, Dot, Entry, Name
from common.shared.merging import written
from common.shared.stamps import Stamps
from common.shared.state import TOMBSTONE_MS, State
from common.wire.shared import delta_to_bytes
from coordinator_node.engine.ports import Engine
from coordinator_node.engine.sqlite_engine import open_sqlite
from coordinator_node.sync import kept
from coordinator_node.sync.documents import Documents, Told
from tests.support.small_mesh import ShiftedClock


class Laptop:
    """The least that exchanges."""

    def __init__(self, name: str, clock: SystemClock) -> None:
        self.id = NodeId(name * 16)
        self.state = State()
        self.told: dict[NodeId, int] = {}
        self.clock = clock
        self.stamps = Stamps()

    def put(self, key: str, value: bytes | None, kind: str = "setting") -> Entry:
        name = Name(kind, "p", key)  # pyright: ignore[reportArgumentType]
        dot = Dot(self.stamps.next(self.clock.now_ms()), self.id)
        entry = written(name, dot, value, self.state.entries.get(name))
        self.state.put(entry)
        return entry

    async def exchange(self, documents: Documents) -> Told:
        while True:
            delta = self.state.lacking(self.told, 2_000)
            sent = delta_to_bytes(delta) if delta.entries else b""
            told = await documents.exchange(sent, self.state.vector, self.clock.now_ms())
            self.state.merge(told.delta)
            if told.whole:
                self.state.drop_all_but(told.names, told.vector)
            self.told = dict(told.vector)
            if told.merged and not told.delta.more and not delta.more:
                return told

    def values(self) -> dict[str, bytes | None]:
        return {name.key: entry.holds.value for name, entry in self.state.entries.items()}


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
async def engine(tmp_path: Path, clock: ShiftedClock) -> AsyncGenerator[Engine]:
    async with open_sqlite(tmp_path / "state.db", clock) as engine:
        yield engine


async def test_what_one_laptop_wrote_the_other_hears(engine: Engine, clock: ShiftedClock) -> None:
    documents = Documents(engine, clock)
    a, b = Laptop("a", clock), Laptop("b", clock)
    a.put("k", b"from a")
    b.put("l", b"from b")
    for each in (a, b, a):
        await each.exchange(documents)
    assert a.values() == b.values() == {"k": b"from a", "l": b"from b"}


async def test_a_coordinator_that_starts_again_knows_all(
    engine: Engine, clock: ShiftedClock
) -> None:
    a, b = Laptop("a", clock), Laptop("b", clock)
    a.put("k", b"v")
    await a.exchange(Documents(engine, clock))
    await b.exchange(Documents(engine, clock))
    assert b.values() == {"k": b"v"}


async def test_two_coordinators_that_race_on_one_store_both_succeed(
    engine: Engine, clock: ShiftedClock
) -> None:
    documents = [Documents(engine, clock), Documents(engine, clock)]
    laptops = [Laptop(name, clock) for name in "abcdefgh"]
    for n in range(5):
        for each in laptops:
            each.put(f"{each.id[0]}{n}", b"v")
        await asyncio.gather(*(each.exchange(documents[m % 2]) for m, each in enumerate(laptops)))
    for each in laptops:
        await each.exchange(documents[0])
    await laptops[0].exchange(documents[1])
    expected = {f"{name}{n}" for name in "abcdefgh" for n in range(5)}
    assert all(set(each.values()) == expected for each in laptops)
    lines = await engine.log.read(kept.LOG, 0, 1_000)
    assert len(lines) == 40  # each delta once, none twice


async def test_who_was_overtaken_reads_on_and_appends_again(
    engine: Engine, clock: ShiftedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else what it has checked its delta against is not what the delta comes behind."""
    a, b, other = Laptop("a", clock), Laptop("b", clock), Documents(engine, clock)
    a.put("k", b"v")
    b.put("l", b"v")
    append, tries = engine.log.append, list[int | None]()

    async def overtaken(
        log: str, message_id: str, data: bytes, *, expected_last: int | None = None
    ) -> int:
        tries.append(expected_last)
        if len(tries) == 1:
            await b.exchange(other)  # by this way too: the second try
        return await append(log, message_id, data, expected_last=expected_last)

    monkeypatch.setattr(engine.log, "append", overtaken)
    await a.exchange(Documents(engine, clock))
    assert tries == [0, 0, 1]
    assert a.values() == {"k": b"v", "l": b"v"}


async def test_whoever_is_never_fast_enough_hears_so_at_its_deadline(
    engine: Engine, clock: ShiftedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def always_later(*_: object, **__: object) -> int:
        raise Conflict("the log has grown")

    monkeypatch.setattr(engine.log, "append", always_later)
    a = Laptop("a", clock)
    a.put("k", b"v")
    sent = delta_to_bytes(a.state.lacking({}, 2_000))
    with pytest.raises(Unavailable, match=r"within 0\.2 s"):
        await Documents(engine, clock).exchange(sent, {}, clock.now_ms(), 0.2)


async def test_what_is_sent_twice_is_kept_once(engine: Engine, clock: ShiftedClock) -> None:
    documents, a = Documents(engine, clock), Laptop("a", clock)
    a.put("k", b"v")
    sent = delta_to_bytes(a.state.lacking({}, 2_000))
    for _ in range(3):
        assert (await documents.exchange(sent, {}, clock.now_ms())).merged
    assert await engine.log.last(kept.LOG) == 1


async def test_a_delta_behind_a_gap_is_not_merged_and_the_answer_says_from_where_to_send(
    engine: Engine, clock: ShiftedClock
) -> None:
    documents, a = Documents(engine, clock), Laptop("a", clock)
    a.put("k", b"v")
    seen = dict(a.state.vector)
    a.put("l", b"v")
    late = delta_to_bytes(a.state.lacking(seen, 2_000))
    told = await documents.exchange(late, a.state.vector, clock.now_ms())
    assert (told.merged, dict(told.vector)) == (False, {})
    a.told = seen
    assert (await a.exchange(documents)).vector == a.state.vector


async def test_a_laptop_tells_all_of_it_to_an_engine_that_has_lost_it(
    tmp_path: Path, clock: ShiftedClock
) -> None:
    a, b = Laptop("a", clock), Laptop("b", clock)
    for n in range(60):
        a.put(f"k{n}", b"v" * 50)
    for name in ("first", "second"):
        async with open_sqlite(tmp_path / name, clock) as engine:
            await a.exchange(Documents(engine, clock))
            await b.exchange(Documents(engine, clock))
    assert b.values() == a.values()


async def test_a_clock_an_hour_ahead_is_refused_and_nothing_of_it_is_kept(
    engine: Engine, clock: ShiftedClock
) -> None:
    documents, fast = Documents(engine, clock), ShiftedClock(3_600_000)
    a = Laptop("a", fast)
    a.put("k", b"v")
    with pytest.raises(Conflict, match="ahead of the Coordinator's"):
        await a.exchange(documents)
    sent = delta_to_bytes(a.state.lacking({}, 2_000))
    with pytest.raises(Conflict, match="an edit carries a time"):
        await documents.exchange(sent, {}, clock.now_ms())
    assert await engine.log.last(kept.LOG) == 0


@pytest.mark.parametrize(
    ("kind", "value", "refusal"), [("text", b"no note", Corrupt), ("setting", b"\xff", Invalid)]
)
async def test_what_another_laptop_could_not_read_is_refused(
    engine: Engine, clock: ShiftedClock, kind: str, value: bytes, refusal: type[Exception]
) -> None:
    a = Laptop("a", clock)
    a.put("k", value, kind)
    with pytest.raises(refusal):
        await a.exchange(Documents(engine, clock))
    assert await engine.log.last(kept.LOG) == 0


async def test_a_picture_takes_the_place_of_lines_and_others_read_on_from_it(
    engine: Engine, clock: ShiftedClock
) -> None:
    busy, idle = Documents(engine, clock, lines_max=30), Documents(engine, clock)
    a, b = Laptop("a", clock), Laptop("b", clock)
    await b.exchange(idle)
    for n in range(kept.TAIL_LINES + 70):
        a.put(f"k{n % 40}", str(n).encode())
        await a.exchange(busy)
    first = (await engine.log.read(kept.LOG, 0, 1))[0]
    assert first.seq > 1
    await b.exchange(idle)
    assert b.values() == a.values()
    assert len(await engine.kv.entries(kept.PARTS)) == 1
    fresh = Laptop("c", clock)
    await fresh.exchange(Documents(engine, clock))
    assert fresh.values() == a.values()


async def test_a_picture_that_cannot_be_kept_costs_no_exchange(
    engine: Engine, clock: ShiftedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object, **__: object) -> int:
        raise OverLimit("the disk is full")

    documents, a = Documents(engine, clock, lines_max=1), Laptop("a", clock)
    a.put("k", b"v")
    with monkeypatch.context() as patched:
        patched.setattr(engine.kv, "put", full)
        assert (await a.exchange(documents)).merged
    assert await engine.kv.get(kept.HEAD) is None
    a.put("l", b"v")
    await a.exchange(documents)
    assert await engine.kv.get(kept.HEAD) is not None


async def test_who_slept_through_a_forgotten_removal_is_told(
    engine: Engine, clock: ShiftedClock
) -> None:
    documents = Documents(engine, clock, lines_max=1)
    a, sleeper = Laptop("a", clock), Laptop("b", clock)
    a.put("k", b"v")
    a.put("kept", b"v")
    await a.exchange(documents)
    await sleeper.exchange(documents)
    a.put("k", None)
    await a.exchange(documents)
    clock.shift_ms = TOMBSTONE_MS + 60_000
    a.put("other", b"v")
    await a.exchange(documents)
    told = await sleeper.exchange(Documents(engine, clock))
    assert told.whole
    assert set(sleeper.values()) == {"kept", "other"}


async def test_a_watcher_hears_of_what_another_coordinator_merged(
    engine: Engine, clock: ShiftedClock
) -> None:
    watching, merging = Documents(engine, clock), Documents(engine, clock)
    hints = watching.watch()
    assert await anext(hints) == 0
    a = Laptop("a", clock)
    a.put("k", b"v")
    await a.exchange(merging)
    async with asyncio.timeout(60):
        assert await anext(hints) == 1
    await hints.aclose()


async def test_an_empty_exchange_writes_nothing(engine: Engine, clock: ShiftedClock) -> None:
    told = await Documents(engine, clock).exchange(b"", {}, clock.now_ms())
    assert told.delta == Delta((), {}, {})
    assert await engine.log.last(kept.LOG) == 0


async def test_so_many_entries_are_kept_and_no_more(
    engine: Engine, clock: ShiftedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coordinator_node.sync.documents.ENTRIES_MAX", 2)
    documents, a = Documents(engine, clock), Laptop("a", clock)
    a.put("k", b"1")
    a.put("l", b"2")
    await a.exchange(documents)
    a.put("k", b"another value of one that is there")
    await a.exchange(documents)
    a.put("m", b"3")
    with pytest.raises(OverLimit):
        await a.exchange(documents)
