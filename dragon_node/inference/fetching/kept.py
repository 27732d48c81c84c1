"""What is kept of a model, and whether it is all there.

MODELS/NAME/source.json   written last, before the directory gets its name: who has one is whole
    {"wheel": "PACKAGE VERSION", "sha256": of the wheel,             one of the two
     "hub": "OWNER/NAME", "revision": as it was asked for, "commit": what that was,
     "files": {NAME: {"bytes", "sha256"}}}
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from common.errors import Corrupt, Missing
from dragon_node.inference.catalog.entries import Directory, Hub, Source, Wheel

SOURCE = "source.json"


def is_whole(directory: Path) -> bool:
    """True when every file that source.json lists has its size; reads none of them."""
    try:
        files: dict[str, Any] = source_of(directory)["files"]
        return all((directory / n).stat().st_size == f["bytes"] for n, f in files.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def is_current(models: Path, name: str, source: Source) -> bool:
    """Whole, and from the source that is asked for now."""
    if isinstance(source, Directory):
        return source.path.is_dir()
    directory = models / name
    return is_whole(directory) and _matches(source_of(directory), source)


def is_unchanged(models: Path, name: str, source: Source) -> bool:
    """Current, and every byte as it was written: reads all of it."""
    if not is_current(models, name, source):
        return False
    if isinstance(source, Directory):
        return True
    return not changed(models / name)


def verify(directory: Path) -> None:
    """Reads every byte. Missing when nothing whole is there; Corrupt names the files."""
    if not is_whole(directory):
        raise Missing(
            f"{directory.name} is not whole on this machine",
            hint=f"type: postdevai models pull {directory.name}",
        )
    wrong = changed(directory)
    if wrong:
        raise Corrupt(
            f"{directory.name}: {', '.join(wrong)} is not what was fetched",
            hint=f"remove {directory}, then type: postdevai models pull {directory.name}",
        )


def changed(directory: Path) -> tuple[str, ...]:
    """The files of a whole directory whose bytes are not those that were fetched."""
    files: dict[str, Any] = source_of(directory)["files"]
    return tuple(n for n, said in files.items() if sha256_of(directory / n) != said["sha256"])


def source_of(directory: Path) -> dict[str, Any]:
    """What source.json says; OSError or ValueError when it says nothing."""
    said: object = json.loads((directory / SOURCE).read_text())
    if not isinstance(said, dict):
        raise ValueError(f"{directory / SOURCE} holds no object")
    return cast("dict[str, Any]", said)


def seal(
    partial: Path,
    directory: Path,
    origin: Mapping[str, str],
    known: Mapping[str, str] = MappingProxyType({}),
) -> Path:
    """Lists the files with their hashes, then gives the directory its name, in one step.

    `known` holds the sha256 of files that were just read, so that they are not read again.
    """
    files = {
        path.name: {
            "bytes": path.stat().st_size,
            "sha256": known.get(path.name) or sha256_of(path),
        }
        for path in sorted(partial.iterdir())
    }
    source = partial / SOURCE
    source.write_text(json.dumps({**origin, "files": files}, indent=1))
    for name in (*files, SOURCE):
        _settle(partial / name)
    _settle(partial)
    return _place(partial, directory)


def place_sealed(models: Path, name: str, source: Hub | Wheel) -> bool:
    """Gives its name to what was sealed just before an interruption; whether there was such."""
    partial = models / f"{name}.partial"
    if not is_whole(partial) or not _matches(source_of(partial), source):
        return False
    _place(partial, models / name)
    return True


def sha256_of(path: Path) -> str:
    """Of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _place(partial: Path, directory: Path) -> Path:
    """Two renames; what had the name before goes only after them."""
    before = directory.with_name(f"{directory.name}.before.partial")
    shutil.rmtree(before, ignore_errors=True)
    if directory.exists():
        directory.rename(before)
    partial.rename(directory)
    _settle(directory.parent)
    shutil.rmtree(before, ignore_errors=True)
    return directory


def _matches(said: Mapping[str, Any], source: Wheel | Hub) -> bool:
    match source:
        case Wheel(pin):
            return said.get("sha256") == pin.sha256
        case Hub(id=repository, revision=revision):
            if said.get("hub") != repository:
                return False
            return revision in (said.get("revision"), said.get("commit"))


def _settle(path: Path) -> None:
    """A power cut after the rename must not leave a whole name over half a file."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
