from common.pb.postdevai.v1 import answer_pb2 as _answer_pb2
from common.pb.postdevai.v1 import failure_pb2 as _failure_pb2
from common.pb.postdevai.v1 import lake_service_pb2 as _lake_service_pb2
from common.pb.postdevai.v1 import remedy_pb2 as _remedy_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AskRequest(_message.Message):
    __slots__ = ("question", "project", "max_tokens", "model", "before", "pinned", "excluded", "note", "preview")
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    MAX_TOKENS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    PINNED_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FIELD_NUMBER: _ClassVar[int]
    question: str
    project: str
    max_tokens: int
    model: str
    before: _containers.RepeatedCompositeFieldContainer[AskTurn]
    pinned: _containers.RepeatedScalarFieldContainer[str]
    excluded: _containers.RepeatedScalarFieldContainer[str]
    note: str
    preview: bool
    def __init__(self, question: _Optional[str] = ..., project: _Optional[str] = ..., max_tokens: _Optional[int] = ..., model: _Optional[str] = ..., before: _Optional[_Iterable[_Union[AskTurn, _Mapping]]] = ..., pinned: _Optional[_Iterable[str]] = ..., excluded: _Optional[_Iterable[str]] = ..., note: _Optional[str] = ..., preview: _Optional[bool] = ...) -> None: ...

class AskTurn(_message.Message):
    __slots__ = ("question", "answer")
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    question: str
    answer: str
    def __init__(self, question: _Optional[str] = ..., answer: _Optional[str] = ...) -> None: ...

class AskResponse(_message.Message):
    __slots__ = ("passages", "text", "end")
    PASSAGES_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    passages: AskPassages
    text: AskText
    end: AskEnd
    def __init__(self, passages: _Optional[_Union[AskPassages, _Mapping]] = ..., text: _Optional[_Union[AskText, _Mapping]] = ..., end: _Optional[_Union[AskEnd, _Mapping]] = ...) -> None: ...

class AskPassages(_message.Message):
    __slots__ = ("passages", "freshness", "model", "demonstration", "without_model", "prompt")
    PASSAGES_FIELD_NUMBER: _ClassVar[int]
    FRESHNESS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    DEMONSTRATION_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_MODEL_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    passages: _containers.RepeatedCompositeFieldContainer[_answer_pb2.Hit]
    freshness: _answer_pb2.Freshness
    model: str
    demonstration: bool
    without_model: str
    prompt: str
    def __init__(self, passages: _Optional[_Iterable[_Union[_answer_pb2.Hit, _Mapping]]] = ..., freshness: _Optional[_Union[_answer_pb2.Freshness, _Mapping]] = ..., model: _Optional[str] = ..., demonstration: _Optional[bool] = ..., without_model: _Optional[str] = ..., prompt: _Optional[str] = ...) -> None: ...

