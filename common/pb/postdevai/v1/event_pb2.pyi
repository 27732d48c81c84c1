from common.pb.postdevai.v1 import failure_pb2 as _failure_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Event(_message.Message):
    __slots__ = ("id", "at_ms", "working_copy", "working_copy_seen", "file_changed", "git_operation", "command_finished", "editor_event", "proof_finished", "act_done")
    ID_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    WORKING_COPY_FIELD_NUMBER: _ClassVar[int]
    WORKING_COPY_SEEN_FIELD_NUMBER: _ClassVar[int]
    FILE_CHANGED_FIELD_NUMBER: _ClassVar[int]
    GIT_OPERATION_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FINISHED_FIELD_NUMBER: _ClassVar[int]
    EDITOR_EVENT_FIELD_NUMBER: _ClassVar[int]
    PROOF_FINISHED_FIELD_NUMBER: _ClassVar[int]
    ACT_DONE_FIELD_NUMBER: _ClassVar[int]
    id: str
    at_ms: int
    working_copy: str
    working_copy_seen: WorkingCopySeen
    file_changed: FileChanged
    git_operation: GitOperation
    command_finished: CommandFinished
    editor_event: EditorEvent
    proof_finished: ProofFinished
    act_done: ActDone
    def __init__(self, id: _Optional[str] = ..., at_ms: _Optional[int] = ..., working_copy: _Optional[str] = ..., working_copy_seen: _Optional[_Union[WorkingCopySeen, _Mapping]] = ..., file_changed: _Optional[_Union[FileChanged, _Mapping]] = ..., git_operation: _Optional[_Union[GitOperation, _Mapping]] = ..., command_finished: _Optional[_Union[CommandFinished, _Mapping]] = ..., editor_event: _Optional[_Union[EditorEvent, _Mapping]] = ..., proof_finished: _Optional[_Union[ProofFinished, _Mapping]] = ..., act_done: _Optional[_Union[ActDone, _Mapping]] = ...) -> None: ...

class WorkingCopySeen(_message.Message):
    __slots__ = ("path", "machine", "remotes", "roots", "shallow", "head", "branch", "files", "anew")
    PATH_FIELD_NUMBER: _ClassVar[int]
    MACHINE_FIELD_NUMBER: _ClassVar[int]
    REMOTES_FIELD_NUMBER: _ClassVar[int]
    ROOTS_FIELD_NUMBER: _ClassVar[int]
    SHALLOW_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    BRANCH_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    ANEW_FIELD_NUMBER: _ClassVar[int]
    path: str
    machine: str
    remotes: _containers.RepeatedScalarFieldContainer[str]
    roots: _containers.RepeatedScalarFieldContainer[str]
    shallow: bool
    head: str
    branch: str
    files: int
    anew: bool
    def __init__(self, path: _Optional[str] = ..., machine: _Optional[str] = ..., remotes: _Optional[_Iterable[str]] = ..., roots: _Optional[_Iterable[str]] = ..., shallow: _Optional[bool] = ..., head: _Optional[str] = ..., branch: _Optional[str] = ..., files: _Optional[int] = ..., anew: _Optional[bool] = ...) -> None: ...

class FileChanged(_message.Message):
    __slots__ = ("path", "deleted", "content", "git_blob", "size", "skipped", "head", "dirty")
    PATH_FIELD_NUMBER: _ClassVar[int]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    GIT_BLOB_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    DIRTY_FIELD_NUMBER: _ClassVar[int]
    path: str
    deleted: bool
    content: str
    git_blob: str
    size: int
    skipped: str
    head: str
    dirty: bool
    def __init__(self, path: _Optional[str] = ..., deleted: _Optional[bool] = ..., content: _Optional[str] = ..., git_blob: _Optional[str] = ..., size: _Optional[int] = ..., skipped: _Optional[str] = ..., head: _Optional[str] = ..., dirty: _Optional[bool] = ...) -> None: ...

class PathChange(_message.Message):
    __slots__ = ("path", "old_git", "new_git", "old_content", "new_content", "mode")
    PATH_FIELD_NUMBER: _ClassVar[int]
    OLD_GIT_FIELD_NUMBER: _ClassVar[int]
    NEW_GIT_FIELD_NUMBER: _ClassVar[int]
    OLD_CONTENT_FIELD_NUMBER: _ClassVar[int]
    NEW_CONTENT_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    path: str
    old_git: str
    new_git: str
    old_content: str
    new_content: str
    mode: str
    def __init__(self, path: _Optional[str] = ..., old_git: _Optional[str] = ..., new_git: _Optional[str] = ..., old_content: _Optional[str] = ..., new_content: _Optional[str] = ..., mode: _Optional[str] = ...) -> None: ...

