"""Lines of ours in a person's rc file, known by the mark at their end; every other byte stays.

A file is read and written as bytes: whatever its encoding and its line ends, they are the person's.
"""

from __future__ import annotations

import stat
from pathlib import Path


def read(path: Path) -> bytes:
    """What the file holds; empty when there is none."""
    return path.read_bytes() if path.exists() else b""


def has(text: bytes, sign: str) -> bool:
    """Whether a line of it ends with the mark."""
    return without(text, sign) != text


def without(text: bytes, sign: str) -> bytes:
    """The text less the lines that end with the mark."""
    mark = sign.encode()
    lines = text.splitlines(keepends=True)
    return b"".join(one for one in lines if not one.rstrip().endswith(mark))


def replace(path: Path, text: bytes) -> None:
    """At once or not at all, with the mode that the file had. `path` is no link."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.postdevai")
    draft.write_bytes(text)
    if path.exists():
        draft.chmod(stat.S_IMODE(path.stat().st_mode))
    draft.replace(path)
