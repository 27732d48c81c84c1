from common.pb.postdevai.v1 import assistant_service_pb2 as _assistant_service_pb2
from common.pb.postdevai.v1 import event_pb2 as _event_pb2
from common.pb.postdevai.v1 import failure_pb2 as _failure_pb2
from common.pb.postdevai.v1 import inference_service_pb2 as _inference_service_pb2
from common.pb.postdevai.v1 import lake_service_pb2 as _lake_service_pb2
from common.pb.postdevai.v1 import model_pb2 as _model_pb2
from common.pb.postdevai.v1 import node_pb2 as _node_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StatusResponse(_message.Message):
    __slots__ = ("nodes", "outbox", "lake", "models", "repositories", "dragon_unavailable", "coordinator_unavailable", "inference", "api_version", "circuits", "near", "node", "put_out")
    NODES_FIELD_NUMBER: _ClassVar[int]
    OUTBOX_FIELD_NUMBER: _ClassVar[int]
    LAKE_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    REPOSITORIES_FIELD_NUMBER: _ClassVar[int]
    DRAGON_UNAVAILABLE_FIELD_NUMBER: _ClassVar[int]
    COORDINATOR_UNAVAILABLE_FIELD_NUMBER: _ClassVar[int]
    INFERENCE_FIELD_NUMBER: _ClassVar[int]
    API_VERSION_FIELD_NUMBER: _ClassVar[int]
    CIRCUITS_FIELD_NUMBER: _ClassVar[int]
    NEAR_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    PUT_OUT_FIELD_NUMBER: _ClassVar[int]
    nodes: _containers.RepeatedCompositeFieldContainer[_node_pb2.Node]
    outbox: OutboxStatus
    lake: _lake_service_pb2.StatsResponse
    models: _containers.RepeatedCompositeFieldContainer[_model_pb2.Model]
    repositories: _containers.RepeatedCompositeFieldContainer[WatchedRepository]
    dragon_unavailable: str
    coordinator_unavailable: str
    inference: _inference_service_pb2.InferenceStatsResponse
    api_version: str
    circuits: _containers.RepeatedCompositeFieldContainer[Circuit]
    near: NearStatus
    node: str
    put_out: str
    def __init__(self, nodes: _Optional[_Iterable[_Union[_node_pb2.Node, _Mapping]]] = ..., outbox: _Optional[_Union[OutboxStatus, _Mapping]] = ..., lake: _Optional[_Union[_lake_service_pb2.StatsResponse, _Mapping]] = ..., models: _Optional[_Iterable[_Union[_model_pb2.Model, _Mapping]]] = ..., repositories: _Optional[_Iterable[_Union[WatchedRepository, _Mapping]]] = ..., dragon_unavailable: _Optional[str] = ..., coordinator_unavailable: _Optional[str] = ..., inference: _Optional[_Union[_inference_service_pb2.InferenceStatsResponse, _Mapping]] = ..., api_version: _Optional[str] = ..., circuits: _Optional[_Iterable[_Union[Circuit, _Mapping]]] = ..., near: _Optional[_Union[NearStatus, _Mapping]] = ..., node: _Optional[str] = ..., put_out: _Optional[str] = ...) -> None: ...

class Circuit(_message.Message):
    __slots__ = ("name", "state", "failures", "retry_at_ms", "sentence", "relayed")
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    RETRY_AT_MS_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    RELAYED_FIELD_NUMBER: _ClassVar[int]
    name: str
    state: str
    failures: int
    retry_at_ms: int
    sentence: str
    relayed: bool
    def __init__(self, name: _Optional[str] = ..., state: _Optional[str] = ..., failures: _Optional[int] = ..., retry_at_ms: _Optional[int] = ..., sentence: _Optional[str] = ..., relayed: _Optional[bool] = ...) -> None: ...

