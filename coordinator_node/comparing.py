"""Whether two engines hold the same: counts and hashes of what outlives a move.

A row counts as plain JSON, its end only as whether it has one: terms differ by the way.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace

from common.errors import Corrupt
from coordinator_node.engine.moving import JobRow, KeyRow, LeaseRow, LogRow, Movable


@dataclass(frozen=True, slots=True)
class Moved:
    """One port's part of a move."""

    port: str
    count: int
    sha256: str


def of_rows(port: str, rows: Iterable[KeyRow | LeaseRow], now_ms: int) -> Moved:
    """All but those that end while they are moved; not when each ends, only whether."""
    return _sum(
        port,
        [
            _bytes(*astuple(replace(row, ends_ms=min(1, row.ends_ms))))
            for row in rows
            if not 0 < row.ends_ms <= now_ms
        ],
    )


def of_jobs(rows: Iterable[JobRow], now_ms: int) -> Moved:
    """Each job; of one that was done only that it was."""
    said: list[bytes] = []
    for row in rows:
        if row.queued.state != "done":
            said.append(_bytes(*astuple(row)))
        elif row.ends_ms > now_ms:
            said.append(_bytes(row.queue, row.queued.job.id, "done", row.token))
    return _sum("queue", said)


async def of_logs(engine: Movable, rows: Iterable[LogRow]) -> Moved:
    """Each log with all its lines."""
    digest, count = hashlib.sha256(), 0
    for row in rows:
        _add(digest, _bytes(*astuple(row)))
        async for line in engine.lines(row):
            _add(digest, _bytes(*astuple(line)))
            count += 1
    return Moved("log", count, digest.hexdigest())


def same(said: Moved, got: Moved) -> Moved:
    """The part that both hold; Corrupt when they do not hold the same."""
    if said != got:
        raise Corrupt(
            f"{said.port} was not moved as it is: {said.count} entries ({said.sha256[:12]}) here,"
            f" {got.count} ({got.sha256[:12]}) there; nothing was switched",
            hint="the state is where it was; try again, and report it when this comes again",
        )
    return said


def _bytes(*fields: object) -> bytes:
    plain = [each.hex() if isinstance(each, bytes) else each for each in _flat(fields)]
    return json.dumps(plain, separators=(",", ":")).encode()


def _flat(fields: Iterable[object]) -> Iterable[object]:
    for each in fields:
        if isinstance(each, tuple | list):
            yield "("
            yield from _flat(each)  # pyright: ignore[reportUnknownArgumentType]
            yield ")"
        else:
            yield each


def _sum(port: str, rows: list[bytes]) -> Moved:
    digest = hashlib.sha256()
    for row in rows:
        _add(digest, row)
    return Moved(port, len(rows), digest.hexdigest())


def _add(digest: hashlib._Hash, row: bytes) -> None:
    digest.update(len(row).to_bytes(8, "big") + row)
