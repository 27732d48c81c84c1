"""Which formats a node's files have, and which this program writes: asked before it is started.

Each node tells of its own: `python -m dragon_node.formats HOME` and so on print a line of JSON for
each store. An upgrade asks the new program, which looks and changes nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import apsw

from common.daemon.keys import sealing_key
from common.errors import PostDevAIError
from common.sealed_sqlite import FileFormat, format_of, unlock


@dataclass(frozen=True, slots=True)
class StoreFormat:
    """One file of a node."""

    store: str
    """Below HOME, such as developer/outbox.db."""
    found: int
    """0 when there is no such file yet."""
    writes: int
    oldest: int
    fault: str = ""
    """Why its format cannot be told."""

    @property
    def readable(self) -> bool:
        """Whether this program can use it, bringing it forward if need be."""
        return not self.fault and (not self.found or self.oldest <= self.found <= self.writes)


def sealed_formats(
    home: Path, role: str, stores: Mapping[str, FileFormat]
) -> Iterable[StoreFormat]:
    """Of a node's sealed files, by their names in HOME/ROLE. No key is made by looking."""
    directory = home / role
    for name, wanted in stores.items():
        path, store = directory / name, f"{role}/{name}"
        if not path.is_file() or not path.stat().st_size:
            yield StoreFormat(store, 0, wanted.version, wanted.oldest)
            continue
        try:
            key = sealing_key(directory) if (directory / "key.json").exists() else None
            found = format_of(path, key)
        except PostDevAIError as error:
            yield StoreFormat(store, 0, wanted.version, wanted.oldest, error.message)
        else:
            yield StoreFormat(store, found, wanted.version, wanted.oldest)


def print_formats(formats: Iterable[StoreFormat]) -> int:
    """What a new program's own process prints; 0."""
    for each in formats:
        sys.stdout.write(json.dumps(asdict(each)) + "\n")
    return 0


def read_formats(printed: str) -> list[StoreFormat]:
    """What such a process printed; ValueError or TypeError when it makes no sense."""
    return [StoreFormat(**json.loads(line)) for line in printed.splitlines() if line.strip()]


def sealed_count(home: Path, store: str, asked: str) -> int | None:
    """What the question finds in a sealed file below HOME; None when it cannot be told. The file
    may be in use, or be a copy, which is left as it is."""
    path = home / store
    alone = "" if path.with_name(f"{path.name}-wal").exists() else "?immutable=1"
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    if not path.is_file() or not (path.parent / "key.json").is_file():
        return None
    try:
        with closing(apsw.Connection(path.absolute().as_uri() + alone, flags=flags)) as db:
            unlock(db, path, sealing_key(path.parent))
            found = db.execute(asked).fetchall()
    except (PostDevAIError, apsw.Error):
        return None
    return int(str(found[0][0] or 0))


def print_records(counts: Mapping[str, int | None]) -> int:
    """What a node's own process prints when it is asked how much its stores hold; 0."""
    for store, found in counts.items():
        if found is not None:
            sys.stdout.write(json.dumps({"store": store, "records": found}) + "\n")
    return 0


def read_records(printed: str) -> dict[str, int]:
    """What such a process printed; nothing of what does not tell."""
    found: dict[str, int] = {}
    for line in printed.splitlines():
        try:
            said = json.loads(line)
            found[str(said["store"])] = int(said["records"])
        except (ValueError, TypeError, KeyError):
            continue
    return found
