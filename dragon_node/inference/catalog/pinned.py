"""Which models are pinned: what the catalogue says, overruled by what was said at run time.

FILE: {"pinned": {NAME: true or false}}     replaced whole, so that a reader sees no half of it
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from common.daemon.files import write_private
from common.errors import Corrupt
from dragon_node.inference.catalog.entries import Entry


class Pinned:
    """What was said at run time; it holds over restarts. Any thread may call."""

    def __init__(self, path: Path) -> None:
        """Corrupt when the file is there and not ours."""
        self._path = path
        self._lock = threading.Lock()
        self._said = _read(path)

    def names(self, entries: Iterable[Entry]) -> frozenset[str]:
        """Of these, the ones that are never evicted."""
        with self._lock:
            said = dict(self._said)
        return frozenset(e.name for e in entries if said.get(e.name, e.pin))

    def say(self, name: str, pinned: bool) -> None:
        """From now on; on disk before it returns."""
        with self._lock:
            said = self._said | {name: pinned}
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_private(self._path, json.dumps({"pinned": said}, indent=1).encode())
            self._said = said


def _read(path: Path) -> dict[str, bool]:
    try:
        parsed: Any = json.loads(path.read_text("utf-8"))
        said = cast("dict[Any, Any]", parsed["pinned"])
        if not all(isinstance(n, str) and isinstance(p, bool) for n, p in said.items()):
            raise ValueError("its values are true or false")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as why:
        raise Corrupt(
            f"{path} does not say which models are pinned: {why}",
            hint="delete it; what models.toml pins stays pinned",
        ) from why
    return cast("dict[str, bool]", said)
