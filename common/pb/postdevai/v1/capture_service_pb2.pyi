from common.pb.postdevai.v1 import developer_service_pb2 as _developer_service_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ImportRequest(_message.Message):
    __slots__ = ("source", "path")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    source: str
    path: str
    def __init__(self, source: _Optional[str] = ..., path: _Optional[str] = ...) -> None: ...

class ImportResponse(_message.Message):
    __slots__ = ("progress",)
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    progress: ImportProgress
    def __init__(self, progress: _Optional[_Union[ImportProgress, _Mapping]] = ...) -> None: ...

class ImportProgress(_message.Message):
    __slots__ = ("source", "read", "recorded", "known", "left_out", "finished", "unknown")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    READ_FIELD_NUMBER: _ClassVar[int]
    RECORDED_FIELD_NUMBER: _ClassVar[int]
    KNOWN_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    source: str
    read: int
    recorded: int
    known: int
    left_out: int
    finished: bool
    unknown: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, source: _Optional[str] = ..., read: _Optional[int] = ..., recorded: _Optional[int] = ..., known: _Optional[int] = ..., left_out: _Optional[int] = ..., finished: _Optional[bool] = ..., unknown: _Optional[_Iterable[str]] = ...) -> None: ...

class UnwatchRequest(_message.Message):
    __slots__ = ("path",)
    PATH_FIELD_NUMBER: _ClassVar[int]
    path: str
    def __init__(self, path: _Optional[str] = ...) -> None: ...

class UnwatchResponse(_message.Message):
    __slots__ = ("repositories",)
    REPOSITORIES_FIELD_NUMBER: _ClassVar[int]
    repositories: _containers.RepeatedCompositeFieldContainer[_developer_service_pb2.WatchedRepository]
    def __init__(self, repositories: _Optional[_Iterable[_Union[_developer_service_pb2.WatchedRepository, _Mapping]]] = ...) -> None: ...
