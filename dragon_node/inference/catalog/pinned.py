"""Which models were pinned at run time; what the catalogue pins is not among them.

FILE: {"pinned": [NAME, ...]}     replaced whole, so that a reader sees no half of it
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any, cast

from common.daemon.files import write_private
from common.errors import Corrupt


class Pinned:
    """It holds over restarts. Any thread may call."""

    def __init__(self, path: Path) -> None:
        """Corrupt when the file is there and not ours."""
        self._path = path
        self._lock = threading.Lock()
        self._names = _read(path)

    def names(self) -> frozenset[str]:
        """Names that were pinned, of models that have left the catalogue too."""
        with self._lock:
            return self._names

    def set(self, name: str, *, pinned: bool) -> None:
        """From now on; on disk before it returns."""
        with self._lock:
            names = self._names | {name} if pinned else self._names - {name}
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_private(self._path, json.dumps({"pinned": sorted(names)}, indent=1).encode())
            self._names = names


def _read(path: Path) -> frozenset[str]:
    try:
        parsed: Any = json.loads(path.read_text("utf-8"))
        names = cast("list[Any]", parsed["pinned"])
        if not isinstance(parsed["pinned"], list) or not all(isinstance(n, str) for n in names):
            raise ValueError("it holds no list of names")
    except FileNotFoundError:
        return frozenset()
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as why:
        raise Corrupt(
            f"{path} does not say which models are pinned: {why}",
            hint="delete it; what models.toml pins stays pinned",
        ) from why
    return frozenset(cast("list[str]", names))
