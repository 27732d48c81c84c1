from common.pb.postdevai.v1 import event_pb2 as _event_pb2
from common.pb.postdevai.v1 import remedy_pb2 as _remedy_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ProveRequest(_message.Message):
    __slots__ = ("remedy_id", "path", "commit", "consent", "timeout_s")
    REMEDY_ID_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    CONSENT_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_S_FIELD_NUMBER: _ClassVar[int]
    remedy_id: str
    path: str
    commit: str
    consent: bool
    timeout_s: float
    def __init__(self, remedy_id: _Optional[str] = ..., path: _Optional[str] = ..., commit: _Optional[str] = ..., consent: _Optional[bool] = ..., timeout_s: _Optional[float] = ...) -> None: ...

class ProveResponse(_message.Message):
    __slots__ = ("progress", "finished")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    progress: ProofProgress
    finished: _event_pb2.ProofFinished
    def __init__(self, progress: _Optional[_Union[ProofProgress, _Mapping]] = ..., finished: _Optional[_Union[_event_pb2.ProofFinished, _Mapping]] = ...) -> None: ...

class ProofProgress(_message.Message):
    __slots__ = ("stage", "done", "of", "sentence")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    OF_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    stage: str
    done: int
    of: int
    sentence: str
    def __init__(self, stage: _Optional[str] = ..., done: _Optional[int] = ..., of: _Optional[int] = ..., sentence: _Optional[str] = ...) -> None: ...

class MineRequest(_message.Message):
    __slots__ = ("path", "limit")
    PATH_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    path: str
    limit: int
    def __init__(self, path: _Optional[str] = ..., limit: _Optional[int] = ...) -> None: ...

class MineResponse(_message.Message):
    __slots__ = ("progress", "fix", "end")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    FIX_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    progress: MineProgress
    fix: _remedy_pb2.MinedFix
    end: MineEnd
    def __init__(self, progress: _Optional[_Union[MineProgress, _Mapping]] = ..., fix: _Optional[_Union[_remedy_pb2.MinedFix, _Mapping]] = ..., end: _Optional[_Union[MineEnd, _Mapping]] = ...) -> None: ...

class MineProgress(_message.Message):
    __slots__ = ("looked", "of")
    LOOKED_FIELD_NUMBER: _ClassVar[int]
    OF_FIELD_NUMBER: _ClassVar[int]
    looked: int
    of: int
    def __init__(self, looked: _Optional[int] = ..., of: _Optional[int] = ...) -> None: ...

class MineEnd(_message.Message):
    __slots__ = ("looked", "found", "sentence")
    LOOKED_FIELD_NUMBER: _ClassVar[int]
    FOUND_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    looked: int
    found: int
    sentence: str
    def __init__(self, looked: _Optional[int] = ..., found: _Optional[int] = ..., sentence: _Optional[str] = ...) -> None: ...

class DraftPatchRequest(_message.Message):
    __slots__ = ("remedy_id", "path")
    REMEDY_ID_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    remedy_id: str
    path: str
    def __init__(self, remedy_id: _Optional[str] = ..., path: _Optional[str] = ...) -> None: ...

class DraftPatchResponse(_message.Message):
    __slots__ = ("patch",)
    PATCH_FIELD_NUMBER: _ClassVar[int]
    patch: _remedy_pb2.DraftedPatch
    def __init__(self, patch: _Optional[_Union[_remedy_pb2.DraftedPatch, _Mapping]] = ...) -> None: ...

class SnoozeCardRequest(_message.Message):
    __slots__ = ("suggestion_id", "minutes")
    SUGGESTION_ID_FIELD_NUMBER: _ClassVar[int]
    MINUTES_FIELD_NUMBER: _ClassVar[int]
    suggestion_id: str
    minutes: int
    def __init__(self, suggestion_id: _Optional[str] = ..., minutes: _Optional[int] = ...) -> None: ...

class SnoozeCardResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListCardStatsRequest(_message.Message):
    __slots__ = ("project",)
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    project: str
    def __init__(self, project: _Optional[str] = ...) -> None: ...

class ListCardStatsResponse(_message.Message):
    __slots__ = ("stats",)
    STATS_FIELD_NUMBER: _ClassVar[int]
    stats: _containers.RepeatedCompositeFieldContainer[_remedy_pb2.CardStats]
    def __init__(self, stats: _Optional[_Iterable[_Union[_remedy_pb2.CardStats, _Mapping]]] = ...) -> None: ...

class SetQuietRequest(_message.Message):
    __slots__ = ("project", "quiet")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    QUIET_FIELD_NUMBER: _ClassVar[int]
    project: str
    quiet: bool
    def __init__(self, project: _Optional[str] = ..., quiet: _Optional[bool] = ...) -> None: ...

class SetQuietResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RevertActRequest(_message.Message):
    __slots__ = ("event_id",)
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    def __init__(self, event_id: _Optional[str] = ...) -> None: ...

class RevertActResponse(_message.Message):
    __slots__ = ("act",)
    ACT_FIELD_NUMBER: _ClassVar[int]
    act: _event_pb2.ActDone
    def __init__(self, act: _Optional[_Union[_event_pb2.ActDone, _Mapping]] = ...) -> None: ...

class GetAutonomyRequest(_message.Message):
    __slots__ = ("path",)
    PATH_FIELD_NUMBER: _ClassVar[int]
    path: str
    def __init__(self, path: _Optional[str] = ...) -> None: ...

class GetAutonomyResponse(_message.Message):
    __slots__ = ("setting",)
    SETTING_FIELD_NUMBER: _ClassVar[int]
    setting: _remedy_pb2.AutonomySetting
    def __init__(self, setting: _Optional[_Union[_remedy_pb2.AutonomySetting, _Mapping]] = ...) -> None: ...

class SetAutonomyRequest(_message.Message):
    __slots__ = ("setting",)
    SETTING_FIELD_NUMBER: _ClassVar[int]
    setting: _remedy_pb2.AutonomySetting
    def __init__(self, setting: _Optional[_Union[_remedy_pb2.AutonomySetting, _Mapping]] = ...) -> None: ...

class SetAutonomyResponse(_message.Message):
    __slots__ = ("setting",)
    SETTING_FIELD_NUMBER: _ClassVar[int]
    setting: _remedy_pb2.AutonomySetting
    def __init__(self, setting: _Optional[_Union[_remedy_pb2.AutonomySetting, _Mapping]] = ...) -> None: ...
