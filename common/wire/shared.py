"""Deltas and entries of shared state as they travel and are kept: compressed, replicas by place."""

from __future__ import annotations

from itertools import pairwise
from typing import cast, get_args

import zstandard
from google.protobuf.message import DecodeError

from common.errors import Invalid, OverLimit
from common.model.ids import NodeId
from common.model.shared import Delta, Dot, Entry, EntryKind, Name, Vector, Written
from common.pb.postdevai.v1 import shared_pb2 as pb

DELTA_BYTES_MAX = 2 << 20
"""Unpacked."""
NAME_CHARS_MAX = 300
_LEVEL = 6
_KINDS: tuple[str, ...] = get_args(EntryKind)


def delta_to_bytes(delta: Delta) -> bytes:
    """A delta, packed."""
    places = _Places()
    message = pb.SharedDelta(
        entries=[_entry_to_pb(entry, places) for entry in delta.entries],
        since=places.vector(delta.since),
        upto=places.vector(delta.upto),
    )
    message.replicas.extend(places.ids)
    return _packed(message)


def delta_from_bytes(data: bytes) -> Delta:
    """A delta; Invalid when it is none, OverLimit when it is too large."""
    message = _unpacked(data)
    ids = _ids(message)
    entries = tuple(_entry_from_pb(each, ids) for each in message.entries)
    return Delta(entries, _vector(message.since, ids), _vector(message.upto, ids))


def vector_to_bytes(vector: Vector) -> bytes:
    """What was seen, packed."""
    return delta_to_bytes(Delta(upto=vector))


def vector_from_bytes(data: bytes) -> Vector:
    """What was seen; Invalid when it cannot be read."""
    return delta_from_bytes(data).upto if data else {}


def entry_to_bytes(entry: Entry) -> bytes:
    """One entry as it is kept."""
    return delta_to_bytes(Delta((entry,)))


def entry_from_bytes(data: bytes) -> Entry:
    """One entry as it was kept."""
    return delta_from_bytes(data).entries[0]


class _Places:
    """Replicas in the order in which they are first named."""

    def __init__(self) -> None:
        self._at: dict[NodeId, int] = {}

    @property
    def ids(self) -> list[NodeId]:
        return list(self._at)

    def of(self, replica: NodeId) -> int:
        return self._at.setdefault(replica, len(self._at))

    def vector(self, vector: Vector) -> list[pb.SharedSeen]:
        return [pb.SharedSeen(replica=self.of(r), stamp=s) for r, s in sorted(vector.items())]


def _entry_to_pb(entry: Entry, places: _Places) -> pb.SharedEntry:
    known = {each.dot.replica: each.dot.stamp for each in entry.values}
    rest = {r: stamp for r, stamp in entry.seen.items() if known.get(r) != stamp}
    values = [
        pb.SharedValue(
            replica=places.of(each.dot.replica),
            stamp=each.dot.stamp,
            value=each.value or b"",
            removed=each.value is None,
        )
        for each in entry.values
    ]
    name = entry.name
    return pb.SharedEntry(
        kind=name.kind, scope=name.scope, key=name.key, values=values, seen=places.vector(rest)
    )


def _entry_from_pb(message: pb.SharedEntry, ids: list[NodeId]) -> Entry:
    if message.kind not in _KINDS:
        raise Invalid(f"{message.kind[:40]!r} is no kind of entry", field="entries.kind")
    if len(message.scope) > NAME_CHARS_MAX or len(message.key) > NAME_CHARS_MAX:
        raise Invalid(f"a name has at most {NAME_CHARS_MAX} characters", field="entries.key")
    values = tuple(
        Written(Dot(v.stamp, _id(v.replica, ids)), None if v.removed else v.value)
        for v in message.values
    )
    if not values or any(a.dot <= b.dot for a, b in pairwise(values)):
        raise Invalid("values are not there, or not newest first", field="entries.values")
    seen = {each.dot.replica: each.dot.stamp for each in reversed(values)}
    seen.update(_vector(message.seen, ids))
    name = Name(cast(EntryKind, message.kind), message.scope, message.key)
    return Entry(name, values, seen)


def _vector(seen: object, ids: list[NodeId]) -> dict[NodeId, int]:
    return {_id(each.replica, ids): each.stamp for each in cast("list[pb.SharedSeen]", seen)}


def _id(place: int, ids: list[NodeId]) -> NodeId:
    if not 0 <= place < len(ids):
        raise Invalid(f"there is no replica in place {place}", field="replicas")
    return ids[place]


def _ids(message: pb.SharedDelta) -> list[NodeId]:
    if any(not each or len(each) > 64 for each in message.replicas):
        raise Invalid("a replica has no name, or too long a one", field="replicas")
    return [NodeId(each) for each in message.replicas]


def _packed(message: pb.SharedDelta) -> bytes:
    return zstandard.ZstdCompressor(level=_LEVEL).compress(
        message.SerializeToString(deterministic=True)
    )


def _unpacked(data: bytes) -> pb.SharedDelta:
    if not data:
        return pb.SharedDelta()
    try:
        if zstandard.frame_content_size(data) > DELTA_BYTES_MAX:
            raise OverLimit(f"a delta has at most {DELTA_BYTES_MAX:,} bytes")
        plain = zstandard.ZstdDecompressor().decompress(data, max_output_size=DELTA_BYTES_MAX)
        return pb.SharedDelta.FromString(plain)
    except (zstandard.ZstdError, DecodeError) as error:
        raise Invalid("the delta cannot be decoded", field="delta") from error
