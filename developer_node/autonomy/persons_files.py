"""One hash over a person's own files, to show that an act left them as they were."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from common.model.ids import ContentHash
from developer_node.text.git import git

FILES_MAX = 100_000
READ_BYTES_MAX = 512 << 20
"""Beyond this a file counts by its size and time alone."""


def files_hash(root: Path) -> ContentHash:
    """BLAKE2b-128 over every tracked and untracked file that git does not ignore: path, mode,
    content."""
    listed = git(root, ["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
    digest = hashlib.blake2b(digest_size=16)
    left = READ_BYTES_MAX
    for name in sorted(set(listed.split(b"\0")[:-1]))[:FILES_MAX]:
        said, taken = _said(os.path.join(os.fsencode(root), name), left)
        left -= taken
        digest.update(len(name).to_bytes(4, "big") + name + len(said).to_bytes(4, "big") + said)
    return ContentHash(digest.hexdigest())


def _said(path: bytes, left: int) -> tuple[bytes, int]:
    """What tells one state of a file from another, and how many bytes were read for it."""
    try:
        found = os.lstat(path)
        mode = f"{found.st_mode:o} ".encode()
        if os.path.islink(path):
            return mode + os.readlink(path), 0
        if found.st_size > left:
            return mode + f"{found.st_size} {found.st_mtime_ns}".encode(), 0
        with open(path, "rb") as file:
            return mode + hashlib.file_digest(file, "blake2b").digest(), found.st_size
    except OSError:
        return b"not there", 0
