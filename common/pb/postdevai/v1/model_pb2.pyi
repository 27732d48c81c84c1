from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Model(_message.Message):
    __slots__ = ("name", "purpose", "state", "progress", "parameters", "bytes", "detail", "source", "priority", "context", "pinned", "alternatives", "arrived_bytes", "total_bytes", "disk_bytes", "needs_bytes", "kv_bytes_per_token", "draft", "kv_bits", "requests", "used_ms", "reason", "active", "tools")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    PINNED_FIELD_NUMBER: _ClassVar[int]
    ALTERNATIVES_FIELD_NUMBER: _ClassVar[int]
    ARRIVED_BYTES_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    DISK_BYTES_FIELD_NUMBER: _ClassVar[int]
    NEEDS_BYTES_FIELD_NUMBER: _ClassVar[int]
    KV_BYTES_PER_TOKEN_FIELD_NUMBER: _ClassVar[int]
    DRAFT_FIELD_NUMBER: _ClassVar[int]
    KV_BITS_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    USED_MS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    name: str
    purpose: str
    state: str
    progress: float
    parameters: int
    bytes: int
    detail: str
    source: str
    priority: int
    context: int
    pinned: bool
    alternatives: _containers.RepeatedScalarFieldContainer[str]
    arrived_bytes: int
    total_bytes: int
    disk_bytes: int
    needs_bytes: int
    kv_bytes_per_token: int
    draft: str
    kv_bits: int
    requests: int
    used_ms: int
    reason: str
    active: bool
    tools: bool
    def __init__(self, name: _Optional[str] = ..., purpose: _Optional[str] = ..., state: _Optional[str] = ..., progress: _Optional[float] = ..., parameters: _Optional[int] = ..., bytes: _Optional[int] = ..., detail: _Optional[str] = ..., source: _Optional[str] = ..., priority: _Optional[int] = ..., context: _Optional[int] = ..., pinned: _Optional[bool] = ..., alternatives: _Optional[_Iterable[str]] = ..., arrived_bytes: _Optional[int] = ..., total_bytes: _Optional[int] = ..., disk_bytes: _Optional[int] = ..., needs_bytes: _Optional[int] = ..., kv_bytes_per_token: _Optional[int] = ..., draft: _Optional[str] = ..., kv_bits: _Optional[int] = ..., requests: _Optional[int] = ..., used_ms: _Optional[int] = ..., reason: _Optional[str] = ..., active: _Optional[bool] = ..., tools: _Optional[bool] = ...) -> None: ...

class ModelChange(_message.Message):
    __slots__ = ("cursor", "at_ms", "model", "reset", "gone")
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    RESET_FIELD_NUMBER: _ClassVar[int]
    GONE_FIELD_NUMBER: _ClassVar[int]
    cursor: int
    at_ms: int
    model: Model
    reset: bool
    gone: bool
    def __init__(self, cursor: _Optional[int] = ..., at_ms: _Optional[int] = ..., model: _Optional[_Union[Model, _Mapping]] = ..., reset: _Optional[bool] = ..., gone: _Optional[bool] = ...) -> None: ...
