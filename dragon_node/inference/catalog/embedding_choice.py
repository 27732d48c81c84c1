"""Which embedder made the lake's vectors, remembered: another one would replace all of them.

FILE: {"embedder": NAME}     replaced whole, so that a reader sees no half of it
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from common.daemon.files import write_private
from common.errors import Corrupt
from dragon_node.inference.catalog.entries import Entry


class Choice:
    """It holds over restarts. Any thread may call."""

    def __init__(self, path: Path) -> None:
        """Corrupt when the file is there and not ours."""
        self._path = path
        self._lock = threading.Lock()
        self._name = _read(path)

    @property
    def name(self) -> str:
        """Of the entry that the lake uses; empty when none was kept yet."""
        with self._lock:
            return self._name

    def keep(self, name: str) -> None:
        """From now on; on disk before it returns. Say it once its weights are there: an embedder
        that never made a vector binds nobody."""
        with self._lock:
            if name == self._name:
                return
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_private(self._path, json.dumps({"embedder": name}).encode())
            self._name = name


def choose(
    entries: Sequence[Entry],
    recorded: str,
    whole: Callable[[Entry], bool],
    onnx: Callable[[Entry], bool],
) -> Entry | None:
    """The embedder that the lake uses from this start on; None when there is none.

    The recorded one stays while it is in the catalogue, even when its weights are absent: a disk
    that is not mounted is no wish. Only where it is whole itself does one that is whole and has a
    strictly lower priority number take its place: that is what an owner does on purpose. `onnx`
    tells those that may be chosen before they have arrived.
    """
    ordered = sorted((e for e in entries if e.purpose == "embedding"), key=lambda e: e.priority)
    kept = next((e for e in ordered if e.name == recorded), None)
    if kept is None:
        there = next((e for e in ordered if whole(e)), None)
        return there or next((e for e in ordered if onnx(e)), None)
    if not whole(kept):
        return kept
    better = (e for e in ordered if e.priority < kept.priority and whole(e))
    return next(better, kept)


def _read(path: Path) -> str:
    try:
        parsed: Any = json.loads(path.read_text("utf-8"))
        name: object = parsed["embedder"]
        if not isinstance(name, str) or not name:
            raise ValueError("it holds no name")
    except FileNotFoundError:
        return ""
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as why:
        raise Corrupt(
            f"{path} does not say which embedder made the lake's vectors: {why}",
            hint='write {"embedder": "NAME"} with the name from postdevai models into it',
        ) from why
    return name
