"""Changes that are shown lie on the disk no longer than their server lives."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from developer_node.front.lsp.shown import remove_leftovers
from tests.support.editors import WAIT_S

SERVER = """
import sys
from developer_node.front.lsp.shown import ShownChanges
shown = ShownChanges()
shown.close_when_ended()
print(shown.write("a1b2c3d money", "diff").parent, flush=True)
sys.stdin.read()
"""


def shows(directory: Path) -> bool:
    return any(directory.glob("*.diff"))


@asynccontextmanager
async def a_server_that_shows() -> AsyncGenerator[tuple[Process, Path]]:
    """Its process, and where the change lies."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVER), stdin=PIPE, stdout=PIPE
    )
    assert process.stdout
    try:
        async with asyncio.timeout(WAIT_S):
            directory = Path((await process.stdout.readline()).decode().strip())
        assert shows(directory)
        yield process, directory
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go, here and in processes that are started."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_a_server_that_is_told_to_end_takes_them_along(
    temporary: Path, number: signal.Signals
) -> None:
    async with a_server_that_shows() as (process, directory):
        assert directory.parent == temporary
        process.send_signal(number)
        async with asyncio.timeout(WAIT_S):
            assert await process.wait() == -number
        assert not directory.exists()


async def test_what_a_killed_server_left_is_removed_and_what_a_living_one_shows_is_not(
    temporary: Path,
) -> None:
    others = temporary / "postdevai-lsp-of-something-else"
    others.mkdir()
    async with a_server_that_shows() as (_, living), a_server_that_shows() as (killed, left):
        killed.kill()
        async with asyncio.timeout(WAIT_S):
            await killed.wait()
        assert shows(left)
        remove_leftovers()
        assert not left.exists()
        assert shows(living)
    assert others.exists()
