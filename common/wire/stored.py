"""An event as the bytes that are kept of it, without importing any service's messages."""

from __future__ import annotations

from google.protobuf.message import DecodeError

from common.errors import Corrupt
from common.model.event import Event
from common.pb.postdevai.v1 import event_pb2
from common.wire.translate import from_pb, to_pb


def event_to_bytes(event: Event) -> bytes:
    """The event as it is spooled, queued and journalled."""
    return to_pb(event, event_pb2.Event).SerializeToString()


def event_from_bytes(data: bytes) -> Event:
    """The event again; Corrupt when the bytes are none, Invalid when a field is wrong."""
    message = event_pb2.Event()
    try:
        message.ParseFromString(data)
    except DecodeError as error:
        raise Corrupt("these bytes are no event") from error
    return from_pb(message, Event, "event.")