class NearStatus(_message.Message):
    __slots__ = ("away", "away_since_ms", "symptoms", "events", "bytes", "bytes_max", "as_of_ms", "model", "verdicts_waiting", "sentence")
    AWAY_FIELD_NUMBER: _ClassVar[int]
    AWAY_SINCE_MS_FIELD_NUMBER: _ClassVar[int]
    SYMPTOMS_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    AS_OF_MS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERDICTS_WAITING_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    away: bool
    away_since_ms: int
    symptoms: int
    events: int
    bytes: int
    bytes_max: int
    as_of_ms: int
    model: str
    verdicts_waiting: int
    sentence: str
    def __init__(self, away: _Optional[bool] = ..., away_since_ms: _Optional[int] = ..., symptoms: _Optional[int] = ..., events: _Optional[int] = ..., bytes: _Optional[int] = ..., bytes_max: _Optional[int] = ..., as_of_ms: _Optional[int] = ..., model: _Optional[str] = ..., verdicts_waiting: _Optional[int] = ..., sentence: _Optional[str] = ...) -> None: ...

class OutboxStatus(_message.Message):
    __slots__ = ("waiting", "refused", "gaps", "bytes", "bytes_max", "spooled", "bodies_dropped", "sentence", "refusal")
    WAITING_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    GAPS_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    SPOOLED_FIELD_NUMBER: _ClassVar[int]
    BODIES_DROPPED_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    waiting: int
    refused: int
    gaps: int
    bytes: int
    bytes_max: int
    spooled: int
    bodies_dropped: int
    sentence: str
    refusal: str
    def __init__(self, waiting: _Optional[int] = ..., refused: _Optional[int] = ..., gaps: _Optional[int] = ..., bytes: _Optional[int] = ..., bytes_max: _Optional[int] = ..., spooled: _Optional[int] = ..., bodies_dropped: _Optional[int] = ..., sentence: _Optional[str] = ..., refusal: _Optional[str] = ...) -> None: ...

