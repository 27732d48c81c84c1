from common.pb.postdevai.v1 import answer_pb2 as _answer_pb2
from common.pb.postdevai.v1 import event_pb2 as _event_pb2
from common.pb.postdevai.v1 import failure_pb2 as _failure_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SearchMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEARCH_MODE_UNSPECIFIED: _ClassVar[SearchMode]
    SEARCH_MODE_FUSED: _ClassVar[SearchMode]
    SEARCH_MODE_LITERAL: _ClassVar[SearchMode]
    SEARCH_MODE_REGEX: _ClassVar[SearchMode]
SEARCH_MODE_UNSPECIFIED: SearchMode
SEARCH_MODE_FUSED: SearchMode
SEARCH_MODE_LITERAL: SearchMode
SEARCH_MODE_REGEX: SearchMode

class IngestRequest(_message.Message):
    __slots__ = ("open", "offer", "blob", "record", "records")
    OPEN_FIELD_NUMBER: _ClassVar[int]
    OFFER_FIELD_NUMBER: _ClassVar[int]
    BLOB_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    open: IngestOpen
    offer: BlobOffer
    blob: Blob
    record: Record
    records: RecordBatch
    def __init__(self, open: _Optional[_Union[IngestOpen, _Mapping]] = ..., offer: _Optional[_Union[BlobOffer, _Mapping]] = ..., blob: _Optional[_Union[Blob, _Mapping]] = ..., record: _Optional[_Union[Record, _Mapping]] = ..., records: _Optional[_Union[RecordBatch, _Mapping]] = ...) -> None: ...

class IngestOpen(_message.Message):
    __slots__ = ("origin", "first_held", "last")
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    FIRST_HELD_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    origin: str
    first_held: int
    last: int
    def __init__(self, origin: _Optional[str] = ..., first_held: _Optional[int] = ..., last: _Optional[int] = ...) -> None: ...

class BlobOffer(_message.Message):
    __slots__ = ("hashes",)
    HASHES_FIELD_NUMBER: _ClassVar[int]
    hashes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, hashes: _Optional[_Iterable[str]] = ...) -> None: ...

class Blob(_message.Message):
    __slots__ = ("hash", "data")
    HASH_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    hash: str
    data: bytes
    def __init__(self, hash: _Optional[str] = ..., data: _Optional[bytes] = ...) -> None: ...

class Record(_message.Message):
    __slots__ = ("seq", "event")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    seq: int
    event: _event_pb2.Event
    def __init__(self, seq: _Optional[int] = ..., event: _Optional[_Union[_event_pb2.Event, _Mapping]] = ...) -> None: ...

class RecordBatch(_message.Message):
    __slots__ = ("records",)
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    records: _containers.RepeatedCompositeFieldContainer[KeptRecord]
    def __init__(self, records: _Optional[_Iterable[_Union[KeptRecord, _Mapping]]] = ...) -> None: ...

class KeptRecord(_message.Message):
    __slots__ = ("seq", "event")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    seq: int
    event: bytes
    def __init__(self, seq: _Optional[int] = ..., event: _Optional[bytes] = ...) -> None: ...

class IngestResponse(_message.Message):
    __slots__ = ("opened", "want", "ack", "refusal")
    OPENED_FIELD_NUMBER: _ClassVar[int]
    WANT_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    opened: IngestOpened
    want: BlobWant
    ack: IngestAck
    refusal: IngestRefusal
    def __init__(self, opened: _Optional[_Union[IngestOpened, _Mapping]] = ..., want: _Optional[_Union[BlobWant, _Mapping]] = ..., ack: _Optional[_Union[IngestAck, _Mapping]] = ..., refusal: _Optional[_Union[IngestRefusal, _Mapping]] = ...) -> None: ...

