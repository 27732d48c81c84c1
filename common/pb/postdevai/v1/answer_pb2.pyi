from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class HitKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HIT_KIND_UNSPECIFIED: _ClassVar[HitKind]
    HIT_KIND_CODE: _ClassVar[HitKind]
    HIT_KIND_EVENT: _ClassVar[HitKind]
    HIT_KIND_FAILURE: _ClassVar[HitKind]
HIT_KIND_UNSPECIFIED: HitKind
HIT_KIND_CODE: HitKind
HIT_KIND_EVENT: HitKind
HIT_KIND_FAILURE: HitKind

class ProjectFreshness(_message.Message):
    __slots__ = ("project", "working_copy", "indexed_commit", "head_commit", "files_behind", "copy", "machine")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    WORKING_COPY_FIELD_NUMBER: _ClassVar[int]
    INDEXED_COMMIT_FIELD_NUMBER: _ClassVar[int]
    HEAD_COMMIT_FIELD_NUMBER: _ClassVar[int]
    FILES_BEHIND_FIELD_NUMBER: _ClassVar[int]
    COPY_FIELD_NUMBER: _ClassVar[int]
    MACHINE_FIELD_NUMBER: _ClassVar[int]
    project: str
    working_copy: str
    indexed_commit: str
    head_commit: str
    files_behind: int
    copy: str
    machine: str
    def __init__(self, project: _Optional[str] = ..., working_copy: _Optional[str] = ..., indexed_commit: _Optional[str] = ..., head_commit: _Optional[str] = ..., files_behind: _Optional[int] = ..., copy: _Optional[str] = ..., machine: _Optional[str] = ...) -> None: ...

class Freshness(_message.Message):
    __slots__ = ("projects", "events_behind", "vectors_share", "words_behind", "not_asked", "asleep", "away")
    PROJECTS_FIELD_NUMBER: _ClassVar[int]
    EVENTS_BEHIND_FIELD_NUMBER: _ClassVar[int]
    VECTORS_SHARE_FIELD_NUMBER: _ClassVar[int]
    WORDS_BEHIND_FIELD_NUMBER: _ClassVar[int]
    NOT_ASKED_FIELD_NUMBER: _ClassVar[int]
    ASLEEP_FIELD_NUMBER: _ClassVar[int]
    AWAY_FIELD_NUMBER: _ClassVar[int]
    projects: _containers.RepeatedCompositeFieldContainer[ProjectFreshness]
    events_behind: int
    vectors_share: float
    words_behind: int
    not_asked: _containers.RepeatedScalarFieldContainer[str]
    asleep: _containers.RepeatedScalarFieldContainer[str]
    away: Away
    def __init__(self, projects: _Optional[_Iterable[_Union[ProjectFreshness, _Mapping]]] = ..., events_behind: _Optional[int] = ..., vectors_share: _Optional[float] = ..., words_behind: _Optional[int] = ..., not_asked: _Optional[_Iterable[str]] = ..., asleep: _Optional[_Iterable[str]] = ..., away: _Optional[_Union[Away, _Mapping]] = ...) -> None: ...

class Away(_message.Message):
    __slots__ = ("source", "sentence", "as_of_ms", "waiting")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    AS_OF_MS_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    source: str
    sentence: str
    as_of_ms: int
    waiting: int
    def __init__(self, source: _Optional[str] = ..., sentence: _Optional[str] = ..., as_of_ms: _Optional[int] = ..., waiting: _Optional[int] = ...) -> None: ...

class Hit(_message.Message):
    __slots__ = ("project", "working_copy", "path", "start_line", "end_line", "symbol", "commit", "blob", "dirty", "score", "why", "text", "kind", "event", "language", "at_ms")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    WORKING_COPY_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    START_LINE_FIELD_NUMBER: _ClassVar[int]
    END_LINE_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    BLOB_FIELD_NUMBER: _ClassVar[int]
    DIRTY_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    project: str
    working_copy: str
    path: str
    start_line: int
    end_line: int
    symbol: str
    commit: str
    blob: str
    dirty: bool
    score: float
    why: _containers.RepeatedScalarFieldContainer[str]
    text: str
    kind: HitKind
    event: str
    language: str
    at_ms: int
    def __init__(self, project: _Optional[str] = ..., working_copy: _Optional[str] = ..., path: _Optional[str] = ..., start_line: _Optional[int] = ..., end_line: _Optional[int] = ..., symbol: _Optional[str] = ..., commit: _Optional[str] = ..., blob: _Optional[str] = ..., dirty: _Optional[bool] = ..., score: _Optional[float] = ..., why: _Optional[_Iterable[str]] = ..., text: _Optional[str] = ..., kind: _Optional[_Union[HitKind, str]] = ..., event: _Optional[str] = ..., language: _Optional[str] = ..., at_ms: _Optional[int] = ...) -> None: ...
