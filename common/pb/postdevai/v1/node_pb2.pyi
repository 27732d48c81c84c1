from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Node(_message.Message):
    __slots__ = ("role", "id", "address", "state", "lease_s", "version", "pid", "capabilities", "load", "addresses", "projects", "models", "epoch", "certificate_ends_ms", "clock_ahead_ms", "machine", "follows", "behind", "followers", "hidden", "put_out", "left", "on_disk", "in_the_way", "first_lsn")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    LEASE_S_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    LOAD_FIELD_NUMBER: _ClassVar[int]
    ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    PROJECTS_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_ENDS_MS_FIELD_NUMBER: _ClassVar[int]
    CLOCK_AHEAD_MS_FIELD_NUMBER: _ClassVar[int]
    MACHINE_FIELD_NUMBER: _ClassVar[int]
    FOLLOWS_FIELD_NUMBER: _ClassVar[int]
    BEHIND_FIELD_NUMBER: _ClassVar[int]
    FOLLOWERS_FIELD_NUMBER: _ClassVar[int]
    HIDDEN_FIELD_NUMBER: _ClassVar[int]
    PUT_OUT_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    ON_DISK_FIELD_NUMBER: _ClassVar[int]
    IN_THE_WAY_FIELD_NUMBER: _ClassVar[int]
    FIRST_LSN_FIELD_NUMBER: _ClassVar[int]
    role: str
    id: str
    address: str
    state: str
    lease_s: float
    version: str
    pid: int
    capabilities: _containers.RepeatedScalarFieldContainer[str]
    load: NodeLoad
    addresses: _containers.RepeatedScalarFieldContainer[str]
    projects: _containers.RepeatedScalarFieldContainer[str]
    models: _containers.RepeatedScalarFieldContainer[str]
    epoch: int
    certificate_ends_ms: int
    clock_ahead_ms: int
    machine: str
    follows: str
    behind: int
    followers: _containers.RepeatedScalarFieldContainer[str]
    hidden: _containers.RepeatedScalarFieldContainer[str]
    put_out: bool
    left: bool
    on_disk: _containers.RepeatedScalarFieldContainer[str]
    in_the_way: str
    first_lsn: int
    def __init__(self, role: _Optional[str] = ..., id: _Optional[str] = ..., address: _Optional[str] = ..., state: _Optional[str] = ..., lease_s: _Optional[float] = ..., version: _Optional[str] = ..., pid: _Optional[int] = ..., capabilities: _Optional[_Iterable[str]] = ..., load: _Optional[_Union[NodeLoad, _Mapping]] = ..., addresses: _Optional[_Iterable[str]] = ..., projects: _Optional[_Iterable[str]] = ..., models: _Optional[_Iterable[str]] = ..., epoch: _Optional[int] = ..., certificate_ends_ms: _Optional[int] = ..., clock_ahead_ms: _Optional[int] = ..., machine: _Optional[str] = ..., follows: _Optional[str] = ..., behind: _Optional[int] = ..., followers: _Optional[_Iterable[str]] = ..., hidden: _Optional[_Iterable[str]] = ..., put_out: _Optional[bool] = ..., left: _Optional[bool] = ..., on_disk: _Optional[_Iterable[str]] = ..., in_the_way: _Optional[str] = ..., first_lsn: _Optional[int] = ...) -> None: ...

class Member(_message.Message):
    __slots__ = ("role", "id", "certificate_ends_ms", "put_out", "left")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_ENDS_MS_FIELD_NUMBER: _ClassVar[int]
    PUT_OUT_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    role: str
    id: str
    certificate_ends_ms: int
    put_out: bool
    left: bool
    def __init__(self, role: _Optional[str] = ..., id: _Optional[str] = ..., certificate_ends_ms: _Optional[int] = ..., put_out: _Optional[bool] = ..., left: _Optional[bool] = ...) -> None: ...

class NodeLoad(_message.Message):
    __slots__ = ("queue", "rss_bytes", "cpu", "machine_cpu", "machine_memory_bytes", "machine_memory_bytes_max", "context_bytes_free", "lake_bytes_free")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    RSS_BYTES_FIELD_NUMBER: _ClassVar[int]
    CPU_FIELD_NUMBER: _ClassVar[int]
    MACHINE_CPU_FIELD_NUMBER: _ClassVar[int]
    MACHINE_MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    MACHINE_MEMORY_BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_BYTES_FREE_FIELD_NUMBER: _ClassVar[int]
    LAKE_BYTES_FREE_FIELD_NUMBER: _ClassVar[int]
    queue: int
    rss_bytes: int
    cpu: float
    machine_cpu: float
    machine_memory_bytes: int
    machine_memory_bytes_max: int
    context_bytes_free: int
    lake_bytes_free: int
    def __init__(self, queue: _Optional[int] = ..., rss_bytes: _Optional[int] = ..., cpu: _Optional[float] = ..., machine_cpu: _Optional[float] = ..., machine_memory_bytes: _Optional[int] = ..., machine_memory_bytes_max: _Optional[int] = ..., context_bytes_free: _Optional[int] = ..., lake_bytes_free: _Optional[int] = ...) -> None: ...

class Route(_message.Message):
    __slots__ = ("endpoint", "identity", "ticket", "ticket_expires_ms", "reason", "endpoints", "relay", "sealing_key", "epoch")
    ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    TICKET_FIELD_NUMBER: _ClassVar[int]
    TICKET_EXPIRES_MS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ENDPOINTS_FIELD_NUMBER: _ClassVar[int]
    RELAY_FIELD_NUMBER: _ClassVar[int]
    SEALING_KEY_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    endpoint: str
    identity: str
    ticket: str
    ticket_expires_ms: int
    reason: str
    endpoints: _containers.RepeatedScalarFieldContainer[str]
    relay: str
    sealing_key: str
    epoch: int
    def __init__(self, endpoint: _Optional[str] = ..., identity: _Optional[str] = ..., ticket: _Optional[str] = ..., ticket_expires_ms: _Optional[int] = ..., reason: _Optional[str] = ..., endpoints: _Optional[_Iterable[str]] = ..., relay: _Optional[str] = ..., sealing_key: _Optional[str] = ..., epoch: _Optional[int] = ...) -> None: ...