class GitOperation(_message.Message):
    __slots__ = ("operation", "old", "new", "ref", "message", "commits")
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    OLD_FIELD_NUMBER: _ClassVar[int]
    NEW_FIELD_NUMBER: _ClassVar[int]
    REF_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    COMMITS_FIELD_NUMBER: _ClassVar[int]
    operation: str
    old: str
    new: str
    ref: str
    message: str
    commits: _containers.RepeatedCompositeFieldContainer[Commit]
    def __init__(self, operation: _Optional[str] = ..., old: _Optional[str] = ..., new: _Optional[str] = ..., ref: _Optional[str] = ..., message: _Optional[str] = ..., commits: _Optional[_Iterable[_Union[Commit, _Mapping]]] = ...) -> None: ...

class Commit(_message.Message):
    __slots__ = ("sha", "parents", "author_ms", "subject", "changes", "patch", "cut")
    SHA_FIELD_NUMBER: _ClassVar[int]
    PARENTS_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_MS_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    PATCH_FIELD_NUMBER: _ClassVar[int]
    CUT_FIELD_NUMBER: _ClassVar[int]
    sha: str
    parents: _containers.RepeatedScalarFieldContainer[str]
    author_ms: int
    subject: str
    changes: _containers.RepeatedCompositeFieldContainer[PathChange]
    patch: str
    cut: bool
    def __init__(self, sha: _Optional[str] = ..., parents: _Optional[_Iterable[str]] = ..., author_ms: _Optional[int] = ..., subject: _Optional[str] = ..., changes: _Optional[_Iterable[_Union[PathChange, _Mapping]]] = ..., patch: _Optional[str] = ..., cut: _Optional[bool] = ...) -> None: ...

class Output(_message.Message):
    __slots__ = ("text", "bytes_total", "bytes_dropped")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    BYTES_TOTAL_FIELD_NUMBER: _ClassVar[int]
    BYTES_DROPPED_FIELD_NUMBER: _ClassVar[int]
    text: str
    bytes_total: int
    bytes_dropped: int
    def __init__(self, text: _Optional[str] = ..., bytes_total: _Optional[int] = ..., bytes_dropped: _Optional[int] = ...) -> None: ...

class Ground(_message.Message):
    __slots__ = ("head", "branch", "tree", "tree_after", "previous_tree", "changes", "lock_hash", "interpreter", "packages", "variables", "cut", "unnamed", "dirty")
    HEAD_FIELD_NUMBER: _ClassVar[int]
    BRANCH_FIELD_NUMBER: _ClassVar[int]
    TREE_FIELD_NUMBER: _ClassVar[int]
    TREE_AFTER_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_TREE_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    LOCK_HASH_FIELD_NUMBER: _ClassVar[int]
    INTERPRETER_FIELD_NUMBER: _ClassVar[int]
    PACKAGES_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    CUT_FIELD_NUMBER: _ClassVar[int]
    UNNAMED_FIELD_NUMBER: _ClassVar[int]
    DIRTY_FIELD_NUMBER: _ClassVar[int]
    head: str
    branch: str
    tree: str
    tree_after: str
    previous_tree: str
    changes: _containers.RepeatedCompositeFieldContainer[PathChange]
    lock_hash: str
    interpreter: str
    packages: str
    variables: str
    cut: _containers.RepeatedScalarFieldContainer[str]
    unnamed: int
    dirty: _containers.RepeatedCompositeFieldContainer[PathChange]
    def __init__(self, head: _Optional[str] = ..., branch: _Optional[str] = ..., tree: _Optional[str] = ..., tree_after: _Optional[str] = ..., previous_tree: _Optional[str] = ..., changes: _Optional[_Iterable[_Union[PathChange, _Mapping]]] = ..., lock_hash: _Optional[str] = ..., interpreter: _Optional[str] = ..., packages: _Optional[str] = ..., variables: _Optional[str] = ..., cut: _Optional[_Iterable[str]] = ..., unnamed: _Optional[int] = ..., dirty: _Optional[_Iterable[_Union[PathChange, _Mapping]]] = ...) -> None: ...

