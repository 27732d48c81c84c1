"""What the owner allows, everywhere and in single places, and what a repository lowers it to.

Layout of HOME/developer/autonomy.json: {"": {"level", "classes"}, "/path/of/a/repository": ...}.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

from common.daemon.files import write_private
from common.errors import Corrupt, Invalid, OverLimit
from common.model.event import Autonomy
from common.model.failure import RemedyKind
from common.model.remedy import AutonomySetting
from developer_node.text.repository_settings import LEVELS, lowest, settings_of

USUAL: Autonomy = "advisor"
PLACES_MAX = 200
SHARED = "postdevai settings"
"""Where a level was lowered for all of the owner's laptops."""
_KINDS: tuple[RemedyKind, ...] = get_args(RemedyKind)


@dataclass(frozen=True, slots=True)
class Levels:
    """Read anew for each question: the file is small, and another process may change it."""

    path: Path
    ceiling: Callable[[str], Autonomy | None] = lambda place: None
    """The most that the owner's laptops agreed on for a place; None where they did not."""

    def at(self, place: str) -> AutonomySetting:
        """In force at a path: of the nearest place that was set, lowered by its .postdevai.toml.

        Corrupt when the file cannot be read: then nothing is done without asking.
        """
        held = self._read()
        scopes = [s for s in held if not s or place == s or place.startswith(f"{s.rstrip('/')}/")]
        scope = max(scopes, key=len, default="")
        own = held.get(scope, AutonomySetting(USUAL, ""))
        level = lowest(own.level, self.ceiling(place))
        owners = AutonomySetting(
            level, own.scope, own.classes, SHARED if level != own.level else own.lowered_by
        )
        if not place:
            return owners
        asked = settings_of(Path(place))
        wanted: Autonomy | None = "observer" if asked.fault else asked.autonomy
        level = lowest(owners.level, wanted)
        lowered = asked.path if level != owners.level else owners.lowered_by
        return AutonomySetting(level, place, owners.classes, lowered)

    def allow(self, setting: AutonomySetting) -> AutonomySetting:
        """Keeps the owner's word; gives what then holds there."""
        _check(setting)
        held = self._read()
        held[setting.scope] = AutonomySetting(setting.level, setting.scope, setting.classes)
        if len(held) > PLACES_MAX:
            raise OverLimit(f"{len(held)} places have a level of their own; {PLACES_MAX} may")
        said = {s: {"level": h.level, "classes": list(h.classes)} for s, h in held.items()}
        write_private(self.path, json.dumps(said, indent=1).encode())
        return self.at(setting.scope)

    def _read(self) -> dict[str, AutonomySetting]:
        try:
            said = cast("dict[str, Any]", json.loads(self.path.read_text("utf-8")))
            found = {
                scope: AutonomySetting(each["level"], scope, tuple(each["classes"]))
                for scope, each in said.items()
            }
            for setting in found.values():
                _check(setting)
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError, AttributeError, Invalid) as error:
            hint = "Remove the file and say `postdevai autonomy LEVEL` again."
            raise Corrupt(f"{self.path} cannot be understood", hint=hint) from error
        return found


def _check(setting: AutonomySetting) -> None:
    if setting.level not in LEVELS:
        raise Invalid(f"{setting.level!r} is no level", field="level", hint=", ".join(LEVELS))
    if setting.scope and not setting.scope.startswith("/"):
        raise Invalid("the place must be an absolute path", field="scope")
    for kind in setting.classes:
        if kind not in _KINDS:
            raise Invalid(f"{kind!r} is no class", field="classes", hint=", ".join(_KINDS))