class AskText(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class AskEnd(_message.Message):
    __slots__ = ("answer", "citations", "finish", "completion_tokens", "prompt_tokens", "cached_tokens", "note")
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    CITATIONS_FIELD_NUMBER: _ClassVar[int]
    FINISH_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    PROMPT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CACHED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    answer: str
    citations: _containers.RepeatedCompositeFieldContainer[_answer_pb2.Hit]
    finish: str
    completion_tokens: int
    prompt_tokens: int
    cached_tokens: int
    note: str
    def __init__(self, answer: _Optional[str] = ..., citations: _Optional[_Iterable[_Union[_answer_pb2.Hit, _Mapping]]] = ..., finish: _Optional[str] = ..., completion_tokens: _Optional[int] = ..., prompt_tokens: _Optional[int] = ..., cached_tokens: _Optional[int] = ..., note: _Optional[str] = ...) -> None: ...

class WatchSuggestionsRequest(_message.Message):
    __slots__ = ("after_cursor",)
    AFTER_CURSOR_FIELD_NUMBER: _ClassVar[int]
    after_cursor: int
    def __init__(self, after_cursor: _Optional[int] = ...) -> None: ...

class WatchSuggestionsResponse(_message.Message):
    __slots__ = ("suggestion",)
    SUGGESTION_FIELD_NUMBER: _ClassVar[int]
    suggestion: _failure_pb2.Suggestion
    def __init__(self, suggestion: _Optional[_Union[_failure_pb2.Suggestion, _Mapping]] = ...) -> None: ...

class FeedbackRequest(_message.Message):
    __slots__ = ("remedy_id", "verdict")
    REMEDY_ID_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    remedy_id: str
    verdict: str
    def __init__(self, remedy_id: _Optional[str] = ..., verdict: _Optional[str] = ...) -> None: ...

class FeedbackResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SnoozeRequest(_message.Message):
    __slots__ = ("suggestion_id", "until_ms")
    SUGGESTION_ID_FIELD_NUMBER: _ClassVar[int]
    UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    suggestion_id: str
    until_ms: int
    def __init__(self, suggestion_id: _Optional[str] = ..., until_ms: _Optional[int] = ...) -> None: ...

class SnoozeResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetCardStatsRequest(_message.Message):
    __slots__ = ("project",)
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    project: str
    def __init__(self, project: _Optional[str] = ...) -> None: ...

class GetCardStatsResponse(_message.Message):
    __slots__ = ("stats",)
    STATS_FIELD_NUMBER: _ClassVar[int]
    stats: _containers.RepeatedCompositeFieldContainer[_remedy_pb2.CardStats]
    def __init__(self, stats: _Optional[_Iterable[_Union[_remedy_pb2.CardStats, _Mapping]]] = ...) -> None: ...

class QuietRequest(_message.Message):
    __slots__ = ("project", "quiet")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    QUIET_FIELD_NUMBER: _ClassVar[int]
    project: str
    quiet: bool
    def __init__(self, project: _Optional[str] = ..., quiet: _Optional[bool] = ...) -> None: ...

class QuietResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetMaterialRequest(_message.Message):
    __slots__ = ("remedy_id",)
    REMEDY_ID_FIELD_NUMBER: _ClassVar[int]
    remedy_id: str
    def __init__(self, remedy_id: _Optional[str] = ...) -> None: ...

class GetMaterialResponse(_message.Message):
    __slots__ = ("material",)
    MATERIAL_FIELD_NUMBER: _ClassVar[int]
    material: _remedy_pb2.RemedyMaterial
    def __init__(self, material: _Optional[_Union[_remedy_pb2.RemedyMaterial, _Mapping]] = ...) -> None: ...

class FollowMemoryRequest(_message.Message):
    __slots__ = ("epoch", "cursor", "held", "since_ms")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    SINCE_MS_FIELD_NUMBER: _ClassVar[int]
    epoch: str
    cursor: int
    held: _containers.RepeatedCompositeFieldContainer[HeldSymptom]
    since_ms: int
    def __init__(self, epoch: _Optional[str] = ..., cursor: _Optional[int] = ..., held: _Optional[_Iterable[_Union[HeldSymptom, _Mapping]]] = ..., since_ms: _Optional[int] = ...) -> None: ...

class HeldSymptom(_message.Message):
    __slots__ = ("fingerprint", "values", "stamp")
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    STAMP_FIELD_NUMBER: _ClassVar[int]
    fingerprint: str
    values: str
    stamp: str
    def __init__(self, fingerprint: _Optional[str] = ..., values: _Optional[str] = ..., stamp: _Optional[str] = ...) -> None: ...

class FollowMemoryResponse(_message.Message):
    __slots__ = ("symptom", "gone", "event", "events_gone", "reset", "complete")
    SYMPTOM_FIELD_NUMBER: _ClassVar[int]
    GONE_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    EVENTS_GONE_FIELD_NUMBER: _ClassVar[int]
    RESET_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    symptom: MirroredSymptom
    gone: SymptomGone
    event: _lake_service_pb2.HistoryEntry
    events_gone: EventsGone
    reset: MemoryReset
    complete: MemoryComplete
    def __init__(self, symptom: _Optional[_Union[MirroredSymptom, _Mapping]] = ..., gone: _Optional[_Union[SymptomGone, _Mapping]] = ..., event: _Optional[_Union[_lake_service_pb2.HistoryEntry, _Mapping]] = ..., events_gone: _Optional[_Union[EventsGone, _Mapping]] = ..., reset: _Optional[_Union[MemoryReset, _Mapping]] = ..., complete: _Optional[_Union[MemoryComplete, _Mapping]] = ...) -> None: ...

class MirroredSymptom(_message.Message):
    __slots__ = ("fingerprint", "values", "stamp", "newest", "at_ms", "offered", "snoozed_until_ms", "why", "recollection")
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    STAMP_FIELD_NUMBER: _ClassVar[int]
    NEWEST_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    OFFERED_FIELD_NUMBER: _ClassVar[int]
    SNOOZED_UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    RECOLLECTION_FIELD_NUMBER: _ClassVar[int]
    fingerprint: str
    values: str
    stamp: str
    newest: int
    at_ms: int
    offered: bool
    snoozed_until_ms: int
    why: str
    recollection: _failure_pb2.Recollection
    def __init__(self, fingerprint: _Optional[str] = ..., values: _Optional[str] = ..., stamp: _Optional[str] = ..., newest: _Optional[int] = ..., at_ms: _Optional[int] = ..., offered: _Optional[bool] = ..., snoozed_until_ms: _Optional[int] = ..., why: _Optional[str] = ..., recollection: _Optional[_Union[_failure_pb2.Recollection, _Mapping]] = ...) -> None: ...

class SymptomGone(_message.Message):
    __slots__ = ("fingerprint", "values")
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    fingerprint: str
    values: str
    def __init__(self, fingerprint: _Optional[str] = ..., values: _Optional[str] = ...) -> None: ...

class EventsGone(_message.Message):
    __slots__ = ("ids",)
    IDS_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, ids: _Optional[_Iterable[str]] = ...) -> None: ...

class MemoryReset(_message.Message):
    __slots__ = ("epoch",)
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    epoch: str
    def __init__(self, epoch: _Optional[str] = ...) -> None: ...

class MemoryComplete(_message.Message):
    __slots__ = ("epoch", "cursor")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    epoch: str
    cursor: int
    def __init__(self, epoch: _Optional[str] = ..., cursor: _Optional[int] = ...) -> None: ...
