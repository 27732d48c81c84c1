"""The spool: events that wait on disk for the daemon, one file each, in the order of writing.

DIRECTORY/<event id>.rec; DIRECTORY/<id before>_<number>_<event id>.rec where the clock has jumped
back, or two were made within a millisecond: an identity sorts by time, which is not the order then.
Layout, sealed (common/sealed.py) with the key of the directory above:
length-prefixed parts (4 bytes, big endian): the event as protobuf, then each blob. A blob's name
is the hash of its content, so it is not written. Drafts begin with a dot and are never read.

Format 1 was plain: its magic, 16 bytes of BLAKE2b over the rest, the parts. It is still read.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from common.daemon.keys import sealing_key
from common.errors import Conflict, Corrupt, Invalid, OverLimit
from common.model.event import Event
from common.model.ids import ContentHash, EventId, content_hash
from common.sealed import seal, unseal
from common.wire.stored import event_from_bytes, event_to_bytes

SPOOL_BYTES_MAX = 256 << 20
"""Beyond this a new entry is refused: what already waits is older and was promised."""

_MAGIC = b"pdvspl2\n"
_KIND = b"pdvspl"
_MAGIC_1 = b"pdvspl1\n"
_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class SpoolEntry:
    """An event and the redacted blobs that it refers to."""

    event: Event
    blobs: dict[ContentHash, bytes]


def write(directory: Path, event: Event, blobs: Mapping[ContentHash, bytes]) -> Path:
    """Puts an entry on disk, whole or not at all; OverLimit when too much waits already.

    Denied when the key that seals it is not there.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    data = seal(sealing_key(directory.parent), _MAGIC, _encode(event, blobs.values()))
    before = waiting(directory)
    _refuse_beyond_limit(before, len(data))
    draft = directory / f".{event.id}.{os.getpid()}"
    path = directory / f"{_behind(before, event.id)}.rec"
    try:
        with open(draft, "xb", opener=_private) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    _sync_directory(directory)
    return path


def read(path: Path) -> SpoolEntry:
    """An entry as it was written; Corrupt with a sentence when it is torn, Conflict when it is of
    a newer version, Denied when the key that sealed it is not there."""
    parts = list(_parts(memoryview(_content(path)), path.name))
    if not parts:
        raise Corrupt(f"{path.name} holds no event")
    try:
        event = event_from_bytes(parts[0])
    except Invalid as error:
        raise Corrupt(f"{path.name}: {error.message}") from error
    return SpoolEntry(event, {content_hash(part): part for part in parts[1:]})


def waiting(directory: Path) -> list[Path]:
    """The entries that wait, oldest first; empty when there is no spool yet."""
    return sorted(directory.glob("[0-9a-f]*.rec"))


def _encode(event: Event, blobs: Iterable[bytes]) -> bytes:
    rest = bytearray()
    for part in (event_to_bytes(event), *blobs):
        rest += len(part).to_bytes(4, "big") + part
    return bytes(rest)


def _content(path: Path) -> bytes:
    data = path.read_bytes()
    if data[: len(_MAGIC_1)] == _MAGIC_1:
        return _content_1(data, path.name)
    if data[: len(_KIND)] == _KIND and data[len(_KIND) : len(_MAGIC)] > _MAGIC[len(_KIND) :]:
        raise Conflict(f"{path.name} is a spool entry of a newer version", hint="Update PostDevAI.")
    return unseal(sealing_key(path.parent.parent), _MAGIC, data, path.name)


def _content_1(data: bytes, name: str) -> bytes:
    head = len(_MAGIC_1) + _DIGEST_BYTES
    if len(data) < head:
        raise Corrupt(f"{name} is not a spool entry")
    if _digest(data[head:]) != data[len(_MAGIC_1) : head]:
        raise Corrupt(f"{name} is torn: {len(data)} bytes that do not match their sum")
    return data[head:]


def _parts(rest: memoryview, name: str) -> Iterator[bytes]:
    while rest:
        size = int.from_bytes(rest[:4], "big")
        if size > len(rest) - 4:
            raise Corrupt(f"{name} ends inside a part")
        yield bytes(rest[4 : 4 + size])
        rest = rest[4 + size :]


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_DIGEST_BYTES).digest()


def _behind(before: Sequence[Path], name: EventId) -> str:
    """A name that sorts behind those that wait already."""
    newest = before[-1].stem if before else ""
    if name > newest:
        return name
    first, _, rest = newest.partition("_")
    number = int(rest.partition("_")[0]) + 1 if rest else 1
    return f"{first}_{number:06d}_{name}"


def _refuse_beyond_limit(before: Sequence[Path], more: int) -> None:
    held = sum(map(_size, before))
    if held + more > SPOOL_BYTES_MAX:
        raise OverLimit(
            f"the spool holds {held >> 20} MiB of {SPOOL_BYTES_MAX >> 20} MiB",
            hint="start the daemon with: postdevai up",
        )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # taken by the daemon meanwhile
        return 0


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
