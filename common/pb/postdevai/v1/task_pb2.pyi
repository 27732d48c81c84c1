from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Task(_message.Message):
    __slots__ = ("id", "kind", "project", "subject", "priority", "state", "attempts", "attempts_max", "worker", "submitter", "node", "share", "sentence", "created_ms", "started_ms", "ended_ms", "ready_ms", "reason", "result", "key", "cancelling", "consent")
    ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_MAX_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    SUBMITTER_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    CREATED_MS_FIELD_NUMBER: _ClassVar[int]
    STARTED_MS_FIELD_NUMBER: _ClassVar[int]
    ENDED_MS_FIELD_NUMBER: _ClassVar[int]
    READY_MS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    CANCELLING_FIELD_NUMBER: _ClassVar[int]
    CONSENT_FIELD_NUMBER: _ClassVar[int]
    id: str
    kind: str
    project: str
    subject: str
    priority: int
    state: str
    attempts: int
    attempts_max: int
    worker: str
    submitter: str
    node: str
    share: float
    sentence: str
    created_ms: int
    started_ms: int
    ended_ms: int
    ready_ms: int
    reason: str
    result: str
    key: str
    cancelling: bool
    consent: bool
    def __init__(self, id: _Optional[str] = ..., kind: _Optional[str] = ..., project: _Optional[str] = ..., subject: _Optional[str] = ..., priority: _Optional[int] = ..., state: _Optional[str] = ..., attempts: _Optional[int] = ..., attempts_max: _Optional[int] = ..., worker: _Optional[str] = ..., submitter: _Optional[str] = ..., node: _Optional[str] = ..., share: _Optional[float] = ..., sentence: _Optional[str] = ..., created_ms: _Optional[int] = ..., started_ms: _Optional[int] = ..., ended_ms: _Optional[int] = ..., ready_ms: _Optional[int] = ..., reason: _Optional[str] = ..., result: _Optional[str] = ..., key: _Optional[str] = ..., cancelling: _Optional[bool] = ..., consent: _Optional[bool] = ...) -> None: ...

class KeptTask(_message.Message):
    __slots__ = ("task", "job", "token", "claim_ends_ms", "life")
    TASK_FIELD_NUMBER: _ClassVar[int]
    JOB_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    CLAIM_ENDS_MS_FIELD_NUMBER: _ClassVar[int]
    LIFE_FIELD_NUMBER: _ClassVar[int]
    task: Task
    job: str
    token: str
    claim_ends_ms: int
    life: str
    def __init__(self, task: _Optional[_Union[Task, _Mapping]] = ..., job: _Optional[str] = ..., token: _Optional[str] = ..., claim_ends_ms: _Optional[int] = ..., life: _Optional[str] = ...) -> None: ...

class Assignment(_message.Message):
    __slots__ = ("task", "token", "ends_ms")
    TASK_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    ENDS_MS_FIELD_NUMBER: _ClassVar[int]
    task: Task
    token: str
    ends_ms: int
    def __init__(self, task: _Optional[_Union[Task, _Mapping]] = ..., token: _Optional[str] = ..., ends_ms: _Optional[int] = ...) -> None: ...
