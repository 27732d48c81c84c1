"""Room on a disk that is full: a reserve is spent, the outbox stops to grow, facts go on.

outbox.reserve, beside outbox.db: bytes that hold nothing. They are given up when the disk is full,
because even dropping an output needs some bytes of log, and taken again once there is room.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import apsw

from developer_node.outbox import eviction
from developer_node.outbox.sql import Sql

RESERVE_BYTES = 8 << 20
RELIEF_BYTES = 2 << 20
"""So much of the outbox is freed when the disk is full; what comes then needs no more disk."""
FREE_BYTES = 64 << 20
"""With so much free besides the reserve, the disk is no longer full."""
LOOK_S = 5.0
"""How often that is looked at."""
_STEP_BYTES = 512 << 10


class Room:
    """How large the outbox may be. Used by the thread that owns it; `sentence` by anybody."""

    def __init__(self, path: Path, bytes_max: int, *, reserve_bytes: int = RESERVE_BYTES) -> None:
        self._reserve = path.with_name(f"{path.stem}.reserve")
        self._reserve_bytes = reserve_bytes
        self._free_bytes = FREE_BYTES
        self._bytes_max = bytes_max
        self._held = bytes_max
        self._looked = 0.0
        self.sentence = ""
        """What the person should know; empty when all is well."""
        self._take_reserve()

    def bytes_max(self) -> int:
        """The limit now."""
        if self.sentence and time.monotonic() - self._looked > LOOK_S:
            self._look()
        return self._held

    def relieve(self, db: Sql) -> bool:
        """The disk is full: drops what may go, oldest first. False when that gained nothing."""
        reserved = self._reserve.exists()
        self._reserve.unlink(missing_ok=True)
        self._looked = time.monotonic()
        self.sentence = (
            f"The disk under {self._reserve.parent} is full: the oldest outputs are left out, "
            "commands are still recorded. Free some space."
        )
        before = used = _used(db)
        self._held = max(0, before - RELIEF_BYTES)
        with contextlib.suppress(apsw.FullError, apsw.IOError):
            # The log stays as long as it is: its room is ours when there is no other.
            db.pragma("wal_checkpoint", "RESTART")
            while used > self._held:
                with db.transaction():
                    eviction.make_room(db, max(self._held, used - _STEP_BYTES))
                db.pragma("wal_checkpoint", "RESTART")
                used, last = _used(db), used
                if used >= last:
                    break  # nothing but facts is left
        return reserved or used < before

    def _look(self) -> None:
        self._looked = time.monotonic()
        found = os.statvfs(self._reserve.parent)
        if found.f_bavail * found.f_frsize >= self._free_bytes + self._reserve_bytes:
            self._take_reserve()
            self._held, self.sentence = self._bytes_max, ""

    def _take_reserve(self) -> None:
        try:
            handle = os.open(self._reserve, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return
        try:
            _allocate(handle, self._reserve_bytes)
        except OSError:
            self._reserve.unlink(missing_ok=True)
        finally:
            os.close(handle)


def _allocate(handle: int, size: int) -> None:
    if size and hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, size)
    elif size:  # macOS
        os.pwrite(handle, bytes(size), 0)


def _used(db: Sql) -> int:
    return eviction.used_bytes(db)