class IngestOpened(_message.Message):
    __slots__ = ("applied", "rolled_back", "missing")
    APPLIED_FIELD_NUMBER: _ClassVar[int]
    ROLLED_BACK_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    applied: int
    rolled_back: bool
    missing: int
    def __init__(self, applied: _Optional[int] = ..., rolled_back: _Optional[bool] = ..., missing: _Optional[int] = ...) -> None: ...

class BlobWant(_message.Message):
    __slots__ = ("hashes",)
    HASHES_FIELD_NUMBER: _ClassVar[int]
    hashes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, hashes: _Optional[_Iterable[str]] = ...) -> None: ...

class IngestAck(_message.Message):
    __slots__ = ("seq",)
    SEQ_FIELD_NUMBER: _ClassVar[int]
    seq: int
    def __init__(self, seq: _Optional[int] = ...) -> None: ...

class IngestRefusal(_message.Message):
    __slots__ = ("seq", "field", "reason")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    seq: int
    field: str
    reason: str
    def __init__(self, seq: _Optional[int] = ..., field: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class SearchRequest(_message.Message):
    __slots__ = ("query", "mode", "k", "project", "working_copy", "path", "language", "kind", "since_ms", "until_ms")
    QUERY_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    K_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    WORKING_COPY_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SINCE_MS_FIELD_NUMBER: _ClassVar[int]
    UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    query: str
    mode: SearchMode
    k: int
    project: str
    working_copy: str
    path: str
    language: str
    kind: str
    since_ms: int
    until_ms: int
    def __init__(self, query: _Optional[str] = ..., mode: _Optional[_Union[SearchMode, str]] = ..., k: _Optional[int] = ..., project: _Optional[str] = ..., working_copy: _Optional[str] = ..., path: _Optional[str] = ..., language: _Optional[str] = ..., kind: _Optional[str] = ..., since_ms: _Optional[int] = ..., until_ms: _Optional[int] = ...) -> None: ...

class SearchResponse(_message.Message):
    __slots__ = ("hits", "complete", "freshness")
    HITS_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    FRESHNESS_FIELD_NUMBER: _ClassVar[int]
    hits: _containers.RepeatedCompositeFieldContainer[_answer_pb2.Hit]
    complete: bool
    freshness: _answer_pb2.Freshness
    def __init__(self, hits: _Optional[_Iterable[_Union[_answer_pb2.Hit, _Mapping]]] = ..., complete: _Optional[bool] = ..., freshness: _Optional[_Union[_answer_pb2.Freshness, _Mapping]] = ...) -> None: ...

class RecallRequest(_message.Message):
    __slots__ = ("last", "fingerprint", "failure", "text")
    LAST_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    last: bool
    fingerprint: str
    failure: _failure_pb2.Failure
    text: str
    def __init__(self, last: _Optional[bool] = ..., fingerprint: _Optional[str] = ..., failure: _Optional[_Union[_failure_pb2.Failure, _Mapping]] = ..., text: _Optional[str] = ...) -> None: ...

class RecallResponse(_message.Message):
    __slots__ = ("recollection",)
    RECOLLECTION_FIELD_NUMBER: _ClassVar[int]
    recollection: _failure_pb2.Recollection
    def __init__(self, recollection: _Optional[_Union[_failure_pb2.Recollection, _Mapping]] = ...) -> None: ...

class HistoryRequest(_message.Message):
    __slots__ = ("limit", "kind", "since_ms", "project", "before_cursor", "until_ms", "text", "like", "working_copy")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SINCE_MS_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    BEFORE_CURSOR_FIELD_NUMBER: _ClassVar[int]
    UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    LIKE_FIELD_NUMBER: _ClassVar[int]
    WORKING_COPY_FIELD_NUMBER: _ClassVar[int]
    limit: int
    kind: str
    since_ms: int
    project: str
    before_cursor: int
    until_ms: int
    text: str
    like: str
    working_copy: str
    def __init__(self, limit: _Optional[int] = ..., kind: _Optional[str] = ..., since_ms: _Optional[int] = ..., project: _Optional[str] = ..., before_cursor: _Optional[int] = ..., until_ms: _Optional[int] = ..., text: _Optional[str] = ..., like: _Optional[str] = ..., working_copy: _Optional[str] = ...) -> None: ...

class HistoryEntry(_message.Message):
    __slots__ = ("cursor", "event", "project", "excerpt", "likeness")
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    EXCERPT_FIELD_NUMBER: _ClassVar[int]
    LIKENESS_FIELD_NUMBER: _ClassVar[int]
    cursor: int
    event: _event_pb2.Event
    project: str
    excerpt: str
    likeness: float
    def __init__(self, cursor: _Optional[int] = ..., event: _Optional[_Union[_event_pb2.Event, _Mapping]] = ..., project: _Optional[str] = ..., excerpt: _Optional[str] = ..., likeness: _Optional[float] = ...) -> None: ...

class HistoryResponse(_message.Message):
    __slots__ = ("entries", "freshness")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    FRESHNESS_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[HistoryEntry]
    freshness: _answer_pb2.Freshness
    def __init__(self, entries: _Optional[_Iterable[_Union[HistoryEntry, _Mapping]]] = ..., freshness: _Optional[_Union[_answer_pb2.Freshness, _Mapping]] = ...) -> None: ...

class GetEventRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetEventResponse(_message.Message):
    __slots__ = ("event", "project")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    event: _event_pb2.Event
    project: str
    def __init__(self, event: _Optional[_Union[_event_pb2.Event, _Mapping]] = ..., project: _Optional[str] = ...) -> None: ...

class GetBlobRequest(_message.Message):
    __slots__ = ("hash",)
    HASH_FIELD_NUMBER: _ClassVar[int]
    hash: str
    def __init__(self, hash: _Optional[str] = ...) -> None: ...

class GetBlobResponse(_message.Message):
    __slots__ = ("data",)
    DATA_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    def __init__(self, data: _Optional[bytes] = ...) -> None: ...

class StatsRequest(_message.Message):
    __slots__ = ("node",)
    NODE_FIELD_NUMBER: _ClassVar[int]
    node: str
    def __init__(self, node: _Optional[str] = ...) -> None: ...

class OriginStats(_message.Message):
    __slots__ = ("origin", "applied", "refused", "missing")
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    APPLIED_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    origin: str
    applied: int
    refused: int
    missing: int
    def __init__(self, origin: _Optional[str] = ..., applied: _Optional[int] = ..., refused: _Optional[int] = ..., missing: _Optional[int] = ...) -> None: ...

class StatsResponse(_message.Message):
    __slots__ = ("bytes", "budget_bytes", "ram", "back_end", "path", "lsn", "journal_bytes", "projects", "files", "chunks", "vectors", "events", "failures", "remedies", "origins", "freshness", "why", "evict_bytes", "refuse_bytes", "inodes_free", "ballast_bytes", "stores", "kept", "generations")
    BYTES_FIELD_NUMBER: _ClassVar[int]
    BUDGET_BYTES_FIELD_NUMBER: _ClassVar[int]
    RAM_FIELD_NUMBER: _ClassVar[int]
    BACK_END_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    LSN_FIELD_NUMBER: _ClassVar[int]
    JOURNAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    PROJECTS_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    CHUNKS_FIELD_NUMBER: _ClassVar[int]
    VECTORS_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    REMEDIES_FIELD_NUMBER: _ClassVar[int]
    ORIGINS_FIELD_NUMBER: _ClassVar[int]
    FRESHNESS_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    EVICT_BYTES_FIELD_NUMBER: _ClassVar[int]
    REFUSE_BYTES_FIELD_NUMBER: _ClassVar[int]
    INODES_FREE_FIELD_NUMBER: _ClassVar[int]
    BALLAST_BYTES_FIELD_NUMBER: _ClassVar[int]
    STORES_FIELD_NUMBER: _ClassVar[int]
    KEPT_FIELD_NUMBER: _ClassVar[int]
    GENERATIONS_FIELD_NUMBER: _ClassVar[int]
    bytes: int
    budget_bytes: int
    ram: bool
    back_end: str
    path: str
    lsn: int
    journal_bytes: int
    projects: int
    files: int
    chunks: int
    vectors: int
    events: int
    failures: int
    remedies: int
    origins: _containers.RepeatedCompositeFieldContainer[OriginStats]
    freshness: _answer_pb2.Freshness
    why: str
    evict_bytes: int
    refuse_bytes: int
    inodes_free: int
    ballast_bytes: int
    stores: _containers.RepeatedCompositeFieldContainer[StoreStats]
    kept: _containers.RepeatedCompositeFieldContainer[ProjectStats]
    generations: _containers.RepeatedCompositeFieldContainer[Generation]
    def __init__(self, bytes: _Optional[int] = ..., budget_bytes: _Optional[int] = ..., ram: _Optional[bool] = ..., back_end: _Optional[str] = ..., path: _Optional[str] = ..., lsn: _Optional[int] = ..., journal_bytes: _Optional[int] = ..., projects: _Optional[int] = ..., files: _Optional[int] = ..., chunks: _Optional[int] = ..., vectors: _Optional[int] = ..., events: _Optional[int] = ..., failures: _Optional[int] = ..., remedies: _Optional[int] = ..., origins: _Optional[_Iterable[_Union[OriginStats, _Mapping]]] = ..., freshness: _Optional[_Union[_answer_pb2.Freshness, _Mapping]] = ..., why: _Optional[str] = ..., evict_bytes: _Optional[int] = ..., refuse_bytes: _Optional[int] = ..., inodes_free: _Optional[int] = ..., ballast_bytes: _Optional[int] = ..., stores: _Optional[_Iterable[_Union[StoreStats, _Mapping]]] = ..., kept: _Optional[_Iterable[_Union[ProjectStats, _Mapping]]] = ..., generations: _Optional[_Iterable[_Union[Generation, _Mapping]]] = ...) -> None: ...

class StoreStats(_message.Message):
    __slots__ = ("name", "bytes", "items")
    NAME_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    name: str
    bytes: int
    items: int
    def __init__(self, name: _Optional[str] = ..., bytes: _Optional[int] = ..., items: _Optional[int] = ...) -> None: ...

class ProjectStats(_message.Message):
    __slots__ = ("id", "name", "state", "pinned", "bytes", "used_ms", "joined_to", "node")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PINNED_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    USED_MS_FIELD_NUMBER: _ClassVar[int]
    JOINED_TO_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    state: str
    pinned: bool
    bytes: int
    used_ms: int
    joined_to: str
    node: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., state: _Optional[str] = ..., pinned: _Optional[bool] = ..., bytes: _Optional[int] = ..., used_ms: _Optional[int] = ..., joined_to: _Optional[str] = ..., node: _Optional[str] = ...) -> None: ...

