"""HOME/dragon/replica.json: whom this Dragon follows, or that others follow it.

Without the file it is alone: it leads its lake and asks nobody. With it the Coordinator is asked
who leads before anything is taken in, for another one may have taken the place meanwhile.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from common.daemon.files import write_private
from common.errors import Corrupt
from common.model.ids import NodeId

NAME = "replica.json"


@dataclass(frozen=True, slots=True)
class Kept:
    """What was known last."""

    leader: NodeId
    """Its own id, when it leads."""
    epoch: int = 0
    parted: bool = False
    """Its journal has rows that the leader's has not: it is put aside at the next start."""


class ReplicaFile:
    """The file; it blocks, so it is called from a thread."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / NAME

    def read(self) -> Kept | None:
        """None for a Dragon that is alone."""
        try:
            said = json.loads(self._path.read_text("utf-8"))
            return Kept(NodeId(said["leader"]), int(said["epoch"]), bool(said["parted"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Corrupt(
                f"{self._path} cannot be read",
                hint="Say again whom it follows: dragon-node follow --leader ID, or --leader none",
            ) from error

    def write(self, kept: Kept) -> None:
        """Replaces what was known."""
        write_private(self._path, json.dumps(asdict(kept)).encode())

    def remove(self) -> None:
        """It is alone again."""
        self._path.unlink(missing_ok=True)
