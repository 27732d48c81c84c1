"""`python scripts/golden.py`: is today's format what tests/golden says it is?

Makes a small home with today's code and compares it with the newest one that is kept: the tables
of each file, its format, and what was acknowledged. A table that has changed under the same format
number is an error: it takes a new number, a migration and a home of its own, which
`python scripts/golden.py --keep` makes when there is none.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from common.daemon.keys import SealingKey, sealing_key  # noqa: E402
from common.model.event import (  # noqa: E402
    Body,
    CommandFinished,
    Commit,
    Event,
    FileChanged,
    GitOperation,
    Ground,
    Output,
    PathChange,
    WorkingCopySeen,
)
from common.model.failure import Failure, Frame  # noqa: E402
from common.model.ids import (  # noqa: E402
    EventId,
    Fingerprint,
    NodeId,
    Origin,
    WorkingCopyId,
    content_hash,
)
from common.sealed_sqlite import FileFormat  # noqa: E402
from common.wire.stored import event_to_bytes  # noqa: E402
from developer_node.front.shell.last_ground import last_ground  # noqa: E402
from developer_node.outbox.formats import OUTBOX  # noqa: E402
from developer_node.outbox.outbox import Entry, Outbox  # noqa: E402
from developer_node.text import spool  # noqa: E402
from dragon_node.failures.memory import FailureMemory  # noqa: E402
from dragon_node.ingest.chunking import chunk  # noqa: E402
from dragon_node.lake.database import Owned  # noqa: E402
from dragon_node.lake.formats import EMBEDDINGS, JOURNAL  # noqa: E402
from dragon_node.lake.lake import Lake  # noqa: E402
from dragon_node.lake.ramdisk import PlainDirectory  # noqa: E402
from dragon_node.lake.records import Note  # noqa: E402

HOME_FORMAT = 2
"""One more whenever a file on a disk gets a new format."""
GOLDEN = ROOT / "tests" / "golden"
FILES: dict[str, FileFormat] = {
    "dragon/journal.db": JOURNAL,
    "dragon/embeddings.db": EMBEDDINGS,
    "developer/outbox.db": OUTBOX,
}
NEEDLE = "golden needle"
TEXTS = [f"def f{i}():\n    return '{NEEDLE} {i}'\n" for i in range(12)]
BLOBS = {content_hash(text.encode()): text.encode() for text in TEXTS}
COPY, ORIGIN, NODE = WorkingCopyId("2" * 16), Origin("a" * 32), NodeId("1" * 16)
BYTES = 64 << 20


class Clock:
    """Stands still."""

    def now_ms(self) -> int:
        """The same always."""
        return 1_700_000_000_000

    def monotonic(self) -> float:
        """The same always."""
        return 0.0


def main(arguments: list[str]) -> int:
    """0 when today's home is as the one that is kept; with --keep one is made first."""
    kept = GOLDEN / str(HOME_FORMAT)
    if arguments == ["--keep"] and not kept.exists():
        kept.mkdir(parents=True)
        said = asyncio.run(make(kept))
        (kept / "expected.json").write_text(json.dumps(said, indent=1) + "\n")
        print(f"made {kept}")
    with TemporaryDirectory() as directory:
        today = asyncio.run(make(Path(directory)))
    wrong = differences(json.loads((kept / "expected.json").read_text()), today)
    for line in wrong:
        print(f"{kept}: {line}", file=sys.stderr)
    print("differs" if wrong else f"format {HOME_FORMAT} is what it was")
    return 1 if wrong else 0


def differences(kept: dict[str, Any], today: dict[str, Any]) -> list[str]:
    """Where the two differ; the journal's id and the outbox's origin are drawn at making."""
    for said in (kept, today):
        said["id"] = said["outbox"]["origin"] = ""
    return [
        f"{name} was {kept.get(name)} and is {today.get(name)}"
        for name in sorted(kept.keys() | today.keys())
        if kept.get(name) != today.get(name)
    ]


async def make(to: Path) -> dict[str, Any]:
    """A home in `to`/home as a kill leaves it, with its WAL; what was acknowledged in it."""
    with TemporaryDirectory() as directory:
        made, ram = Path(directory) / "home", Path(directory) / "ram"
        for path in (made / "dragon", made / "developer", ram):
            path.mkdir(parents=True, mode=0o700)
        outbox = await _record(made, ram, to / "home")
    for left in (to / "home").rglob("*-shm"):
        left.unlink()
    with TemporaryDirectory() as directory:
        work = Path(directory) / "home"
        shutil.copytree(to / "home", work)
        return _said(work, outbox)


async def _record(made: Path, ram: Path, to: Path) -> dict[str, Any]:
    disk = PlainDirectory(ram)
    disk.allocate(BYTES)
    async with (
        Lake.open(
            directory=made / "dragon",
            ram=disk,
            budget_bytes=BYTES,
            appliers=[FailureMemory()],
            chunker=chunk,
            clock=Clock(),
        ) as lake,
        Outbox.open(made / "developer" / "outbox.db") as outbox,
    ):
        await _tell(lake)
        await _queue(outbox)
        _wait(made / "developer")
        position = await outbox.position()
        shutil.copytree(made, to)
    return {
        "origin": position.origin,
        "first_held": position.first_held,
        "last": position.last,
        "sent": position.sent,
    }


