"""HOME/dragon/generations: two manifests, each a whole lake as copies on the shelf.

N.json      what generation N is made of
CURRENT     the number of the newest; renamed last
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from common.errors import Corrupt
from common.model.lake import Generation
from dragon_node.lake.failpoints import reach
from dragon_node.lake.recovery import documents
from dragon_node.lake.recovery.shelf import Shelved
from dragon_node.lake.shards import FORMAT_VERSION

KEPT = 2


@dataclass(frozen=True, slots=True)
class Manifest:
    """One generation. It was read back and found whole before it was published."""

    number: int
    """From 1."""
    at_ms: int
    journal: str
    """The id of the journal that it was made from."""
    lsn: int
    """Everything up to here is in it, of every project, awake or asleep."""
    files: Mapping[str, Shelved]
    """By `memory` or the project's id."""
    format: int = FORMAT_VERSION

    def described(self) -> Generation:
        """In numbers."""
        size = sum(each.bytes for each in self.files.values())
        return Generation(self.number, self.at_ms, self.lsn, size, len(self.files), verified=True)


class Generations:
    """The manifests that are there; a damaged one is passed over and named."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.damaged: list[str] = []
        """What was wrong with those that were found."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._held = self._found()

    def all(self) -> list[Manifest]:
        """Newest first."""
        return list(self._held)

    def newest(self) -> Manifest | None:
        """None before the first snapshot."""
        return self._held[0] if self._held else None

    def before(self, number: int) -> Manifest | None:
        """The next older one."""
        return next((m for m in self._held if m.number < number), None)

    def check(self) -> list[str]:
        """Reads the manifests again: what is wrong with them now."""
        wrong: list[str] = []
        for manifest in self._held:
            try:
                _manifest(self._path(manifest.number))
            except Corrupt as error:
                wrong.append(error.message)
        return wrong

    def next_number(self) -> int:
        """One that no manifest ever had."""
        names = (int(path.stem) for path in self.directory.glob("*.json") if path.stem.isdigit())
        return max(names, default=0) + 1

    def publish(self, manifest: Manifest, keep: int = KEPT) -> None:
        """Durable on return, and with it `keep` generations. OverLimit when the disk is full:
        then the old ones are as they were."""
        documents.write(self._path(manifest.number), _fields(manifest), "generation")
        documents.write(self.directory / "CURRENT", manifest.number, "current")
        held = [manifest, *self._held]
        self._held = held[:keep]
        for path in self.directory.glob("*.json"):
            if path.stem not in {str(m.number) for m in self._held}:
                path.unlink()
                reach("generation.dropped")
        documents.sync_directory(self.directory)

    def _path(self, number: int) -> Path:
        return self.directory / f"{number}.json"

    def _found(self) -> list[Manifest]:
        """Those that are whole, and not newer than CURRENT says: that one was on its way."""
        current = self._current()
        found: list[Manifest] = []
        for path in self.directory.glob("*.json"):
            if not path.stem.isdigit() or (current is not None and int(path.stem) > current):
                continue
            try:
                found.append(_manifest(path))
            except Corrupt as error:
                self.damaged.append(error.message)
        return sorted(found, key=lambda m: -m.number)

    def _current(self) -> int | None:
        """None when it is not there or damaged: then the manifests speak for themselves, as each
        was verified before it got its name."""
        try:
            return documents.read(self.directory / "CURRENT")
        except Corrupt as error:
            self.damaged.append(error.message)
            return None


def _fields(manifest: Manifest) -> dict[str, object]:
    files = {name: asdict(shelved) for name, shelved in manifest.files.items()}
    return {
        "number": manifest.number,
        "at_ms": manifest.at_ms,
        "journal": manifest.journal,
        "lsn": manifest.lsn,
        "format": manifest.format,
        "files": files,
    }


def _manifest(path: Path) -> Manifest:
    body = documents.read(path)
    if body is None:
        raise Corrupt(f"{path} is missing")
    try:
        files = {name: Shelved(**fields) for name, fields in body["files"].items()}
        return Manifest(
            body["number"], body["at_ms"], body["journal"], body["lsn"], files, body["format"]
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise Corrupt(f"{path} is damaged: it is no manifest") from error
