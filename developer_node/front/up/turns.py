"""One `up` at a time, and what a signal means to it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from developer_node.front.output_page import Page, line

POLL_S = 0.1


@asynccontextmanager
async def alone(path: Path, page: Page) -> AsyncGenerator[None]:
    """Holds the lock; two that start at once would each start the missing daemons."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        told = False
        while not _taken(descriptor):
            if not told:
                page.show(line("Another `postdevai up` is starting the nodes; waiting for it."))
                told = True
            await asyncio.sleep(POLL_S)
        yield
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def on_signals(act: Callable[[], object]) -> Generator[None]:
    """Calls `act` in the loop when this process is told to stop, or its terminal goes."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, act)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
