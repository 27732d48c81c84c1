"""What an upgrade has done so far, so that it can be gone back from, also after a crash.

HOME/upgrade/upgrade.json   this record
HOME/upgrade/before/        the state of each node as it was, copied while none ran
HOME/upgrade/after/         stores that were set aside when somebody went back; never removed
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from common.daemon.files import write_private
from common.daemon.formats import StoreFormat
from common.daemon.home import Home
from common.errors import Corrupt, Missing
from common.model.node import Role

State = Literal["copied", "done", "back"]


@dataclass(frozen=True, slots=True)
class Record:
    """One upgrade of this HOME."""

    at_ms: int
    from_version: str
    from_root: str
    """The environment that was left, and is kept."""
    to_version: str
    to_root: str
    ran: tuple[Role, ...]
    """Which nodes ran before."""
    services: tuple[Role, ...]
    """Which of them as services."""
    before: tuple[StoreFormat, ...]
    """The formats as they were, by the old program."""
    after: tuple[StoreFormat, ...]
    """The same stores by the new program."""
    links: tuple[str, ...] = ()
    """Links that lead to `postdevai`, turned to the new environment."""
    state: State = "copied"

    @property
    def changed_stores(self) -> tuple[str, ...]:
        """What the old program may be unable to read once the new one has had it."""
        writes = {each.store: each.writes for each in self.after}
        return tuple(each.store for each in self.before if writes.get(each.store) != each.writes)

    def write(self, home: Home, **changed: object) -> Record:
        """Keeps it; the record as it is now."""
        now = replace(self, **changed)  # type: ignore[arg-type]
        write_private(path(home), json.dumps(asdict(now), indent=1).encode())
        return now


def directory(home: Home) -> Path:
    """Where it all lies."""
    return home.root / "upgrade"


def path(home: Home) -> Path:
    """The record's file."""
    return directory(home) / "upgrade.json"


def read(home: Home) -> Record:
    """The last upgrade. Missing when there was none."""
    try:
        said = json.loads(path(home).read_text("utf-8"))
        for name in ("before", "after"):
            said[name] = tuple(StoreFormat(**each) for each in said[name])
        for name in ("ran", "services", "links"):
            said[name] = tuple(said[name])
        return Record(**said)
    except FileNotFoundError:
        raise Missing(f"{home.root} was never upgraded: there is nothing to go back to") from None
    except (ValueError, TypeError, KeyError) as error:
        raise Corrupt(f"{path(home)} makes no sense: {error}") from error
