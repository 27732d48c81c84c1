from common.pb.postdevai.v1 import event_pb2 as _event_pb2
from common.pb.postdevai.v1 import failure_pb2 as _failure_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CardStats(_message.Message):
    __slots__ = ("project", "shown", "accepted", "rejected", "snoozed", "quiet", "sentence")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    SHOWN_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    SNOOZED_FIELD_NUMBER: _ClassVar[int]
    QUIET_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    project: str
    shown: int
    accepted: int
    rejected: int
    snoozed: int
    quiet: bool
    sentence: str
    def __init__(self, project: _Optional[str] = ..., shown: _Optional[int] = ..., accepted: _Optional[int] = ..., rejected: _Optional[int] = ..., snoozed: _Optional[int] = ..., quiet: _Optional[bool] = ..., sentence: _Optional[str] = ...) -> None: ...

class RemedyMaterial(_message.Message):
    __slots__ = ("remedy", "failure", "working_copy", "root", "command", "cwd", "head", "tree", "dirty", "changes", "lock_hash", "interpreter", "packages", "variables")
    REMEDY_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    WORKING_COPY_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    CWD_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    TREE_FIELD_NUMBER: _ClassVar[int]
    DIRTY_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    LOCK_HASH_FIELD_NUMBER: _ClassVar[int]
    INTERPRETER_FIELD_NUMBER: _ClassVar[int]
    PACKAGES_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    remedy: _failure_pb2.Remedy
    failure: _failure_pb2.Failure
    working_copy: str
    root: str
    command: str
    cwd: str
    head: str
    tree: str
    dirty: _containers.RepeatedCompositeFieldContainer[_event_pb2.PathChange]
    changes: _containers.RepeatedCompositeFieldContainer[_event_pb2.PathChange]
    lock_hash: str
    interpreter: str
    packages: str
    variables: str
    def __init__(self, remedy: _Optional[_Union[_failure_pb2.Remedy, _Mapping]] = ..., failure: _Optional[_Union[_failure_pb2.Failure, _Mapping]] = ..., working_copy: _Optional[str] = ..., root: _Optional[str] = ..., command: _Optional[str] = ..., cwd: _Optional[str] = ..., head: _Optional[str] = ..., tree: _Optional[str] = ..., dirty: _Optional[_Iterable[_Union[_event_pb2.PathChange, _Mapping]]] = ..., changes: _Optional[_Iterable[_Union[_event_pb2.PathChange, _Mapping]]] = ..., lock_hash: _Optional[str] = ..., interpreter: _Optional[str] = ..., packages: _Optional[str] = ..., variables: _Optional[str] = ...) -> None: ...

class MinedFix(_message.Message):
    __slots__ = ("path", "commit", "subject", "author_ms", "tests", "sources", "why")
    PATH_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_MS_FIELD_NUMBER: _ClassVar[int]
    TESTS_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    path: str
    commit: str
    subject: str
    author_ms: int
    tests: _containers.RepeatedScalarFieldContainer[str]
    sources: _containers.RepeatedScalarFieldContainer[str]
    why: str
    def __init__(self, path: _Optional[str] = ..., commit: _Optional[str] = ..., subject: _Optional[str] = ..., author_ms: _Optional[int] = ..., tests: _Optional[_Iterable[str]] = ..., sources: _Optional[_Iterable[str]] = ..., why: _Optional[str] = ...) -> None: ...

class DraftedPatch(_message.Message):
    __slots__ = ("diff", "applies", "sentence", "command")
    DIFF_FIELD_NUMBER: _ClassVar[int]
    APPLIES_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    diff: str
    applies: bool
    sentence: str
    command: str
    def __init__(self, diff: _Optional[str] = ..., applies: _Optional[bool] = ..., sentence: _Optional[str] = ..., command: _Optional[str] = ...) -> None: ...

class AutonomySetting(_message.Message):
    __slots__ = ("level", "scope", "classes", "lowered_by")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    LOWERED_BY_FIELD_NUMBER: _ClassVar[int]
    level: str
    scope: str
    classes: _containers.RepeatedScalarFieldContainer[str]
    lowered_by: str
    def __init__(self, level: _Optional[str] = ..., scope: _Optional[str] = ..., classes: _Optional[_Iterable[str]] = ..., lowered_by: _Optional[str] = ...) -> None: ...
