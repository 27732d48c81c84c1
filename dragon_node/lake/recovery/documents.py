"""Small JSON files that say themselves whether they are whole, replaced in one step.

{"body": ..., "digest": BLAKE2b of the body as canonical JSON}
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from common.errors import Corrupt, OverLimit
from dragon_node.lake.failpoints import reach

DIGEST_BYTES = 32
PIECE_BYTES = 1 << 20


def write(path: Path, body: object, room: str) -> None:
    """Temp, fsync, rename, fsync of the directory. OverLimit when the disk is full: then the old
    file stays. Failpoints are ROOM.written and ROOM.renamed."""
    temp = path.with_name(f".{path.name}.writing")
    text = json.dumps({"body": body, "digest": _digest(body)}, sort_keys=True)
    with room_on(path.parent):
        with temp.open("w", encoding="utf-8") as file:
            os.chmod(file.fileno(), 0o600)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        reach(f"{room}.written")
        temp.rename(path)
        reach(f"{room}.renamed")
        sync_directory(path.parent)


def read(path: Path) -> Any:
    """The body; None when there is no such file. Corrupt when it is not as it was written."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        found = json.loads(text)
        body, digest = found["body"], found["digest"]
    except (ValueError, KeyError, TypeError) as error:
        raise Corrupt(f"{path} is damaged: it cannot be read") from error
    if _digest(body) != digest:
        raise Corrupt(f"{path} is damaged: it is not what was written")
    return body


def digest_of(path: Path) -> str:
    """BLAKE2b of a file's bytes, in hexadecimal."""
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def sync_directory(path: Path) -> None:
    """The names in it are on the disk."""
    _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def uncache(path: Path) -> None:
    """What is read next comes from the disk, where the system can be told so."""
    if sys.platform == "linux":
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@contextmanager
def room_on(directory: Path) -> Generator[None]:
    """A full disk as OverLimit."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise full(directory) from error


def full(directory: Path) -> OverLimit:
    """The disk under this directory has no room."""
    return OverLimit(
        f"the disk under {directory} is full",
        hint="Free some of it: what was kept there before is as it was.",
    )


def _digest(body: object) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.blake2b(text, digest_size=DIGEST_BYTES).hexdigest()


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
