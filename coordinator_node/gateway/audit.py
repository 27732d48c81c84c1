"""The audit log: what the Coordinator did for whom, each line chained to the one before.

HOME/coordinator/audit.log          lines of JSON, 0600; synced before an act is answered
HOME/coordinator/audit.log.SEQ      full files, SEQ being their first line
HOME/coordinator/audit.lock         held while a line is written: the owner's commands write too
In the engine: audit/LOG            where the log ended, and which Coordinator's it is, so that a
                                    missing end is noticed, also on another machine
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import secrets
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from common.clock import Clock
from common.errors import Conflict, OverLimit
from common.model.audit import AuditCheck, AuditLine
from coordinator_node.engine.ports import Kv
from coordinator_node.gateway import audit_chain
from coordinator_node.gateway.audit_chain import Act, Head
from coordinator_node.gateway.own_identity import OwnIdentity

NAME = "audit.log"
FILE_BYTES_MAX = 4 << 20
FILES_MAX = 16
"""Full ones that are kept; the oldest goes when there are more."""
TAIL_BYTES = 16 << 10
"""The last line is in there: texts are cut to 300 characters."""
HEADS = "audit/"


class Audit:
    """The log of one Coordinator."""

    def __init__(
        self, directory: Path, kv: Kv, clock: Clock, file_bytes_max: int = FILE_BYTES_MAX
    ) -> None:
        self._directory = directory
        self._kv = kv
        self._clock = clock
        self._file_bytes_max = file_bytes_max
        self._writing = asyncio.Lock()

    async def append(self, *acts: Act) -> None:
        """Returns when the lines are on disk and their end is kept in the engine."""
        async with self._writing:
            heads = await self._heads()
            head = await asyncio.to_thread(self._append, acts, heads)
            await self._keep(head)

    async def lines(self, since_ms: int = 0, limit: int = 100_000) -> tuple[AuditLine, ...]:
        """The newest lines written since then that can be read, oldest first."""
        return await asyncio.to_thread(self._lines, since_ms, limit)

    async def check(self) -> AuditCheck:
        """Whether every line that was ever written and is kept is there, as it was written."""
        async with self._writing:
            heads = await self._heads()
            return await asyncio.to_thread(self._check, heads)

    async def _heads(self) -> dict[str, Head]:
        """Of this Coordinator's logs: another one over the same engine has its own.

        They are known by its identity, or by the log that lies here: the machine's name and the
        directory are others after a restore, and an emptied log names nothing.
        """
        own, here = await asyncio.to_thread(lambda: (self._own(), self._logs_here()))
        found: dict[str, Head] = {}
        for entry in await self._kv.entries(HEADS):
            said = json.loads(entry.value)
            of = said.pop("of", "")
            said.pop("directory", None)  # where it lay, as earlier versions wrote
            if of == own or said["log"] in here:
                head = Head(**said)
                found[head.log] = head
        return found

    async def _keep(self, head: Head) -> None:
        """Never an earlier end than is kept: another process may have written meanwhile."""
        own = await asyncio.to_thread(self._own)
        value = json.dumps({**asdict(head), "of": own}).encode()
        while True:
            entry = await self._kv.get(HEADS + head.log)
            if entry is not None and json.loads(entry.value)["seq"] >= head.seq:
                return
            try:
                await self._kv.put(HEADS + head.log, value, expected=entry.revision if entry else 0)
                return
            except Conflict:
                continue

    def _own(self) -> str:
        """Whose log it is; the directory where no Coordinator has begun yet."""
        return OwnIdentity.id_in(self._directory / "identity") or str(self._directory)

    def _logs_here(self) -> frozenset[str]:
        """What the newest line that can be read calls its log."""
        for path in reversed(self._files()):
            if line := audit_chain.read(_last_line(path)):
                return frozenset((line.log,))
        return frozenset()

    def _append(self, acts: tuple[Act, ...], heads: dict[str, Head]) -> Head:
        with self._locked():
            log, seq, prev = self._end(heads)
            data = b""
            for act in acts:
                line = audit_chain.next_line(act, self._clock.now_ms(), log, seq + 1, prev)
                data += audit_chain.written(line)
                seq, prev = line.seq, line.hash
            self._turn_over(seq - len(acts) + 1)
            try:
                _add(self._directory / NAME, data)
            except OSError as error:
                raise OverLimit(f"the audit log cannot be written: {error.strerror}") from error
            return Head(log, seq, prev, self._first_seq(log))

    def _end(self, heads: dict[str, Head]) -> tuple[str, int, str]:
        """Name of the log, its last line's number and hash.

        A log that was damaged or cut goes on from where the engine says it ended, so that what
        is missing stays to be seen.
        """
        files = self._files()
        line = audit_chain.read(_last_line(files[-1])) if files else None
        head = max(heads.values(), key=lambda each: each.seq, default=None)
        if line is not None and (head is None or head.seq < line.seq):
            return line.log, line.seq, line.hash
        return (head.log, head.seq, head.hash) if head else (secrets.token_hex(4), 0, "")

    def _turn_over(self, seq: int) -> None:
        current = self._directory / NAME
        if not current.exists() or current.stat().st_size < self._file_bytes_max:
            return
        first = audit_chain.read(current.open("rb").readline())
        current.rename(self._directory / f"{NAME}.{first.seq if first else seq:012d}")
        full = self._files()
        for path in full[: max(0, len(full) - FILES_MAX)]:
            path.unlink()

    def _first_seq(self, log: str) -> int:
        with self._files()[0].open("rb") as file:
            line = audit_chain.read(file.readline())
        return line.seq if line and line.log == log else 1

    def _files(self) -> list[Path]:
        """Oldest first."""
        full = sorted(self._directory.glob(f"{NAME}.*[0-9]"))
        current = self._directory / NAME
        return [*full, current] if current.exists() else full

    def _lines(self, since_ms: int, limit: int) -> tuple[AuditLine, ...]:
        with self._locked():
            found = [audit_chain.read(data) for _, _, data in self._all()]
        return tuple(line for line in found if line and line.at_ms >= since_ms)[-limit:]

    def _check(self, heads: dict[str, Head]) -> AuditCheck:
        with self._locked():
            return audit_chain.check(self._all(), heads)

    def _all(self) -> Iterator[tuple[str, int, bytes]]:
        """Every whole line; one without an end was never answered for."""
        for path in self._files():
            with path.open("rb") as file:
                for place, data in enumerate(file, 1):
                    if data.endswith(b"\n"):
                        yield path.name, place, data

    @contextmanager
    def _locked(self) -> Generator[None]:
        descriptor = os.open(self._directory / "audit.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _last_line(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        whole = file.read().rpartition(b"\n")[0]
    return whole.rpartition(b"\n")[2]


def _add(path: Path, data: bytes) -> None:
    """Adds whole lines, synced; what a crash left of a line goes first."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        tail = os.pread(descriptor, TAIL_BYTES, max(0, size - TAIL_BYTES))
        size -= len(tail) - (tail.rfind(b"\n") + 1)
        os.ftruncate(descriptor, size)
        try:
            at = size
            while data:
                done = os.pwrite(descriptor, data, at)
                at, data = at + done, data[done:]
        except OSError:
            os.ftruncate(descriptor, size)
            raise
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
