"""The homes that older versions left, and what has to be found in them."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1] / "golden"
FORMATS = sorted(int(path.name) for path in ROOT.iterdir() if path.is_dir())
PLAIN_WORDS = (b"golden needle", b"SQLite format 3", b"CREATE TABLE")
"""Every kept text has the first; every plain SQLite file the second."""


def home_of(number: int, to: Path) -> Path:
    """A copy of the home of a format; only its owner may enter it."""
    shutil.copytree(ROOT / str(number) / "home", to)
    for path in (to, *to.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return to


def expected(number: int) -> dict[str, Any]:
    """What was acknowledged."""
    return json.loads((ROOT / str(number) / "expected.json").read_text())


def digest(data: bytes) -> str:
    """As expected.json has it."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def plain_in(directory: Path) -> list[str]:
    """Files in which something can be read without the key, and what."""
    return [
        f"{path.relative_to(directory)}: {word.decode()}"
        for path in sorted(directory.rglob("*"))
        if path.is_file()
        for word in PLAIN_WORDS
        if word in path.read_bytes()
    ]
