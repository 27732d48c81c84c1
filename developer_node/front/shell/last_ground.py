"""What is remembered of the ground recorded last in a working copy, so that the next can differ.

Layout of DIRECTORY: `lock` (flock), `last.json` (tree, and git id -> content hash of the files
that were dirty), `kept/<content hash>` (their redacted content, sealed, 2 MiB at most in sum).
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from common.model.ids import ContentHash
from developer_node.text.kept_contents import KeptContents

GROUNDS_MAX = 500
"""Working copies remembered; beyond it the one recorded longest ago is forgotten."""


@dataclass(frozen=True, slots=True)
class LastGround:
    """The tree of the run recorded last, and the contents that git itself may not have."""

    directory: Path
    tree: str = ""
    contents: Mapping[str, ContentHash] = field(default_factory=dict[str, ContentHash])

    def content(self, git_id: str) -> bytes | None:
        """The redacted content under a git id; None when it is not held, or not whole."""
        name = self.contents.get(git_id)
        if name is None:
            return None
        return KeptContents.of(self.directory).read(name)

    def replace(
        self, tree: str, contents: Mapping[str, ContentHash], blobs: Mapping[ContentHash, bytes]
    ) -> None:
        """Remembers another ground in place of this one."""
        kept = KeptContents.of(self.directory)
        kept.seal_plain()
        held, wanted = kept.names(), set(contents.values())
        for name in wanted - held:
            kept.put(name, blobs[name])
        draft = self.directory / ".last.json"
        draft.write_text(json.dumps({"tree": tree, "contents": dict(contents)}), "ascii")
        draft.replace(self.directory / "last.json")
        for name in held - wanted:
            kept.drop(name)


@contextmanager
def last_ground(directory: Path) -> Generator[LastGround]:
    """The last ground, held against other recorders until the block ends."""
    handle = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield _load(directory)
    finally:
        os.close(handle)


def make_room(grounds: Path) -> None:
    """Forgets the working copies recorded longest ago when there are too many."""
    if not grounds.is_dir():
        return
    found = sorted(grounds.iterdir(), key=lambda d: d.stat().st_mtime_ns)
    for old in found[: max(0, len(found) - GROUNDS_MAX)]:
        shutil.rmtree(old, ignore_errors=True)


def _load(directory: Path) -> LastGround:
    try:
        held = json.loads((directory / "last.json").read_text("ascii"))
        tree, contents = str(held["tree"]), cast(dict[str, Any], held["contents"])
        hashes = {str(oid): ContentHash(str(name)) for oid, name in contents.items()}
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return LastGround(directory)  # torn by a power cut: the chain begins anew
    return LastGround(directory, tree, hashes)
