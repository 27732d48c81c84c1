"""HOME/dragon/asleep.json: the projects that sleep, and the copy on the shelf that each is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from common.errors import Corrupt
from common.model.ids import ProjectId
from dragon_node.lake.recovery import documents
from dragon_node.lake.recovery.shelf import Shelved


class Asleep:
    """A durable map. A project is in it from when its copy is durable until it is awake again.

    Losing it loses nothing: every generation names every project, and the journal reaches back
    to the older of them. So a damaged map is put aside and its projects come from there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.damaged = ""
        """What was wrong with the map that was found; empty when it was whole."""
        try:
            found: dict[str, dict[str, object]] = documents.read(path) or {}
        except Corrupt as error:
            self.damaged = error.message
            path.rename(path.with_name(f"{path.name}.damaged"))
            found = {}
        self._held = {ProjectId(p): Shelved(**fields) for p, fields in found.items()}  # type: ignore[arg-type]

    def all(self) -> Mapping[ProjectId, Shelved]:
        """Every project that sleeps."""
        return self._held

    def add(self, project: ProjectId, shelved: Shelved) -> None:
        """It sleeps: durable on return. OverLimit when the disk is full: then it does not."""
        self._replace({**self._held, project: shelved})

    def remove(self, project: ProjectId) -> None:
        """It is awake: before anything more is applied to it."""
        if project in self._held:
            self._replace({p: s for p, s in self._held.items() if p != project})

    def replace(self, held: Mapping[ProjectId, Shelved]) -> None:
        """These sleep and no other. OverLimit when the disk is full: then all is as it was."""
        self._replace(dict(held))

    def _replace(self, held: dict[ProjectId, Shelved]) -> None:
        documents.write(self._path, {p: asdict(s) for p, s in held.items()}, "asleep")
        self._held = held
