"""How far the models have come: progress.json, from the fetcher to the catalogue.

    MODELS/progress.json: {"models": {NAME: {"state", "progress", "bytes", "bytes_total",
                           "detail", "pid", "started_s": of its fetcher}}}
    MODELS/.progress.lock  held while a fetcher writes: several models may arrive at once

It is replaced whole, by rename, so a reader never sees half of it. What a dead fetcher left as
`arriving` reads as `missing`, with how far it came.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import psutil

ArrivalState = Literal["missing", "arriving", "ready", "failed"]
STATES: tuple[ArrivalState, ...] = ("missing", "arriving", "ready", "failed")
STARTED_WITHIN_S = 2.0
"""Two readings of when a process started may differ by so much: the clock is adjusted."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """How far one model has come."""

    state: ArrivalState
    progress: float = 0.0
    """0 to 1."""
    bytes: int = 0
    bytes_total: int = 0
    detail: str = ""


def path_of(models: Path) -> Path:
    """Where the progress of a models directory is written."""
    return models / "progress.json"


def write(models: Path, arrivals: Mapping[str, Arrival]) -> None:
    """Says how far these are, in one step; what is said of others stays."""
    target = path_of(models)
    with target.with_name(".progress.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        entries = _entries(_parsed(models)) | {n: _written(a) for n, a in arrivals.items()}
        draft = target.with_name(f".progress.{os.getpid()}")
        draft.write_text(json.dumps({"models": entries}, indent=1))
        draft.replace(target)


def read(models: Path) -> dict[str, Arrival]:
    """What the file says; empty when there is none or it is not ours."""
    found: dict[str, Arrival] = {}
    for name, entry in _entries(_parsed(models)).items():
        said = _entry(entry)
        if said is not None:
            found[name] = said if _alive(entry) else _stopped(said)
    return found


def _parsed(models: Path) -> dict[str, Any]:
    try:
        parsed: object = json.loads(path_of(models).read_text())
    except (OSError, ValueError):
        return {}
    return cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else {}


def _entries(whole: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    said: object = whole.get("models")
    if not isinstance(said, dict):
        return {}
    entries = cast("dict[str, Any]", said)
    return {name: entry for name, entry in entries.items() if isinstance(entry, dict)}


def _written(arrival: Arrival) -> dict[str, Any]:
    return {
        "state": arrival.state,
        "progress": round(arrival.progress, 4),
        "bytes": arrival.bytes,
        "bytes_total": arrival.bytes_total,
        "detail": arrival.detail,
        "pid": os.getpid(),
        "started_s": psutil.Process().create_time(),
    }


def _entry(entry: Mapping[str, Any]) -> Arrival | None:
    try:
        return Arrival(
            state=next(s for s in STATES if s == str(entry["state"])),
            progress=min(1.0, max(0.0, float(entry["progress"]))),
            bytes=int(entry["bytes"]),
            bytes_total=int(entry["bytes_total"]),
            detail=str(entry["detail"]),
        )
    except (KeyError, TypeError, ValueError, StopIteration):
        return None


def _stopped(arrival: Arrival) -> Arrival:
    if arrival.state != "arriving":
        return arrival
    detail = (
        f"fetching stopped at {arrival.progress * 100:.0f} %; pull it and it goes on from there"
    )
    return Arrival("missing", arrival.progress, arrival.bytes, arrival.bytes_total, detail)


def _alive(entry: Mapping[str, Any]) -> bool:
    """Whether the very process that wrote this runs: numbers are given out again."""
    pid, started_s = entry.get("pid"), entry.get("started_s")
    if not isinstance(pid, int) or not isinstance(started_s, int | float):
        return False
    try:
        return abs(psutil.Process(pid).create_time() - started_s) < STARTED_WITHIN_S
    except (psutil.Error, ValueError, OverflowError):
        return False