class Generation(_message.Message):
    __slots__ = ("number", "at_ms", "lsn", "bytes", "files", "verified", "node")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    LSN_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    VERIFIED_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    number: int
    at_ms: int
    lsn: int
    bytes: int
    files: int
    verified: bool
    node: str
    def __init__(self, number: _Optional[int] = ..., at_ms: _Optional[int] = ..., lsn: _Optional[int] = ..., bytes: _Optional[int] = ..., files: _Optional[int] = ..., verified: _Optional[bool] = ..., node: _Optional[str] = ...) -> None: ...

class RelatedThing(_message.Message):
    __slots__ = ("kind", "id", "label", "hops")
    KIND_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    HOPS_FIELD_NUMBER: _ClassVar[int]
    kind: str
    id: str
    label: str
    hops: int
    def __init__(self, kind: _Optional[str] = ..., id: _Optional[str] = ..., label: _Optional[str] = ..., hops: _Optional[int] = ...) -> None: ...

class Relation(_message.Message):
    __slots__ = ("source", "verb", "target", "weight", "at_ms")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    VERB_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    source: RelatedThing
    verb: str
    target: RelatedThing
    weight: int
    at_ms: int
    def __init__(self, source: _Optional[_Union[RelatedThing, _Mapping]] = ..., verb: _Optional[str] = ..., target: _Optional[_Union[RelatedThing, _Mapping]] = ..., weight: _Optional[int] = ..., at_ms: _Optional[int] = ...) -> None: ...