class CommandFinished(_message.Message):
    __slots__ = ("command", "cwd", "exit_codes", "duration_ms", "output", "ground", "failures", "tests", "recorder", "ci", "run", "running")
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    CWD_FIELD_NUMBER: _ClassVar[int]
    EXIT_CODES_FIELD_NUMBER: _ClassVar[int]
    DURATION_MS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    GROUND_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    TESTS_FIELD_NUMBER: _ClassVar[int]
    RECORDER_FIELD_NUMBER: _ClassVar[int]
    CI_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    RUNNING_FIELD_NUMBER: _ClassVar[int]
    command: str
    cwd: str
    exit_codes: _containers.RepeatedScalarFieldContainer[int]
    duration_ms: int
    output: Output
    ground: Ground
    failures: _containers.RepeatedCompositeFieldContainer[_failure_pb2.Failure]
    tests: _failure_pb2.TestReport
    recorder: str
    ci: bool
    run: str
    running: bool
    def __init__(self, command: _Optional[str] = ..., cwd: _Optional[str] = ..., exit_codes: _Optional[_Iterable[int]] = ..., duration_ms: _Optional[int] = ..., output: _Optional[_Union[Output, _Mapping]] = ..., ground: _Optional[_Union[Ground, _Mapping]] = ..., failures: _Optional[_Iterable[_Union[_failure_pb2.Failure, _Mapping]]] = ..., tests: _Optional[_Union[_failure_pb2.TestReport, _Mapping]] = ..., recorder: _Optional[str] = ..., ci: _Optional[bool] = ..., run: _Optional[str] = ..., running: _Optional[bool] = ...) -> None: ...

class ProofFinished(_message.Message):
    __slots__ = ("remedy_id", "fingerprint", "verdict", "reason", "red", "green", "runs", "command", "commit", "test", "sandbox", "output")
    REMEDY_ID_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RED_FIELD_NUMBER: _ClassVar[int]
    GREEN_FIELD_NUMBER: _ClassVar[int]
    RUNS_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    TEST_FIELD_NUMBER: _ClassVar[int]
    SANDBOX_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    remedy_id: str
    fingerprint: str
    verdict: str
    reason: str
    red: int
    green: int
    runs: int
    command: str
    commit: str
    test: str
    sandbox: str
    output: Output
    def __init__(self, remedy_id: _Optional[str] = ..., fingerprint: _Optional[str] = ..., verdict: _Optional[str] = ..., reason: _Optional[str] = ..., red: _Optional[int] = ..., green: _Optional[int] = ..., runs: _Optional[int] = ..., command: _Optional[str] = ..., commit: _Optional[str] = ..., test: _Optional[str] = ..., sandbox: _Optional[str] = ..., output: _Optional[_Union[Output, _Mapping]] = ...) -> None: ...

class ActDone(_message.Message):
    __slots__ = ("level", "action", "remedy_id", "sentence", "kind", "worktree", "branch", "commit", "command", "exit_code", "files_before", "files_after", "reverts", "output")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    REMEDY_ID_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    WORKTREE_FIELD_NUMBER: _ClassVar[int]
    BRANCH_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
    FILES_BEFORE_FIELD_NUMBER: _ClassVar[int]
    FILES_AFTER_FIELD_NUMBER: _ClassVar[int]
    REVERTS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    level: str
    action: str
    remedy_id: str
    sentence: str
    kind: str
    worktree: str
    branch: str
    commit: str
    command: str
    exit_code: int
    files_before: str
    files_after: str
    reverts: str
    output: Output
    def __init__(self, level: _Optional[str] = ..., action: _Optional[str] = ..., remedy_id: _Optional[str] = ..., sentence: _Optional[str] = ..., kind: _Optional[str] = ..., worktree: _Optional[str] = ..., branch: _Optional[str] = ..., commit: _Optional[str] = ..., command: _Optional[str] = ..., exit_code: _Optional[int] = ..., files_before: _Optional[str] = ..., files_after: _Optional[str] = ..., reverts: _Optional[str] = ..., output: _Optional[_Union[Output, _Mapping]] = ...) -> None: ...

class EditorEvent(_message.Message):
    __slots__ = ("action", "path", "line", "message")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    action: str
    path: str
    line: int
    message: str
    def __init__(self, action: _Optional[str] = ..., path: _Optional[str] = ..., line: _Optional[int] = ..., message: _Optional[str] = ...) -> None: ...
