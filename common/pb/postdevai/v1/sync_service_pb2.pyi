from common.pb.postdevai.v1 import shared_pb2 as _shared_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExchangeRequest(_message.Message):
    __slots__ = ("delta", "vector", "now_ms")
    DELTA_FIELD_NUMBER: _ClassVar[int]
    VECTOR_FIELD_NUMBER: _ClassVar[int]
    NOW_MS_FIELD_NUMBER: _ClassVar[int]
    delta: bytes
    vector: bytes
    now_ms: int
    def __init__(self, delta: _Optional[bytes] = ..., vector: _Optional[bytes] = ..., now_ms: _Optional[int] = ...) -> None: ...

class ExchangeResponse(_message.Message):
    __slots__ = ("delta", "vector", "more", "merged", "now_ms", "whole", "names")
    DELTA_FIELD_NUMBER: _ClassVar[int]
    VECTOR_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    MERGED_FIELD_NUMBER: _ClassVar[int]
    NOW_MS_FIELD_NUMBER: _ClassVar[int]
    WHOLE_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    delta: bytes
    vector: bytes
    more: bool
    merged: bool
    now_ms: int
    whole: bool
    names: bytes
    def __init__(self, delta: _Optional[bytes] = ..., vector: _Optional[bytes] = ..., more: _Optional[bool] = ..., merged: _Optional[bool] = ..., now_ms: _Optional[int] = ..., whole: _Optional[bool] = ..., names: _Optional[bytes] = ...) -> None: ...

class WatchSharedRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WatchSharedResponse(_message.Message):
    __slots__ = ("revision",)
    REVISION_FIELD_NUMBER: _ClassVar[int]
    revision: int
    def __init__(self, revision: _Optional[int] = ...) -> None: ...

class TakeSessionRequest(_message.Message):
    __slots__ = ("scope", "epoch", "hand_over")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    HAND_OVER_FIELD_NUMBER: _ClassVar[int]
    scope: str
    epoch: int
    hand_over: bool
    def __init__(self, scope: _Optional[str] = ..., epoch: _Optional[int] = ..., hand_over: _Optional[bool] = ...) -> None: ...

class TakeSessionResponse(_message.Message):
    __slots__ = ("epoch", "ends_ms")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    ENDS_MS_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    ends_ms: int
    def __init__(self, epoch: _Optional[int] = ..., ends_ms: _Optional[int] = ...) -> None: ...

class LeaveSessionRequest(_message.Message):
    __slots__ = ("scope", "epoch")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    scope: str
    epoch: int
    def __init__(self, scope: _Optional[str] = ..., epoch: _Optional[int] = ...) -> None: ...

class LeaveSessionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AppendSessionRequest(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _shared_pb2.SharedSession
    def __init__(self, session: _Optional[_Union[_shared_pb2.SharedSession, _Mapping]] = ...) -> None: ...

class AppendSessionResponse(_message.Message):
    __slots__ = ("seq",)
    SEQ_FIELD_NUMBER: _ClassVar[int]
    seq: int
    def __init__(self, seq: _Optional[int] = ...) -> None: ...

class ReadSessionRequest(_message.Message):
    __slots__ = ("scope", "after")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    scope: str
    after: int
    def __init__(self, scope: _Optional[str] = ..., after: _Optional[int] = ...) -> None: ...

class ReadSessionResponse(_message.Message):
    __slots__ = ("sessions",)
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    sessions: _containers.RepeatedCompositeFieldContainer[_shared_pb2.SharedSession]
    def __init__(self, sessions: _Optional[_Iterable[_Union[_shared_pb2.SharedSession, _Mapping]]] = ...) -> None: ...

class ListSessionsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListSessionsResponse(_message.Message):
    __slots__ = ("sessions",)
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    sessions: _containers.RepeatedCompositeFieldContainer[_shared_pb2.SharedSession]
    def __init__(self, sessions: _Optional[_Iterable[_Union[_shared_pb2.SharedSession, _Mapping]]] = ...) -> None: ...
