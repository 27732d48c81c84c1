"""Which calls may be sent twice: as their protos say, and what says nothing is sent once."""

from __future__ import annotations

from functools import cache

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

from common.pb.postdevai.v1 import (
    assistant_service_pb2,
    capture_service_pb2,
    developer_service_pb2,
    enrolment_service_pb2,
    inference_service_pb2,
    lake_service_pb2,
    owner_service_pb2,
    registry_service_pb2,
    relay_service_pb2,
    remedy_service_pb2,
    replica_service_pb2,
    sealing_service_pb2,
    shared_service_pb2,
    sync_service_pb2,
    task_service_pb2,
)

_FILES = (
    assistant_service_pb2,
    capture_service_pb2,
    developer_service_pb2,
    enrolment_service_pb2,
    inference_service_pb2,
    lake_service_pb2,
    owner_service_pb2,
    registry_service_pb2,
    relay_service_pb2,
    remedy_service_pb2,
    replica_service_pb2,
    sealing_service_pb2,
    shared_service_pb2,
    sync_service_pb2,
    task_service_pb2,
)


@cache
def methods() -> dict[str, MethodDescriptor]:
    """Every call of ours by "Service/Method"."""
    services = [s for file in _FILES for s in file.DESCRIPTOR.services_by_name.values()]
    return {f"{s.name}/{m.name}": m for s in services for m in s.methods}


@cache
def is_repeatable(method: str) -> bool:
    """Whether "Service/Method" has the same effect sent once or twice."""
    level = methods()[method].GetOptions().idempotency_level
    return level in (MethodOptions.NO_SIDE_EFFECTS, MethodOptions.IDEMPOTENT)
