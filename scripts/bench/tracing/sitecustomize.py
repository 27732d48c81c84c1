"""Imported by Python itself where PYTHONPATH names its directory: times a few functions.

Nothing of the product knows of it. Each call appends "name begin end cpu pid" to the file in
POSTDEVAI_BENCH_TRACE, in nanoseconds: begin and end of the clock that all processes of the machine
share, cpu of the thread that called, while the call ran there. A function that a tree does not have
is passed over, so that an earlier one can be measured by the same list.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
import time
from collections.abc import Callable, Coroutine, Generator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

TRACED = {
    "developer_node.front.shell.written": ("write",),
    "developer_node.front.shell.ground": ("_dirty", "_changes"),
    "developer_node.front.shell.snapshot": ("take",),
    "developer_node.text.redaction": ("redact", "redact_bytes"),
    "developer_node.text.spool": ("write", "read"),
    "developer_node.watch.terminal": ("TerminalWatcher._understood",),
    "developer_node.outbox.outbox": ("Outbox.append", "Outbox.batch", "Outbox.will_send"),
    "developer_node.outbox.lanes": ("Lane.batch", "Lane.will_send"),
    "developer_node.outbox.sender": ("Sender._send_content", "Sender._send_next"),
    "developer_node.service_developer": (
        "DeveloperService.Search",
        "DeveloperService.Recall",
        "DeveloperService.History",
    ),
    "common.clients.membership": ("Membership.resolve", "Membership._heard"),
    "common.clients.lake": (
        "IngestStream.records",
        "LakeClient.search",
        "LakeClient.recall",
        "LakeClient.history",
    ),
    "common.rpc.guard": ("Guard.admit",),
    "dragon_node.service_lake": ("LakeService.Search", "LakeService.Recall", "LakeService.History"),
    "dragon_node.answer.retrieval": ("Retrieval.search",),
    "dragon_node.lake.lake": ("Lake.journal",),
    "dragon_node.lake.journal": ("Journal.append",),
    "dragon_node.lake.journal_writer": ("Writer._commit",),
    "dragon_node.lake.stores": ("Stores.apply",),
    "dragon_node.lake.database": ("Database._write",),
    "dragon_node.failures.memory": ("FailureMemory.apply",),
    "dragon_node.failures.cards": ("offer",),
    "dragon_node.answer.suggesting": ("Suggestions._shown",),
    "developer_node.feed": ("Feed.publish",),
}
"""By module; a method with its class."""
CALLED = {"lanes": "outbox"}
"""A module whose functions are noted under another's name."""

_file = -1


def _note(name: str, begun: int, cpu: int) -> None:
    ended = time.perf_counter_ns()
    os.write(_file, f"{name} {begun} {ended} {cpu} {os.getpid()}\n".encode())


class _Steps:
    """A coroutine, and the CPU of the thread in each of its steps."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._coroutine = coroutine
        self.cpu = 0

    def __await__(self) -> Generator[Any, Any, Any]:
        inner = self._coroutine.__await__()
        go: Callable[[Any], Any] = inner.send
        given: Any = None
        while True:
            began = time.thread_time_ns()
            try:
                waits_for: Any = go(given)
            except StopIteration as ended:
                return ended.value
            finally:
                self.cpu += time.thread_time_ns() - began
            try:
                go, given = inner.send, (yield waits_for)
            except BaseException as error:
                go, given = inner.throw, error


def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function; each call is noted when it ends."""
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            begun = time.perf_counter_ns()
            steps = _Steps(function(*args, **kwargs))
            try:
                return await steps
            finally:
                _note(name, begun, steps.cpu)

        return awaited

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        begun, cpu = time.perf_counter_ns(), time.thread_time_ns()
        try:
            return function(*args, **kwargs)
        finally:
            _note(name, begun, time.thread_time_ns() - cpu)

    return called


def wrap(module: ModuleType) -> None:
    """Replaces what is traced of a module that was just executed."""
    last = module.__name__.rpartition(".")[2]
    short = CALLED.get(last, last)
    for path in TRACED[module.__name__]:
        owner, _, attribute = path.rpartition(".")
        holder: Any = getattr(module, owner) if owner else module
        if attribute not in vars(holder):
            continue
        setattr(holder, attribute, timed(f"{short}.{attribute}", getattr(holder, attribute)))


class _Wrapping(Loader):
    def __init__(self, inner: Loader) -> None:
        self._inner = inner

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._inner.exec_module(module)
        wrap(module)


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in TRACED:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Wrapping(spec.loader)
        return spec


if trace := os.environ.get("POSTDEVAI_BENCH_TRACE", ""):
    _file = os.open(trace, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    sys.meta_path.insert(0, _Finder())
