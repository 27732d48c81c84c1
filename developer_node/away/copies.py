"""The files of one watched working copy as they are now, as far as they are recorded at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from common.model.ids import ContentHash, WorkingCopyId, content_hash
from developer_node.watch.content import observe, shown

_SHA256_CHARS = 64


@dataclass(frozen=True, slots=True)
class Copy:
    """A working copy, and what the outbox last recorded of it."""

    root: Path
    id: WorkingCopyId
    project: str
    """Its directory's name: what the Dragon calls it nobody here knows."""
    head: str
    in_git: bool
    recorded: dict[str, tuple[str, bool, str]]
    """Git id, dirty and reason to skip, by path as shown."""

    def keeps(self, path: str) -> bool:
        """Whether a file's content is recorded: ignored and private ones are not."""
        entry = self.recorded.get(shown(path))
        return entry is not None and not entry[2]

    def is_dirty(self, path: str, git_blob: str) -> bool:
        """Whether a file with this git id differs from its commit. One that is not as it was last
        recorded counts as such: nobody has compared it."""
        entry = self.recorded.get(shown(path))
        return entry is None or entry[0] != git_blob or entry[1]

    def algorithm(self, path: str) -> str:
        """By which git names its content."""
        entry = self.recorded.get(shown(path))
        return "sha256" if entry is not None and len(entry[0]) == _SHA256_CHARS else "sha1"


@dataclass(frozen=True, slots=True)
class Content:
    """A file's text as it would be recorded now."""

    data: bytes
    hash: ContentHash
    git_blob: str = ""
    """Git's id of the file as it is on disk."""

    @property
    def lines(self) -> list[str]:
        """Its lines, without their ends."""
        return self.data.decode("utf-8").split("\n")


def read(
    root: Path, path: str, redact: Callable[[bytes], bytes], algorithm: str = "sha1"
) -> Content | None:
    """Redacted, as the watcher does it; None when there is no such text, or it lies outside."""
    parts = PurePosixPath(path).parts
    if not parts or ".." in parts or PurePosixPath(path).is_absolute():
        return None
    if any((root / PurePosixPath(*parts[:n])).is_symlink() for n in range(1, len(parts))):
        return None
    found = observe(os.fspath(root / path), algorithm=algorithm)
    if found is None or found.data is None:
        return None
    data = redact(found.data)
    return Content(data, content_hash(data), found.git_blob)
