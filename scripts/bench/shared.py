"""What laptops share: bytes of a delta against the whole, and how long three take to agree."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from common.model.ids import NodeId
from common.model.shared import Dot, Name, Vector
from common.shared.merging import written
from common.shared.stamps import Stamps
from common.shared.state import State
from common.shared.vectors import covers
from common.wire.shared import delta_to_bytes
from scripts.bench.report import Figure, median
from tests.support.laptops import SharingLaptop, open_laptop
from tests.support.small_mesh import SmallMesh

ENTRIES, EDITS, HEARD = 10_000, 100, 20
PROJECT = "github.com/ada/thing"
BAR = "15 KB at most"
WORDS = ("cart", "money", "ledger", "order", "user", "session", "cache", "index", "queue", "parser")


def measure(entries: int = ENTRIES, edits: int = EDITS) -> list[Figure]:
    """Three laptops and a Coordinator in one process, over mutual TLS; sealed files on disk."""
    with tempfile.TemporaryDirectory() as directory:
        return asyncio.run(_measure(Path(directory), entries, edits))


async def _measure(root: Path, entries: int, edits: int) -> list[Figure]:
    chance = random.Random(8)
    async with AsyncExitStack() as stack:
        mesh = await stack.enter_async_context(SmallMesh.open(root))
        laptops = [await stack.enter_async_context(open_laptop(mesh, f"l{n}")) for n in range(3)]
        first = laptops[0]
        paths = [_path(chance, n) for n in range(entries)]
        for path in paths:
            await first.replica.put("pin", PROJECT, path, "")
        filled_s = await _agreed(laptops)
        for path in chance.sample(paths, edits):
            await first.replica.put("pin", PROJECT, path, "")
        assert len(first.replica.unsent().entries) == edits
        for laptop in laptops[1:]:
            for path in chance.sample(paths, edits):
                await laptop.replica.put("pin", PROJECT, path, "")
        agreed_s = await _agreed(laptops)
        heard_s = await _heard(laptops[0], laptops[1], paths[:HEARD])
    told, all_of_it = _bytes(chance, entries, edits)
    state = f"{entries:,} entries"
    return [
        Figure(
            f"delta of {edits} edits in {state}",
            _kb(told),
            BAR,
            "packed, as it is sent; values of 32 random digits, random times",
        ),
        Figure(f"the whole of {state}", _kb(all_of_it), f"{all_of_it / told:.0f} x the delta", ""),
        Figure(
            f"3 replicas agree after {edits} edits on each, offline",
            f"{agreed_s:.2f} s",
            "",
            f"{state}, exchanges one after the other, until all vectors are equal",
        ),
        Figure(f"3 replicas agree on {state} of one of them", f"{filled_s:.1f} s", "", "the same"),
        Figure(
            "an edit is known on another laptop",
            f"{median(heard_s) * 1000:.0f} ms",
            "",
            f"median of {len(heard_s)}, both loops running, {state}",
        ),
    ]


def _bytes(chance: random.Random, entries: int, edits: int) -> tuple[int, int]:
    """Of a delta and of all, where nothing but the names can be packed well."""
    state, me, now_ms = State(), NodeId(chance.randbytes(8).hex()), 1_790_000_000_000
    stamps = Stamps()

    def put(name: Name) -> None:
        nonlocal now_ms
        now_ms += chance.randrange(60_000)
        dot = Dot(stamps.next(now_ms), me)
        value = chance.randbytes(16).hex().encode()
        state.put(written(name, dot, value, state.entries.get(name)))

    names = [Name("setting", PROJECT, _path(chance, n)) for n in range(entries)]
    for name in names:
        put(name)
    seen: Vector = dict(state.vector)
    for name in chance.sample(names, edits):
        put(name)
    delta, whole = state.lacking(seen, 1 << 30), state.lacking({}, 1 << 30)
    assert (len(delta.entries), len(whole.entries)) == (edits, entries)
    return len(delta_to_bytes(delta)), len(delta_to_bytes(whole))


async def _agreed(laptops: Sequence[SharingLaptop]) -> float:
    began = time.perf_counter()
    while not all(covers(each.replica.vector, laptops[0].replica.vector) for each in laptops):
        for each in laptops:
            await each.exchange()
    for each in laptops:
        await each.exchange()
    vectors = [dict(each.replica.vector) for each in laptops]
    assert vectors[0] == vectors[1] == vectors[2]
    values = [each.values("pin") for each in laptops]
    assert values[0] == values[1] == values[2]
    return time.perf_counter() - began


async def _heard(one: SharingLaptop, other: SharingLaptop, paths: Sequence[str]) -> list[float]:
    loops = [asyncio.create_task(each.exchanging.run()) for each in (one, other)]
    found: list[float] = []
    for path in paths:
        began = time.perf_counter()
        await one.replica.put("pin", PROJECT, path, "")
        while not covers(other.replica.vector, one.replica.vector):  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        found.append(time.perf_counter() - began)
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)
    return found


def _path(chance: random.Random, n: int) -> str:
    return f"src/{chance.choice(WORDS)}/{chance.choice(WORDS)}_{n}.py"


def _kb(size: int) -> str:
    return f"{size / 1000:.1f} KB"