class RelatedRequest(_message.Message):
    __slots__ = ("kind", "id", "project", "hops", "limit", "verbs")
    KIND_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    HOPS_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    VERBS_FIELD_NUMBER: _ClassVar[int]
    kind: str
    id: str
    project: str
    hops: int
    limit: int
    verbs: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, kind: _Optional[str] = ..., id: _Optional[str] = ..., project: _Optional[str] = ..., hops: _Optional[int] = ..., limit: _Optional[int] = ..., verbs: _Optional[_Iterable[str]] = ...) -> None: ...

class RelatedResponse(_message.Message):
    __slots__ = ("relations", "complete", "freshness")
    RELATIONS_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    FRESHNESS_FIELD_NUMBER: _ClassVar[int]
    relations: _containers.RepeatedCompositeFieldContainer[Relation]
    complete: bool
    freshness: _answer_pb2.Freshness
    def __init__(self, relations: _Optional[_Iterable[_Union[Relation, _Mapping]]] = ..., complete: _Optional[bool] = ..., freshness: _Optional[_Union[_answer_pb2.Freshness, _Mapping]] = ...) -> None: ...

class KeptRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class KeptItem(_message.Message):
    __slots__ = ("what", "where", "items", "bytes", "oldest_ms", "newest_ms", "encrypted", "until")
    WHAT_FIELD_NUMBER: _ClassVar[int]
    WHERE_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    OLDEST_MS_FIELD_NUMBER: _ClassVar[int]
    NEWEST_MS_FIELD_NUMBER: _ClassVar[int]
    ENCRYPTED_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    what: str
    where: str
    items: int
    bytes: int
    oldest_ms: int
    newest_ms: int
    encrypted: bool
    until: str
    def __init__(self, what: _Optional[str] = ..., where: _Optional[str] = ..., items: _Optional[int] = ..., bytes: _Optional[int] = ..., oldest_ms: _Optional[int] = ..., newest_ms: _Optional[int] = ..., encrypted: _Optional[bool] = ..., until: _Optional[str] = ...) -> None: ...

