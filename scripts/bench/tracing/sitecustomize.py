"""Imported by Python itself where PYTHONPATH names its directory: times a few functions.

Nothing of the product knows of it. Each call appends "name begin end" to the file in
POSTDEVAI_BENCH_TRACE, in nanoseconds of the clock that all processes of the machine share.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
import time
from collections.abc import Callable, Sequence
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
    "developer_node.outbox.sender": ("Sender._send_content",),
    "common.clients.lake": ("IngestStream.records",),
    "dragon_node.lake.journal": ("Journal.append",),
    "dragon_node.lake.stores": ("Stores.apply",),
    "dragon_node.failures.memory": ("FailureMemory.apply",),
    "dragon_node.failures.cards": ("offer",),
    "dragon_node.answer.suggesting": ("Suggestions._shown",),
    "developer_node.feed": ("Feed.publish",),
}
"""By module; a method with its class."""

_file = -1


def _note(name: str, begun: int) -> None:
    os.write(_file, f"{name} {begun} {time.perf_counter_ns()}\n".encode())


def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function; each call is noted when it ends."""
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            begun = time.perf_counter_ns()
            try:
                return await function(*args, **kwargs)
            finally:
                _note(name, begun)

        return awaited

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        begun = time.perf_counter_ns()
        try:
            return function(*args, **kwargs)
        finally:
            _note(name, begun)

    return called


def wrap(module: ModuleType) -> None:
    """Replaces what is traced of a module that was just executed."""
    short = module.__name__.rpartition(".")[2]
    for path in TRACED[module.__name__]:
        owner, _, attribute = path.rpartition(".")
        holder: Any = getattr(module, owner) if owner else module
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