class WatchedRepository(_message.Message):
    __slots__ = ("path", "working_copy", "files", "skipped", "state")
    PATH_FIELD_NUMBER: _ClassVar[int]
    WORKING_COPY_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    path: str
    working_copy: str
    files: int
    skipped: int
    state: str
    def __init__(self, path: _Optional[str] = ..., working_copy: _Optional[str] = ..., files: _Optional[int] = ..., skipped: _Optional[int] = ..., state: _Optional[str] = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ("path",)
    PATH_FIELD_NUMBER: _ClassVar[int]
    path: str
    def __init__(self, path: _Optional[str] = ...) -> None: ...

class WatchResponse(_message.Message):
    __slots__ = ("repository",)
    REPOSITORY_FIELD_NUMBER: _ClassVar[int]
    repository: WatchedRepository
    def __init__(self, repository: _Optional[_Union[WatchedRepository, _Mapping]] = ...) -> None: ...

class RecordEditorRequest(_message.Message):
    __slots__ = ("path", "event")
    PATH_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    path: str
    event: _event_pb2.EditorEvent
    def __init__(self, path: _Optional[str] = ..., event: _Optional[_Union[_event_pb2.EditorEvent, _Mapping]] = ...) -> None: ...

class RecordEditorResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WatchFeedRequest(_message.Message):
    __slots__ = ("after_cursor", "epoch")
    AFTER_CURSOR_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    after_cursor: int
    epoch: str
    def __init__(self, after_cursor: _Optional[int] = ..., epoch: _Optional[str] = ...) -> None: ...

class WatchFeedResponse(_message.Message):
    __slots__ = ("cursor", "epoch", "event", "suggestion", "state", "gap")
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    SUGGESTION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    GAP_FIELD_NUMBER: _ClassVar[int]
    cursor: int
    epoch: str
    event: _event_pb2.Event
    suggestion: _failure_pb2.Suggestion
    state: FeedState
    gap: FeedGap
    def __init__(self, cursor: _Optional[int] = ..., epoch: _Optional[str] = ..., event: _Optional[_Union[_event_pb2.Event, _Mapping]] = ..., suggestion: _Optional[_Union[_failure_pb2.Suggestion, _Mapping]] = ..., state: _Optional[_Union[FeedState, _Mapping]] = ..., gap: _Optional[_Union[FeedGap, _Mapping]] = ...) -> None: ...

class FeedGap(_message.Message):
    __slots__ = ("missed", "sentence")
    MISSED_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    missed: int
    sentence: str
    def __init__(self, missed: _Optional[int] = ..., sentence: _Optional[str] = ...) -> None: ...

class FeedState(_message.Message):
    __slots__ = ("dragon", "coordinator", "waiting", "sentence")
    DRAGON_FIELD_NUMBER: _ClassVar[int]
    COORDINATOR_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    dragon: bool
    coordinator: bool
    waiting: int
    sentence: str
    def __init__(self, dragon: _Optional[bool] = ..., coordinator: _Optional[bool] = ..., waiting: _Optional[int] = ..., sentence: _Optional[str] = ...) -> None: ...

class DeveloperServiceAskRequest(_message.Message):
    __slots__ = ("ask",)
    ASK_FIELD_NUMBER: _ClassVar[int]
    ask: _assistant_service_pb2.AskRequest
    def __init__(self, ask: _Optional[_Union[_assistant_service_pb2.AskRequest, _Mapping]] = ...) -> None: ...

class DeveloperServiceAskResponse(_message.Message):
    __slots__ = ("part",)
    PART_FIELD_NUMBER: _ClassVar[int]
    part: _assistant_service_pb2.AskResponse
    def __init__(self, part: _Optional[_Union[_assistant_service_pb2.AskResponse, _Mapping]] = ...) -> None: ...

class DeveloperServiceSearchRequest(_message.Message):
    __slots__ = ("search",)
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    search: _lake_service_pb2.SearchRequest
    def __init__(self, search: _Optional[_Union[_lake_service_pb2.SearchRequest, _Mapping]] = ...) -> None: ...

class DeveloperServiceSearchResponse(_message.Message):
    __slots__ = ("result",)
    RESULT_FIELD_NUMBER: _ClassVar[int]
    result: _lake_service_pb2.SearchResponse
    def __init__(self, result: _Optional[_Union[_lake_service_pb2.SearchResponse, _Mapping]] = ...) -> None: ...

class DeveloperServiceRecallRequest(_message.Message):
    __slots__ = ("last", "fingerprint", "text", "cwd")
    LAST_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    CWD_FIELD_NUMBER: _ClassVar[int]
    last: bool
    fingerprint: str
    text: str
    cwd: str
    def __init__(self, last: _Optional[bool] = ..., fingerprint: _Optional[str] = ..., text: _Optional[str] = ..., cwd: _Optional[str] = ...) -> None: ...

class DeveloperServiceRecallResponse(_message.Message):
    __slots__ = ("recollection",)
    RECOLLECTION_FIELD_NUMBER: _ClassVar[int]
    recollection: _failure_pb2.Recollection
    def __init__(self, recollection: _Optional[_Union[_failure_pb2.Recollection, _Mapping]] = ...) -> None: ...

class DeveloperServiceHistoryRequest(_message.Message):
    __slots__ = ("history",)
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    history: _lake_service_pb2.HistoryRequest
    def __init__(self, history: _Optional[_Union[_lake_service_pb2.HistoryRequest, _Mapping]] = ...) -> None: ...

class DeveloperServiceHistoryResponse(_message.Message):
    __slots__ = ("result",)
    RESULT_FIELD_NUMBER: _ClassVar[int]
    result: _lake_service_pb2.HistoryResponse
    def __init__(self, result: _Optional[_Union[_lake_service_pb2.HistoryResponse, _Mapping]] = ...) -> None: ...

class DeveloperServiceGetEventRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class DeveloperServiceGetEventResponse(_message.Message):
    __slots__ = ("event", "project")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    event: _event_pb2.Event
    project: str
    def __init__(self, event: _Optional[_Union[_event_pb2.Event, _Mapping]] = ..., project: _Optional[str] = ...) -> None: ...

class DeveloperServiceGetBlobRequest(_message.Message):
    __slots__ = ("hash",)
    HASH_FIELD_NUMBER: _ClassVar[int]
    hash: str
    def __init__(self, hash: _Optional[str] = ...) -> None: ...

class DeveloperServiceGetBlobResponse(_message.Message):
    __slots__ = ("data",)
    DATA_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    def __init__(self, data: _Optional[bytes] = ...) -> None: ...

class DeveloperServiceFeedbackRequest(_message.Message):
    __slots__ = ("feedback",)
    FEEDBACK_FIELD_NUMBER: _ClassVar[int]
    feedback: _assistant_service_pb2.FeedbackRequest
    def __init__(self, feedback: _Optional[_Union[_assistant_service_pb2.FeedbackRequest, _Mapping]] = ...) -> None: ...

class DeveloperServiceFeedbackResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DeveloperServiceListNodesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DeveloperServiceListNodesResponse(_message.Message):
    __slots__ = ("nodes",)
    NODES_FIELD_NUMBER: _ClassVar[int]
    nodes: _containers.RepeatedCompositeFieldContainer[_node_pb2.Node]
    def __init__(self, nodes: _Optional[_Iterable[_Union[_node_pb2.Node, _Mapping]]] = ...) -> None: ...

class DeveloperServiceInviteRequest(_message.Message):
    __slots__ = ("role",)
    ROLE_FIELD_NUMBER: _ClassVar[int]
    role: str
    def __init__(self, role: _Optional[str] = ...) -> None: ...

class DeveloperServiceInviteResponse(_message.Message):
    __slots__ = ("code", "expires_ms")
    CODE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_MS_FIELD_NUMBER: _ClassVar[int]
    code: str
    expires_ms: int
    def __init__(self, code: _Optional[str] = ..., expires_ms: _Optional[int] = ...) -> None: ...

class GetContextRequest(_message.Message):
    __slots__ = ("working_copy",)
    WORKING_COPY_FIELD_NUMBER: _ClassVar[int]
    working_copy: str
    def __init__(self, working_copy: _Optional[str] = ...) -> None: ...

class GetContextResponse(_message.Message):
    __slots__ = ("context",)
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    context: WorkContext
    def __init__(self, context: _Optional[_Union[WorkContext, _Mapping]] = ...) -> None: ...

class SetContextRequest(_message.Message):
    __slots__ = ("edit",)
    EDIT_FIELD_NUMBER: _ClassVar[int]
    edit: ContextEdit
    def __init__(self, edit: _Optional[_Union[ContextEdit, _Mapping]] = ...) -> None: ...

class SetContextResponse(_message.Message):
    __slots__ = ("context",)
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    context: WorkContext
    def __init__(self, context: _Optional[_Union[WorkContext, _Mapping]] = ...) -> None: ...

class WorkContext(_message.Message):
    __slots__ = ("working_copy", "project", "branch", "head", "files", "session_started_ms", "commands", "failed_commands", "last_command", "last_exit_code", "pinned", "excluded", "note")
    WORKING_COPY_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    BRANCH_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    SESSION_STARTED_MS_FIELD_NUMBER: _ClassVar[int]
    COMMANDS_FIELD_NUMBER: _ClassVar[int]
    FAILED_COMMANDS_FIELD_NUMBER: _ClassVar[int]
    LAST_COMMAND_FIELD_NUMBER: _ClassVar[int]
    LAST_EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
    PINNED_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    working_copy: str
    project: str
    branch: str
    head: str
    files: _containers.RepeatedCompositeFieldContainer[OpenFile]
    session_started_ms: int
    commands: int
    failed_commands: int
    last_command: str
    last_exit_code: int
    pinned: _containers.RepeatedScalarFieldContainer[str]
    excluded: _containers.RepeatedScalarFieldContainer[str]
    note: str
    def __init__(self, working_copy: _Optional[str] = ..., project: _Optional[str] = ..., branch: _Optional[str] = ..., head: _Optional[str] = ..., files: _Optional[_Iterable[_Union[OpenFile, _Mapping]]] = ..., session_started_ms: _Optional[int] = ..., commands: _Optional[int] = ..., failed_commands: _Optional[int] = ..., last_command: _Optional[str] = ..., last_exit_code: _Optional[int] = ..., pinned: _Optional[_Iterable[str]] = ..., excluded: _Optional[_Iterable[str]] = ..., note: _Optional[str] = ...) -> None: ...

class OpenFile(_message.Message):
    __slots__ = ("path", "reason", "at_ms")
    PATH_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    path: str
    reason: str
    at_ms: int
    def __init__(self, path: _Optional[str] = ..., reason: _Optional[str] = ..., at_ms: _Optional[int] = ...) -> None: ...

class ContextEdit(_message.Message):
    __slots__ = ("working_copy", "pinned", "excluded", "note")
    WORKING_COPY_FIELD_NUMBER: _ClassVar[int]
    PINNED_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    working_copy: str
    pinned: _containers.RepeatedScalarFieldContainer[str]
    excluded: _containers.RepeatedScalarFieldContainer[str]
    note: str
    def __init__(self, working_copy: _Optional[str] = ..., pinned: _Optional[_Iterable[str]] = ..., excluded: _Optional[_Iterable[str]] = ..., note: _Optional[str] = ...) -> None: ...
