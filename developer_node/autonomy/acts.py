"""What was done in the owner's name and can be taken back.

Layout of HOME/developer/acts.json: a list, oldest first, of {"id", "card", "at_ms", "root",
"remedy", "level", "worktree", "branch", "commit", "tree", "reverted"}. The event says the rest.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

from common.daemon.files import write_private
from common.errors import Corrupt
from common.model.event import Autonomy
from common.model.ids import EventId

ACTS_MAX = 200
"""Older ones are forgotten here once they left nothing behind."""


@dataclass(frozen=True, slots=True)
class Act:
    """One act, as far as it left something behind."""

    id: EventId
    card: str
    at_ms: int
    root: str
    remedy: str
    level: Autonomy
    worktree: str = ""
    branch: str = ""
    commit: str = ""
    """Of the branch; of a worktree the one that it was made at."""
    tree: str = ""
    """The files of a worktree as they were left; empty until it is whole."""
    reverted: bool = False

    @property
    def stands(self) -> bool:
        """There is something to take back."""
        return bool(self.worktree or self.branch) and not self.reverted


@dataclass(frozen=True, slots=True)
class Acts:
    """The list on disk."""

    path: Path

    def all(self) -> list[Act]:
        """Oldest first."""
        try:
            said = cast("list[dict[str, Any]]", json.loads(self.path.read_text("utf-8")))
            return [Act(**each) for each in said]
        except FileNotFoundError:
            return []
        except (ValueError, TypeError) as error:
            hint = "Look at `git worktree list` and `git branch`, then remove the file."
            raise Corrupt(f"{self.path} cannot be understood", hint=hint) from error

    def put(self, act: Act) -> None:
        """Keeps it, in the place of what was known of it before."""
        held = [*(each for each in self.all() if each.id != act.id), act]
        standing = [each for each in held[:-ACTS_MAX] if each.stands]
        self._write([*standing, *held[-ACTS_MAX:]])

    def revert(self, act: Act) -> None:
        """Nothing of it is left."""
        self._write([replace(e, reverted=True) if e.id == act.id else e for e in self.all()])

    def _write(self, acts: list[Act]) -> None:
        write_private(self.path, json.dumps([asdict(act) for act in acts], indent=1).encode())
