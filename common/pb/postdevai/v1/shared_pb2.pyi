from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SharedDelta(_message.Message):
    __slots__ = ("replicas", "entries", "since", "upto")
    REPLICAS_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    UPTO_FIELD_NUMBER: _ClassVar[int]
    replicas: _containers.RepeatedScalarFieldContainer[str]
    entries: _containers.RepeatedCompositeFieldContainer[SharedEntry]
    since: _containers.RepeatedCompositeFieldContainer[SharedSeen]
    upto: _containers.RepeatedCompositeFieldContainer[SharedSeen]
    def __init__(self, replicas: _Optional[_Iterable[str]] = ..., entries: _Optional[_Iterable[_Union[SharedEntry, _Mapping]]] = ..., since: _Optional[_Iterable[_Union[SharedSeen, _Mapping]]] = ..., upto: _Optional[_Iterable[_Union[SharedSeen, _Mapping]]] = ...) -> None: ...

class SharedEntry(_message.Message):
    __slots__ = ("kind", "scope", "key", "values", "seen")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    SEEN_FIELD_NUMBER: _ClassVar[int]
    kind: str
    scope: str
    key: str
    values: _containers.RepeatedCompositeFieldContainer[SharedValue]
    seen: _containers.RepeatedCompositeFieldContainer[SharedSeen]
    def __init__(self, kind: _Optional[str] = ..., scope: _Optional[str] = ..., key: _Optional[str] = ..., values: _Optional[_Iterable[_Union[SharedValue, _Mapping]]] = ..., seen: _Optional[_Iterable[_Union[SharedSeen, _Mapping]]] = ...) -> None: ...

class SharedValue(_message.Message):
    __slots__ = ("replica", "stamp", "value", "removed")
    REPLICA_FIELD_NUMBER: _ClassVar[int]
    STAMP_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    replica: int
    stamp: int
    value: bytes
    removed: bool
    def __init__(self, replica: _Optional[int] = ..., stamp: _Optional[int] = ..., value: _Optional[bytes] = ..., removed: _Optional[bool] = ...) -> None: ...

class SharedSeen(_message.Message):
    __slots__ = ("replica", "stamp")
    REPLICA_FIELD_NUMBER: _ClassVar[int]
    STAMP_FIELD_NUMBER: _ClassVar[int]
    replica: int
    stamp: int
    def __init__(self, replica: _Optional[int] = ..., stamp: _Optional[int] = ...) -> None: ...

class LostValue(_message.Message):
    __slots__ = ("value", "removed", "who", "at_ms")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    WHO_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    value: str
    removed: bool
    who: str
    at_ms: int
    def __init__(self, value: _Optional[str] = ..., removed: _Optional[bool] = ..., who: _Optional[str] = ..., at_ms: _Optional[int] = ...) -> None: ...

class SharedItem(_message.Message):
    __slots__ = ("kind", "scope", "key", "value", "removed", "who", "at_ms", "waits", "lost", "version", "size")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    WHO_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    WAITS_FIELD_NUMBER: _ClassVar[int]
    LOST_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    kind: str
    scope: str
    key: str
    value: str
    removed: bool
    who: str
    at_ms: int
    waits: bool
    lost: _containers.RepeatedCompositeFieldContainer[LostValue]
    version: bytes
    size: int
    def __init__(self, kind: _Optional[str] = ..., scope: _Optional[str] = ..., key: _Optional[str] = ..., value: _Optional[str] = ..., removed: _Optional[bool] = ..., who: _Optional[str] = ..., at_ms: _Optional[int] = ..., waits: _Optional[bool] = ..., lost: _Optional[_Iterable[_Union[LostValue, _Mapping]]] = ..., version: _Optional[bytes] = ..., size: _Optional[int] = ...) -> None: ...

class SharedSession(_message.Message):
    __slots__ = ("scope", "seq", "epoch", "node", "machine", "at_ms", "branch", "files", "note")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    MACHINE_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    BRANCH_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    scope: str
    seq: int
    epoch: int
    node: str
    machine: str
    at_ms: int
    branch: str
    files: _containers.RepeatedScalarFieldContainer[str]
    note: str
    def __init__(self, scope: _Optional[str] = ..., seq: _Optional[int] = ..., epoch: _Optional[int] = ..., node: _Optional[str] = ..., machine: _Optional[str] = ..., at_ms: _Optional[int] = ..., branch: _Optional[str] = ..., files: _Optional[_Iterable[str]] = ..., note: _Optional[str] = ...) -> None: ...

class SyncStatus(_message.Message):
    __slots__ = ("waiting", "exchanged_ms", "sentence", "fields", "notes", "fields_max", "notes_max", "lost", "sessions", "machine", "bytes")
    WAITING_FIELD_NUMBER: _ClassVar[int]
    EXCHANGED_MS_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    FIELDS_MAX_FIELD_NUMBER: _ClassVar[int]
    NOTES_MAX_FIELD_NUMBER: _ClassVar[int]
    LOST_FIELD_NUMBER: _ClassVar[int]
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    MACHINE_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    waiting: int
    exchanged_ms: int
    sentence: str
    fields: int
    notes: int
    fields_max: int
    notes_max: int
    lost: _containers.RepeatedCompositeFieldContainer[SharedItem]
    sessions: _containers.RepeatedCompositeFieldContainer[SharedSession]
    machine: str
    bytes: int
    def __init__(self, waiting: _Optional[int] = ..., exchanged_ms: _Optional[int] = ..., sentence: _Optional[str] = ..., fields: _Optional[int] = ..., notes: _Optional[int] = ..., fields_max: _Optional[int] = ..., notes_max: _Optional[int] = ..., lost: _Optional[_Iterable[_Union[SharedItem, _Mapping]]] = ..., sessions: _Optional[_Iterable[_Union[SharedSession, _Mapping]]] = ..., machine: _Optional[str] = ..., bytes: _Optional[int] = ...) -> None: ...
