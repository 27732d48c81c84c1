"""A secret planted wherever a laptop can bring it, and a search that is not the lake's own."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import apsw
import zstandard

from common.daemon.keys import SealingKey
from common.model.event import CommandFinished, Commit, Event, GitOperation, Ground, PathChange
from common.model.failure import Failure, Frame
from common.model.ids import ContentHash, Fingerprint, content_hash
from common.model.lake import LakeStep, Oblivion
from common.sealed_sqlite import unlock
from dragon_node.lake.lake import Lake
from tests.support.lake import Laptop, contents, event, ran, saved, seen

SECRET = "sk-live-51HxPlantedSecret"
INNOCENT = "def harmless():\n    return 'kept'\n"
VARIABLES = f"TOKEN={SECRET}\n"


def failing(message: str) -> CommandFinished:
    """A run whose failure says this."""
    failure = Failure(
        tool="pytest",
        code="AssertionError",
        kind="test",
        message=message,
        normalised=message,
        test="test_a.py::test_it",
        frames=(Frame("src/a.py", "f", 3, True),),
        fingerprint=Fingerprint("f" * 32),
    )
    run = ran("pytest", "1 failed")
    ground = Ground(head="c0", tree="t1", variables=ContentHash(""))
    return replace(run, exit_codes=(1,), failures=(failure,), ground=ground)


def passing(content: str) -> CommandFinished:
    """The run that passed after the file was changed into this."""
    change = PathChange("src/a.py", "g1", "g2", ContentHash(""), content_hash(content.encode()))
    ground = Ground(head="c0", tree="t2", previous_tree="t1", changes=(change,))
    return replace(ran("pytest", "1 passed"), ground=ground)


def commit(sha: str, subject: str, patch: str = "", path: str = "src/a.py") -> GitOperation:
    """A commit was made."""
    made = Commit(sha, ("p" * 40,), 1_000, subject, (PathChange(path, "g1", "g2"),), patch)
    return GitOperation("commit", new=sha, ref="refs/heads/main", commits=(made,))


def grounded(variables: str) -> CommandFinished:
    """A run in this environment."""
    held = content_hash(variables.encode())
    return replace(ran("env", "listed"), ground=Ground(tree="t9", variables=held))


async def plant(laptop: Laptop) -> dict[str, Event]:
    """Everything that has the secret, by what it is."""
    file = f"TOKEN = '{SECRET}'\n\ndef use_token():\n    return TOKEN\n"
    wide = f"wide {SECRET}".encode("utf-16-le")
    planted = {
        "output": event(ran("deploy", f"token is {SECRET}\n" + "line\n" * 500)),
        "command": event(ran(f"curl -H 'Authorization: {SECRET}' example.org")),
        "file": event(saved("src/secrets.py", file)),
        "wide": event(replace(saved("wide.txt", ""), content=content_hash(wide), size=len(wide))),
        "subject": event(commit("a" * 40, f"remove {SECRET}")),
        "patch": event(commit("b" * 40, "rotate", f"diff --git a/x b/x\n-{SECRET}\n")),
        "failure": event(failing(f"expected {SECRET} to be masked")),
        "ground": event(passing(file)),
        "environment": event(grounded(VARIABLES)),
    }
    blobs = {**contents(file, VARIABLES), content_hash(wide): wide}
    await laptop.send(event(seen(remotes=("github.com/ada/thing",))), blobs=blobs)
    await laptop.send(*planted.values(), blobs=blobs)
    return planted


async def innocents(laptop: Laptop) -> dict[str, Event]:
    """What has to stay."""
    kept = {
        "output": event(ran("make", "all went well")),
        "file": event(saved("src/harmless.py", INNOCENT)),
        "commit": event(commit("c" * 40, "harmless", path="src/harmless.py")),
    }
    await laptop.send(event(seen()), *kept.values(), blobs=contents(INNOCENT))
    return kept


async def forget(lake: Lake, o: Oblivion) -> list[LakeStep]:
    """All steps."""
    return [step async for step in lake.forget(o)]


def places_of(text: str, *directories: Path, key: SealingKey | None = None) -> list[str]:
    """Where a text still is: in a file's bytes, or in what a table's values stand for."""
    needles = [text.encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be")]
    found: list[str] = []
    for directory in directories:
        for path in directory.rglob("*"):
            if path.is_file():
                shown = (path.read_bytes(), *_values(path, key))
                if any(needle in value for value in shown for needle in needles):
                    found.append(str(path.relative_to(directory)))
    return sorted(set(found))


def _values(path: Path, key: SealingKey | None) -> Iterator[bytes]:
    if path.suffix != ".db":
        return
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    if not path.read_bytes().startswith(b"SQLite format 3"):
        assert key is not None
        unlock(db, path, key)
    tables = db.execute(
        "SELECT name FROM sqlite_schema WHERE type='table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    ).fetchall()
    for (table,) in tables:
        for row in db.execute(f'SELECT * FROM "{table}"'):
            for value in row:
                if isinstance(value, str):
                    yield value.encode()
                elif isinstance(value, bytes):
                    yield value
                    yield from _unpacked(value)
    db.close()


def _unpacked(value: bytes) -> Iterator[bytes]:
    if value[:4] == b"\x28\xb5\x2f\xfd":
        reader = zstandard.ZstdDecompressor().stream_reader(value, read_across_frames=True)
        yield reader.readall()
    elif value[:1] == b"\x78":
        with suppress(zlib.error):  # a text that begins with an x
            yield zlib.decompress(value)
