"""What the screens keep between two starts.

HOME/developer/tui/state.json     the last view, the theme and the keymap that were chosen
HOME/developer/tui/typed.sealed   filters and questions that were typed and not sent, sealed
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

from common.daemon.files import write_private
from common.errors import PostDevAIError

if TYPE_CHECKING:
    from common.daemon.keys import SealingKey

_MAGIC = b"pdvtui 1"
TEXT_MAX = 4_000
"""Of one field."""

Typed = dict[str, dict[str, str]]
"""By view, then by field."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept."""

    view: str = ""
    theme: str = ""
    keymap: str = ""
    typed: Typed = field(default_factory=dict[str, dict[str, str]])


class KeptState:
    """Of one HOME. What cannot be read is as if it had never been; it is written anew."""

    def __init__(self, directory: Path, key: Callable[[], SealingKey]) -> None:
        """`key` is asked for only when something typed is read or written."""
        self._state = directory / "state.json"
        self._typed = directory / "typed.sealed"
        self._key = key
        self._written: Kept | None = None

    def read(self) -> Kept:
        """What was kept last."""
        try:
            told = _texts(json.loads(self._state.read_bytes()))
        except (OSError, ValueError):
            told = {}
        shown = {name: told.get(name, "") for name in ("view", "theme", "keymap")}
        self._written = Kept(**shown, typed=self._read_typed())
        return self._written

    def write(self, now: Kept) -> str:
        """Writes what is other than before; a sentence when it cannot."""
        before = self._written or Kept()
        if now == before:
            return ""
        try:
            self._state.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if now.typed != before.typed:
                self._write_typed(now.typed)
            shown = {name: value for name, value in asdict(now).items() if name != "typed"}
            write_private(self._state, json.dumps(shown).encode())
        except (OSError, PostDevAIError) as error:
            return f"What is open here cannot be kept for the next start: {error}."
        self._written = now
        return ""

    def _read_typed(self) -> Typed:
        try:
            sealed = self._typed.read_bytes()
            from common.sealed import unseal  # costs a start that has nothing to unseal

            told = json.loads(unseal(self._key(), _MAGIC, sealed, self._typed.name))
        except (OSError, ValueError, PostDevAIError):
            return {}
        views = cast("dict[object, object]", told) if isinstance(told, dict) else {}
        return {view: _texts(fields) for view, fields in views.items() if isinstance(view, str)}

    def _write_typed(self, typed: Mapping[str, Mapping[str, str]]) -> None:
        """Nothing typed leaves no file behind."""
        if not any(typed.values()):
            self._typed.unlink(missing_ok=True)
            return
        from common.sealed import seal

        write_private(self._typed, seal(self._key(), _MAGIC, json.dumps(typed).encode()))


def _texts(told: object) -> dict[str, str]:
    pairs = cast("dict[object, object]", told) if isinstance(told, dict) else {}
    return {
        name: value[:TEXT_MAX]
        for name, value in pairs.items()
        if isinstance(name, str) and isinstance(value, str)
    }
