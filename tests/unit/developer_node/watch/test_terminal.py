"""The spool: each entry once, understood, with its working copy known first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from common.errors import OverLimit
from common.model.event import CommandFinished, Event, Output
from common.model.failure import Failure
from common.model.ids import WorkingCopyId, content_hash, new_event_id
from developer_node.text import spool
from developer_node.watch.notices import Notices
from developer_node.watch.notices_none import NoNotices
from developer_node.watch.terminal import TerminalWatcher

COPY = WorkingCopyId("c" * 16)
FAILURE = Failure("pytest", "AssertionError", "test", "assert 1 == 2", "assert")
Reading = Callable[..., AbstractAsyncContextManager[TerminalWatcher]]


def ran(cwd: Path | str, *, copy: WorkingCopyId = COPY) -> Event:
    body = CommandFinished("pytest", str(cwd), (1,), 5, Output("E assert 1 == 2", 15))
    return Event(new_event_id(), 1, copy, body)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def roots() -> list[str]:
    """What was said to be seen, and what it was interpreted with, in order."""
    return []


@pytest.fixture
def reading(recorded: Any, notices: Notices, directory: Path, roots: list[str]) -> Reading:
    def interpret(command: CommandFinished, root: str) -> CommandFinished:
        roots.append(f"interpreted in {root}")
        return replace(command, failures=(FAILURE,))

    async def seen(root: Path) -> None:
        assert not recorded.events, "the working copy is named before its event"
        roots.append(f"seen {root}")

    @asynccontextmanager
    async def read(notices: Notices = notices) -> AsyncGenerator[TerminalWatcher, None]:
        watcher = TerminalWatcher(
            directory,
            notices=notices,
            record=recorded,
            memory=recorded,
            interpret=interpret,
            seen=seen,
        )
        async with asyncio.TaskGroup() as group:
            task = group.create_task(watcher.run())
            yield watcher
            task.cancel()

    return read


async def emptied(watcher: TerminalWatcher) -> None:
    async with asyncio.timeout(20):
        while watcher.waiting:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_an_entry_is_understood_recorded_with_its_blobs_and_removed(
    recorded: Any, reading: Reading, directory: Path, repository: Any, roots: list[str]
) -> None:
    async with reading() as watcher:
        event = ran(repository.root)
        spool.write(directory, event, {content_hash(b"x"): b"x"})
        await recorded.until(lambda: recorded.events)
        (kept,) = recorded.events
        assert kept == replace(event, body=replace(event.body, failures=(FAILURE,)))
        assert recorded.blobs == {content_hash(b"x"): b"x"}
        await emptied(watcher)
    assert roots == [f"interpreted in {repository.root}", f"seen {repository.root}"]


async def test_what_waited_while_nobody_read_comes_first_and_in_order(
    recorded: Any, reading: Reading, directory: Path
) -> None:
    early = [ran("/", copy=WorkingCopyId("")) for _ in range(5)]
    for event in early:
        spool.write(directory, event, {})
    async with reading():
        await recorded.until(lambda: len(recorded.events) == 5)
        late = ran("/", copy=WorkingCopyId(""))
        spool.write(directory, late, {})
        await recorded.until(lambda: len(recorded.events) == 6)
    assert [e.id for e in recorded.events] == [*(e.id for e in early), late.id]


async def test_no_command_takes_less_than_no_time(
    recorded: Any, reading: Reading, directory: Path
) -> None:
    """Whatever a recorder's clock has said."""
    event = ran("/", copy=WorkingCopyId(""))
    spool.write(directory, replace(event, body=replace(event.body, duration_ms=-3_600_000)), {})
    async with reading():
        await recorded.until(lambda: recorded.events)
    assert recorded.events[0].body.duration_ms == 0


async def test_a_torn_entry_is_set_aside_and_those_after_it_are_read(
    recorded: Any, reading: Reading, directory: Path
) -> None:
    torn = spool.write(directory, ran("/", copy=WorkingCopyId("")), {})
    torn.write_bytes(torn.read_bytes()[:-7])
    whole = ran("/", copy=WorkingCopyId(""))
    spool.write(directory, whole, {})
    async with reading() as watcher:
        await recorded.until(lambda: recorded.events)
        await emptied(watcher)
    assert [e.id for e in recorded.events] == [whole.id]
    assert torn.with_suffix(".torn").exists()


async def test_an_entry_that_was_recorded_before_a_crash_is_not_recorded_again(
    recorded: Any, reading: Reading, directory: Path
) -> None:
    event = ran("/", copy=WorkingCopyId(""))
    spool.write(directory, event, {})
    recorded.marks[f"spooled:{event.id}"] = "recorded"  # killed before the file was removed
    async with reading() as watcher, asyncio.timeout(20):
        while recorded.marks[f"spooled:{event.id}"]:  # noqa: ASYNC110 - removed after the file
            await asyncio.sleep(0.005)
        assert watcher.waiting == 0
    assert recorded.events == []


async def test_what_cannot_be_recorded_now_stays_in_the_spool(
    recorded: Any, reading: Reading, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recorded.refusal = OverLimit("The disk is full")
    spool.write(directory, ran("/", copy=WorkingCopyId("")), {})
    async with reading() as watcher:
        async with asyncio.timeout(20):
            while "The disk is full" not in caplog.text:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        assert watcher.waiting == 1
        recorded.refusal = None
        spool.write(directory, ran("/", copy=WorkingCopyId("")), {})
        await recorded.until(lambda: len(recorded.events) == 2)


async def test_a_command_in_a_directory_that_is_gone_is_still_recorded(
    recorded: Any, reading: Reading, directory: Path, tmp_path: Path
) -> None:
    event = ran(tmp_path / "gone")
    spool.write(directory, event, {})
    async with reading():
        await recorded.until(lambda: recorded.events)
    assert recorded.events[0].id == event.id


async def test_without_notices_of_the_kernel_the_spool_is_read_all_the_same(
    recorded: Any, reading: Reading, directory: Path
) -> None:
    async with reading(NoNotices("the kernel gives none", "Raise it.")) as watcher:
        for _ in range(2):
            spool.write(directory, ran("/", copy=WorkingCopyId("")), {})
        await recorded.until(lambda: len(recorded.events) == 2)
        await emptied(watcher)
