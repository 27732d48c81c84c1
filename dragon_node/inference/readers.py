"""The readers of models, kept open by the files that they were read from."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from common.errors import PostDevAIError, Unavailable
from dragon_node.inference.reading.reader import Reader

READERS_MAX = 16
"""Tokenizers that are kept open, some tens of megabytes each; the longest unused goes."""
STAMPED = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "model.safetensors.index.json",
)

Key = tuple[str, int]


class Readers:
    """Any thread may use it. Each opens on a thread of its own, once for all who want it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[Key, Future[Reader]] = {}

    def of(self, stamp: str) -> Reader | None:
        """One that was read from these files, while it is kept."""
        with self._lock:
            found = [f for (s, _), f in self._open.items() if s == stamp and f.done()]
        return found[0].result() if found else None

    def reader(
        self, directory: Path, context: int, stamp: str, now: Callable[[], str]
    ) -> Future[Reader]:
        """It is open, or being opened: seconds when it is the first. `now` gives the stamp of the
        files once they are read. The future cannot be cancelled: others wait for it too."""
        key = stamp, context
        with self._lock:
            opened = self._open.pop(key, None)
            if opened is not None:
                self._open[key] = opened  # the last used
                return opened
            opened = self._open[key] = Future[Reader]()
            opened.set_running_or_notify_cancel()
            while len(self._open) > READERS_MAX:
                del self._open[next(iter(self._open))]
        work = (opened, key, directory, now)
        threading.Thread(target=self._read, args=work, name="tokenizer", daemon=True).start()
        return opened

    def _read(
        self, opened: Future[Reader], key: Key, directory: Path, now: Callable[[], str]
    ) -> None:
        try:
            reader = Reader(directory, context=key[1])
            if now() != key[0]:
                raise Unavailable(
                    f"the files in {directory} changed while they were read",
                    hint="ask again in a moment",
                )
        except BaseException as why:  # whoever waits is told, whatever it is
            with self._lock:
                self._open.pop(key, None)
            opened.set_exception(_understood(why, directory))
        else:
            opened.set_result(reader)


def _understood(why: BaseException, directory: Path) -> BaseException:
    """What libraries raise for files that they did not expect has no meaning to a caller."""
    if isinstance(why, PostDevAIError) or not isinstance(why, Exception):
        return why
    told = Unavailable(
        f"the files in {directory} cannot be read: {type(why).__name__}: {str(why)[:200]}",
        hint="fetch the model anew: postdevai models pull NAME",
    )
    told.__cause__ = why
    return told


def stamp_of(directory: Path) -> str:
    """Another when its files are others: by names, times and sizes; nothing is read."""
    first = min(directory.glob("*.safetensors"), default=None)
    files = [directory / name for name in STAMPED] + ([first] if first else [])
    return " ".join([str(directory), *(_look(file) for file in files)])


def _look(file: Path) -> str:
    try:
        found = file.stat()
    except OSError:  # not every model has every file
        return "-"
    return f"{file.name}:{found.st_mtime_ns}:{found.st_size}:{found.st_ino}"