class KeptResponse(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[KeptItem]
    def __init__(self, items: _Optional[_Iterable[_Union[KeptItem, _Mapping]]] = ...) -> None: ...

class ForgetRequest(_message.Message):
    __slots__ = ("project", "path", "since_ms", "until_ms", "text", "dry_run", "machine", "copies", "node")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    SINCE_MS_FIELD_NUMBER: _ClassVar[int]
    UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    MACHINE_FIELD_NUMBER: _ClassVar[int]
    COPIES_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    project: str
    path: str
    since_ms: int
    until_ms: int
    text: str
    dry_run: bool
    machine: str
    copies: _containers.RepeatedScalarFieldContainer[str]
    node: str
    def __init__(self, project: _Optional[str] = ..., path: _Optional[str] = ..., since_ms: _Optional[int] = ..., until_ms: _Optional[int] = ..., text: _Optional[str] = ..., dry_run: _Optional[bool] = ..., machine: _Optional[str] = ..., copies: _Optional[_Iterable[str]] = ..., node: _Optional[str] = ...) -> None: ...

class LakeStep(_message.Message):
    __slots__ = ("step", "done", "total", "sentence", "ok", "ended")
    STEP_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    OK_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    step: str
    done: int
    total: int
    sentence: str
    ok: bool
    ended: bool
    def __init__(self, step: _Optional[str] = ..., done: _Optional[int] = ..., total: _Optional[int] = ..., sentence: _Optional[str] = ..., ok: _Optional[bool] = ..., ended: _Optional[bool] = ...) -> None: ...

class ForgetResponse(_message.Message):
    __slots__ = ("step",)
    STEP_FIELD_NUMBER: _ClassVar[int]
    step: LakeStep
    def __init__(self, step: _Optional[_Union[LakeStep, _Mapping]] = ...) -> None: ...

class PinRequest(_message.Message):
    __slots__ = ("project", "pinned")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    PINNED_FIELD_NUMBER: _ClassVar[int]
    project: str
    pinned: bool
    def __init__(self, project: _Optional[str] = ..., pinned: _Optional[bool] = ...) -> None: ...

class PinResponse(_message.Message):
    __slots__ = ("project",)
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    project: ProjectStats
    def __init__(self, project: _Optional[_Union[ProjectStats, _Mapping]] = ...) -> None: ...

class SleepRequest(_message.Message):
    __slots__ = ("project",)
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    project: str
    def __init__(self, project: _Optional[str] = ...) -> None: ...

class SleepResponse(_message.Message):
    __slots__ = ("project",)
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    project: ProjectStats
    def __init__(self, project: _Optional[_Union[ProjectStats, _Mapping]] = ...) -> None: ...

class AliasRequest(_message.Message):
    __slots__ = ("project", "into")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    INTO_FIELD_NUMBER: _ClassVar[int]
    project: str
    into: str
    def __init__(self, project: _Optional[str] = ..., into: _Optional[str] = ...) -> None: ...

class AliasResponse(_message.Message):
    __slots__ = ("project",)
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    project: ProjectStats
    def __init__(self, project: _Optional[_Union[ProjectStats, _Mapping]] = ...) -> None: ...

class SnapshotRequest(_message.Message):
    __slots__ = ("node",)
    NODE_FIELD_NUMBER: _ClassVar[int]
    node: str
    def __init__(self, node: _Optional[str] = ...) -> None: ...

class SnapshotResponse(_message.Message):
    __slots__ = ("step",)
    STEP_FIELD_NUMBER: _ClassVar[int]
    step: LakeStep
    def __init__(self, step: _Optional[_Union[LakeStep, _Mapping]] = ...) -> None: ...

class VerifyRequest(_message.Message):
    __slots__ = ("node",)
    NODE_FIELD_NUMBER: _ClassVar[int]
    node: str
    def __init__(self, node: _Optional[str] = ...) -> None: ...

class VerifyResponse(_message.Message):
    __slots__ = ("step",)
    STEP_FIELD_NUMBER: _ClassVar[int]
    step: LakeStep
    def __init__(self, step: _Optional[_Union[LakeStep, _Mapping]] = ...) -> None: ...

class RestoreRequest(_message.Message):
    __slots__ = ("at", "node")
    AT_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    at: int
    node: str
    def __init__(self, at: _Optional[int] = ..., node: _Optional[str] = ...) -> None: ...

class RestoreResponse(_message.Message):
    __slots__ = ("step",)
    STEP_FIELD_NUMBER: _ClassVar[int]
    step: LakeStep
    def __init__(self, step: _Optional[_Union[LakeStep, _Mapping]] = ...) -> None: ...

class BackupRequest(_message.Message):
    __slots__ = ("to", "key_to", "node")
    TO_FIELD_NUMBER: _ClassVar[int]
    KEY_TO_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    to: str
    key_to: str
    node: str
    def __init__(self, to: _Optional[str] = ..., key_to: _Optional[str] = ..., node: _Optional[str] = ...) -> None: ...

class BackupResponse(_message.Message):
    __slots__ = ("step",)
    STEP_FIELD_NUMBER: _ClassVar[int]
    step: LakeStep
    def __init__(self, step: _Optional[_Union[LakeStep, _Mapping]] = ...) -> None: ...