async def _tell(lake: Lake) -> None:
    records = [(n, event_to_bytes(each)) for n, each in enumerate(_events(), start=1)]
    await lake.open_origin(ORIGIN, NODE, 1, len(records))
    await lake.accept(ORIGIN, NODE, records, BLOBS)
    await lake.accept(ORIGIN, NODE, [(len(records) + 1, b"\xff no event")], {})
    await lake.note(Note("feedback", {"event": f"{40:032x}", "verdict": "accepted"}))
    vectors = np.eye(384, dtype=np.float32)
    bare = sorted(content for content, _ in await lake.unembedded("golden", 100))
    await lake.put_vectors("golden", [(each, vectors[i]) for i, each in enumerate(bare)])


async def _queue(outbox: Outbox) -> None:
    events = list(_events())
    entries: list[Entry] = [(events[0], {})]
    for each in events[1:13]:
        if isinstance(each.body, FileChanged):
            entries.append((each, {each.body.content: BLOBS[each.body.content]}))
    await outbox.append(entries, {"reflog:x": "7"})
    await outbox.append([(events[13], BLOBS), (events[14], {})])
    await outbox.will_send(4)
    await outbox.acknowledge(3)
    await outbox.refuse(4, "record.event", "it is refused")


def _wait(laptop: Path) -> None:
    event = list(_events())[13]
    spool.write(laptop / "spool", event, {name: BLOBS[name] for name in list(BLOBS)[:2]})
    ground = laptop / "grounds" / COPY
    ground.mkdir(parents=True)
    some = dict(list(BLOBS.items())[:3])
    with last_ground(ground) as last:
        last.replace("b" * 40, {name[:40]: name for name in some}, some)


def _events() -> Iterator[Event]:
    yield _event(1, WorkingCopySeen("/home/ada/thing", "laptop", ("github.com/ada/thing",), ("r",)))
    for i, (name, raw) in enumerate(BLOBS.items()):
        yield _event(10 + i, FileChanged(f"src/f{i}.py", content=name, size=len(raw)))
    failure = Failure(
        tool="pytest",
        code="KeyError",
        kind="test",
        message=f"{NEEDLE} message",
        normalised="<value>",
        test="t.py::test",
        frames=(Frame("src/f1.py", "f1", 1, True),),
        fingerprint=Fingerprint("f1"),
    )
    first, second, third = list(BLOBS)[:3]
    ground = Ground(head="a" * 40, tree="b" * 40, packages=first)
    output = Output(f"E {NEEDLE} output", 20, 0)
    yield _event(
        40, CommandFinished("pytest", "/home/ada/thing", (1,), 10, output, ground, (failure,))
    )
    change = PathChange("src/f1.py", "1" * 40, "2" * 40, second, third)
    commit = Commit("c" * 40, (), 1, f"{NEEDLE} subject", (change,), f"+{NEEDLE} patch")
    yield _event(41, GitOperation("commit", new="c" * 40, commits=(commit,)))


def _event(number: int, body: Body) -> Event:
    return Event(EventId(f"{number:032x}"), 1_700_000_000_000 + number, COPY, body)


def _said(home: Path, outbox: dict[str, Any]) -> dict[str, Any]:
    for path in home.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    keys = {name: sealing_key(home / name) for name in ("dragon", "developer")}
    rows = _Rows(home, keys)
    records = rows.of(
        "dragon/journal.db",
        "SELECT lsn, origin, seq, kind, node, project, project_name, at_ms, body FROM records"
        " ORDER BY lsn",
    )
    vectors = rows.of(
        "dragon/embeddings.db", "SELECT embedder, hash, vector FROM embeddings ORDER BY hash"
    )
    waiting = rows.of("developer/outbox.db", "SELECT seq, body FROM records ORDER BY seq")
    return {
        "formats": {name: _format(home, name, keys) for name in FILES},
        "spool_magic": next((home / "developer/spool").iterdir()).read_bytes()[:8].decode(),
        "id": rows.of("dragon/journal.db", "SELECT value FROM meta WHERE name='id'")[0][0],
        "records": [[*row[:8], _digest(row[8])] for row in records],
        "blobs": [
            row[0].hex()
            for row in rows.of("dragon/journal.db", "SELECT hash FROM blobs ORDER BY hash")
        ],
        "vectors": [[row[0], row[1].hex(), _digest(row[2])] for row in vectors],
        "outbox": {
            **outbox,
            "records": [[row[0], _digest(row[1])] for row in waiting],
            "blobs": [
                row[0]
                for row in rows.of("developer/outbox.db", "SELECT hash FROM blobs ORDER BY hash")
            ],
            "refused": rows.of("developer/outbox.db", "SELECT seq, field, reason FROM refused"),
            "marks": rows.of("developer/outbox.db", "SELECT key, value FROM marks"),
        },
        "spool": {"event": f"{40:032x}", "blobs": list(BLOBS)[:2]},
        "ground": {name[:40]: name for name in list(BLOBS)[:3]},
    }


def _format(home: Path, name: str, keys: dict[str, SealingKey]) -> dict[str, Any]:
    owned = Owned(home / name, synchronous="OFF", key=keys[name.partition("/")[0]])
    found = owned.connection.pragma("user_version")
    tables = owned.connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"
    )
    said = {"version": found, "tables": {each: " ".join(sql.split()) for each, sql in tables}}
    owned.close()
    if found != FILES[name].version:
        raise AssertionError(f"{name} says format {found}, and {FILES[name].version} is written")
    return said


class _Rows:
    """Reads a home's files."""

    def __init__(self, home: Path, keys: dict[str, SealingKey]) -> None:
        self._home = home
        self._keys = keys

    def of(self, name: str, sql: str) -> list[list[Any]]:
        """Every row."""
        key = self._keys[name.partition("/")[0]]
        owned = Owned(self._home / name, synchronous="OFF", key=key)
        found = [list(row) for row in owned.connection.execute(sql)]
        owned.close()
        return found


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
