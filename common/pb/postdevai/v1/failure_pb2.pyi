from common.pb.postdevai.v1 import answer_pb2 as _answer_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Frame(_message.Message):
    __slots__ = ("path", "function", "line", "in_app")
    PATH_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    IN_APP_FIELD_NUMBER: _ClassVar[int]
    path: str
    function: str
    line: int
    in_app: bool
    def __init__(self, path: _Optional[str] = ..., function: _Optional[str] = ..., line: _Optional[int] = ..., in_app: _Optional[bool] = ...) -> None: ...

class Failure(_message.Message):
    __slots__ = ("tool", "code", "kind", "message", "normalised", "test", "frames", "fingerprint", "values", "rules_version", "imports", "reaches", "headlines", "during")
    TOOL_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    NORMALISED_FIELD_NUMBER: _ClassVar[int]
    TEST_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    RULES_VERSION_FIELD_NUMBER: _ClassVar[int]
    IMPORTS_FIELD_NUMBER: _ClassVar[int]
    REACHES_FIELD_NUMBER: _ClassVar[int]
    HEADLINES_FIELD_NUMBER: _ClassVar[int]
    DURING_FIELD_NUMBER: _ClassVar[int]
    tool: str
    code: str
    kind: str
    message: str
    normalised: str
    test: str
    frames: _containers.RepeatedCompositeFieldContainer[Frame]
    fingerprint: str
    values: str
    rules_version: int
    imports: _containers.RepeatedScalarFieldContainer[str]
    reaches: _containers.RepeatedScalarFieldContainer[str]
    headlines: _containers.RepeatedScalarFieldContainer[str]
    during: bool
    def __init__(self, tool: _Optional[str] = ..., code: _Optional[str] = ..., kind: _Optional[str] = ..., message: _Optional[str] = ..., normalised: _Optional[str] = ..., test: _Optional[str] = ..., frames: _Optional[_Iterable[_Union[Frame, _Mapping]]] = ..., fingerprint: _Optional[str] = ..., values: _Optional[str] = ..., rules_version: _Optional[int] = ..., imports: _Optional[_Iterable[str]] = ..., reaches: _Optional[_Iterable[str]] = ..., headlines: _Optional[_Iterable[str]] = ..., during: _Optional[bool] = ...) -> None: ...

class TestReport(_message.Message):
    __slots__ = ("passed", "failed", "skipped", "passed_count", "failed_count", "skipped_count", "deselected_count")
    PASSED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    PASSED_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILED_COUNT_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_COUNT_FIELD_NUMBER: _ClassVar[int]
    DESELECTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    passed: _containers.RepeatedScalarFieldContainer[str]
    failed: _containers.RepeatedScalarFieldContainer[str]
    skipped: _containers.RepeatedScalarFieldContainer[str]
    passed_count: int
    failed_count: int
    skipped_count: int
    deselected_count: int
    def __init__(self, passed: _Optional[_Iterable[str]] = ..., failed: _Optional[_Iterable[str]] = ..., skipped: _Optional[_Iterable[str]] = ..., passed_count: _Optional[int] = ..., failed_count: _Optional[int] = ..., skipped_count: _Optional[int] = ..., deselected_count: _Optional[int] = ...) -> None: ...

class Occurrence(_message.Message):
    __slots__ = ("event_id", "at_ms", "project", "cwd", "commit", "command", "message", "ci")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    CWD_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    CI_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    at_ms: int
    project: str
    cwd: str
    commit: str
    command: str
    message: str
    ci: bool
    def __init__(self, event_id: _Optional[str] = ..., at_ms: _Optional[int] = ..., project: _Optional[str] = ..., cwd: _Optional[str] = ..., commit: _Optional[str] = ..., command: _Optional[str] = ..., message: _Optional[str] = ..., ci: _Optional[bool] = ...) -> None: ...

