"""Runs one command to its end or to its limit, and leaves no process behind."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from common.model.event import Output

HEAD_BYTES_MAX = 128 << 10
TAIL_BYTES_MAX = 384 << 10
MEMORY_BYTES_MAX = 4 << 30
"""Resident, of all processes of one run."""
PROCESSES_MAX = 1000
FILE_BYTES_MAX = 1 << 30
_LIMITED = f'ulimit -c 0; ulimit -f {FILE_BYTES_MAX // 512}; exec "$@"'
_LOOK_S = 0.25
_LAST_WORDS_S = 2.0
"""For what is still in the pipe once every process is gone."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    exit_code: int
    output: Output
    """Not redacted."""
    seconds: float
    stopped: str = ""
    """Which limit ended it, in words."""


async def run(argv: Sequence[str], *, timeout_s: float) -> Ran:
    """Runs it with nothing on its stdin; cancelled, it ends every process of it first."""
    begun = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *("/bin/sh", "-c", _LIMITED, "sh", *argv),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdout is not None
    kept = _Kept()
    reading = asyncio.create_task(_read(process.stdout, kept))
    watching = asyncio.create_task(_watch(process.pid, timeout_s))
    ending = asyncio.create_task(process.wait())
    try:
        await asyncio.wait({ending, watching}, return_when=asyncio.FIRST_COMPLETED)
        stopped = watching.result() if watching.done() and not ending.done() else ""
    finally:
        watching.cancel()
        _kill(process.pid)
        code = await asyncio.shield(ending)
        await asyncio.wait({reading}, timeout=_LAST_WORDS_S)
        reading.cancel()
        await asyncio.gather(reading, watching, return_exceptions=True)
    return Ran(_shell_code(code), kept.output(), time.monotonic() - begun, stopped)


@dataclass(slots=True)
class _Kept:
    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    total: int = 0

    def add(self, data: bytes) -> None:
        self.total += len(data)
        room = HEAD_BYTES_MAX - len(self.head)
        self.head += data[:room]
        self.tail += data[room:]
        if len(self.tail) > 2 * TAIL_BYTES_MAX:
            del self.tail[:-TAIL_BYTES_MAX]

    def output(self) -> Output:
        tail = bytes(self.tail[-TAIL_BYTES_MAX:])
        dropped = self.total - len(self.head) - len(tail)
        between = f"\n[{dropped} bytes left out]\n".encode() if dropped else b""
        text = (bytes(self.head) + between + tail).decode("utf-8", "replace")
        return Output(text, self.total, dropped)


async def _read(stream: asyncio.StreamReader, kept: _Kept) -> None:
    """Until the last writer has gone: the sandbox ends with its first process."""
    while data := await stream.read(1 << 16):
        kept.add(data)


async def _watch(pid: int, timeout_s: float) -> str:
    until = time.monotonic() + timeout_s
    while (left := until - time.monotonic()) > 0:
        await asyncio.sleep(min(_LOOK_S, left))
        count, memory = await asyncio.to_thread(_used, pid)
        if memory > MEMORY_BYTES_MAX:
            return f"it took more than {MEMORY_BYTES_MAX >> 30} GiB of memory"
        if count > PROCESSES_MAX:
            return f"it started more than {PROCESSES_MAX} processes"
    return f"it took more than {timeout_s:.0f} s"


def _used(pid: int) -> tuple[int, int]:
    try:
        parent = psutil.Process(pid)
        processes = [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return 0, 0
    memory = 0
    for process in processes:
        with suppress(psutil.Error):
            memory += process.memory_info().rss
    return len(processes), memory


def _kill(pid: int) -> None:
    """The whole group: whoever left it died with the sandbox's first process."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _shell_code(code: int) -> int:
    return 128 - code if code < 0 else code
