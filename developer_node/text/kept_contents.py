"""Redacted contents of files that were dirty when something ran: one sealed file each.

Layout of DIRECTORY/<content hash>: sealed (common/sealed.py) with the key of HOME/developer. In
format 1 it was the content itself; such a file is read, and sealed by `seal_plain`.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from common.daemon.files import write_private
from common.daemon.keys import SealingKey, sealing_key
from common.errors import Corrupt
from common.model.ids import ContentHash, content_hash
from common.sealed import seal, unseal

_MAGIC = b"pdvgrd2\n"


class KeptContents:
    """The contents kept for one working copy."""

    def __init__(self, directory: Path, key: SealingKey) -> None:
        self._directory = directory
        self._key = key

    @classmethod
    def of(cls, ground: Path) -> KeptContents:
        """Those in HOME/developer/grounds/<working copy>; Denied when the key is not there."""
        return cls(ground / "kept", sealing_key(ground.parent.parent))

    def names(self) -> set[ContentHash]:
        """What is held; drafts are not."""
        if not self._directory.is_dir():
            return set()
        found = (path.name for path in self._directory.iterdir())
        return {ContentHash(name) for name in found if not name.startswith(".")}

    def read(self, name: ContentHash) -> bytes | None:
        """None when it is not held, or not whole: a power cut may have torn it."""
        try:
            data = (self._directory / name).read_bytes()
        except FileNotFoundError:
            return None
        if content_hash(data) == name:  # format 1
            return data
        try:
            plain = unseal(self._key, _MAGIC, data, name)
        except Corrupt:
            return None
        return plain if content_hash(plain) == name else None

    def put(self, name: ContentHash, data: bytes) -> None:
        """Not synced: one that is torn is recorded anew."""
        self._directory.mkdir(mode=0o700, exist_ok=True)
        (self._directory / name).write_bytes(seal(self._key, _MAGIC, data))

    def drop(self, name: ContentHash) -> None:
        """Removes it."""
        (self._directory / name).unlink(missing_ok=True)

    def seal_plain(self) -> None:
        """Seals what format 1 left here."""
        for name in self.names():
            path = self._directory / name
            with suppress(FileNotFoundError):  # a recorder has dropped it
                data = path.read_bytes()
                if data[: len(_MAGIC)] != _MAGIC:
                    write_private(path, seal(self._key, _MAGIC, data))


def seal_grounds(grounds: Path) -> None:
    """Seals what format 1 left in HOME/developer/grounds, of every working copy."""
    if grounds.is_dir():
        for ground in grounds.iterdir():
            KeptContents.of(ground).seal_plain()