class Remedy(_message.Message):
    __slots__ = ("id", "state", "kind", "commit", "label", "diff", "command", "why", "paths", "also_changed", "failed_at_ms", "passed_at_ms", "project", "proof", "accepted")
    ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    DIFF_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    PATHS_FIELD_NUMBER: _ClassVar[int]
    ALSO_CHANGED_FIELD_NUMBER: _ClassVar[int]
    FAILED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    PASSED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    id: str
    state: str
    kind: str
    commit: str
    label: str
    diff: str
    command: str
    why: str
    paths: _containers.RepeatedScalarFieldContainer[str]
    also_changed: _containers.RepeatedScalarFieldContainer[str]
    failed_at_ms: int
    passed_at_ms: int
    project: str
    proof: Proof
    accepted: bool
    def __init__(self, id: _Optional[str] = ..., state: _Optional[str] = ..., kind: _Optional[str] = ..., commit: _Optional[str] = ..., label: _Optional[str] = ..., diff: _Optional[str] = ..., command: _Optional[str] = ..., why: _Optional[str] = ..., paths: _Optional[_Iterable[str]] = ..., also_changed: _Optional[_Iterable[str]] = ..., failed_at_ms: _Optional[int] = ..., passed_at_ms: _Optional[int] = ..., project: _Optional[str] = ..., proof: _Optional[_Union[Proof, _Mapping]] = ..., accepted: _Optional[bool] = ...) -> None: ...

class Proof(_message.Message):
    __slots__ = ("verdict", "at_ms", "reason", "red", "green", "runs", "event_id")
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RED_FIELD_NUMBER: _ClassVar[int]
    GREEN_FIELD_NUMBER: _ClassVar[int]
    RUNS_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    verdict: str
    at_ms: int
    reason: str
    red: int
    green: int
    runs: int
    event_id: str
    def __init__(self, verdict: _Optional[str] = ..., at_ms: _Optional[int] = ..., reason: _Optional[str] = ..., red: _Optional[int] = ..., green: _Optional[int] = ..., runs: _Optional[int] = ..., event_id: _Optional[str] = ...) -> None: ...

class Flakiness(_message.Message):
    __slots__ = ("failed", "runs")
    FAILED_FIELD_NUMBER: _ClassVar[int]
    RUNS_FIELD_NUMBER: _ClassVar[int]
    failed: int
    runs: int
    def __init__(self, failed: _Optional[int] = ..., runs: _Optional[int] = ...) -> None: ...

class Recollection(_message.Message):
    __slots__ = ("match", "failure", "occurrences", "remedies", "flaky", "note", "freshness")
    MATCH_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    OCCURRENCES_FIELD_NUMBER: _ClassVar[int]
    REMEDIES_FIELD_NUMBER: _ClassVar[int]
    FLAKY_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    FRESHNESS_FIELD_NUMBER: _ClassVar[int]
    match: str
    failure: Failure
    occurrences: _containers.RepeatedCompositeFieldContainer[Occurrence]
    remedies: _containers.RepeatedCompositeFieldContainer[Remedy]
    flaky: Flakiness
    note: str
    freshness: _answer_pb2.Freshness
    def __init__(self, match: _Optional[str] = ..., failure: _Optional[_Union[Failure, _Mapping]] = ..., occurrences: _Optional[_Iterable[_Union[Occurrence, _Mapping]]] = ..., remedies: _Optional[_Iterable[_Union[Remedy, _Mapping]]] = ..., flaky: _Optional[_Union[Flakiness, _Mapping]] = ..., note: _Optional[str] = ..., freshness: _Optional[_Union[_answer_pb2.Freshness, _Mapping]] = ...) -> None: ...

class Suggestion(_message.Message):
    __slots__ = ("id", "cursor", "at_ms", "event_id", "project", "why", "recollection")
    ID_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    RECOLLECTION_FIELD_NUMBER: _ClassVar[int]
    id: str
    cursor: int
    at_ms: int
    event_id: str
    project: str
    why: str
    recollection: Recollection
    def __init__(self, id: _Optional[str] = ..., cursor: _Optional[int] = ..., at_ms: _Optional[int] = ..., event_id: _Optional[str] = ..., project: _Optional[str] = ..., why: _Optional[str] = ..., recollection: _Optional[_Union[Recollection, _Mapping]] = ...) -> None: ...
