from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EnrolRequest(_message.Message):
    __slots__ = ("code_id", "secret", "csr_pem", "sealing_key", "roles")
    CODE_ID_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    CSR_PEM_FIELD_NUMBER: _ClassVar[int]
    SEALING_KEY_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    code_id: str
    secret: str
    csr_pem: str
    sealing_key: bytes
    roles: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, code_id: _Optional[str] = ..., secret: _Optional[str] = ..., csr_pem: _Optional[str] = ..., sealing_key: _Optional[bytes] = ..., roles: _Optional[_Iterable[str]] = ...) -> None: ...

class EnrolResponse(_message.Message):
    __slots__ = ("leaf_pem", "ca_pem", "node_id", "coordinator_address", "coordinator_identity", "sealed_grant")
    LEAF_PEM_FIELD_NUMBER: _ClassVar[int]
    CA_PEM_FIELD_NUMBER: _ClassVar[int]
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    COORDINATOR_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    COORDINATOR_IDENTITY_FIELD_NUMBER: _ClassVar[int]
    SEALED_GRANT_FIELD_NUMBER: _ClassVar[int]
    leaf_pem: str
    ca_pem: str
    node_id: str
    coordinator_address: str
    coordinator_identity: str
    sealed_grant: bytes
    def __init__(self, leaf_pem: _Optional[str] = ..., ca_pem: _Optional[str] = ..., node_id: _Optional[str] = ..., coordinator_address: _Optional[str] = ..., coordinator_identity: _Optional[str] = ..., sealed_grant: _Optional[bytes] = ...) -> None: ...

class ChallengeRequest(_message.Message):
    __slots__ = ("node_id",)
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    def __init__(self, node_id: _Optional[str] = ...) -> None: ...

class ChallengeResponse(_message.Message):
    __slots__ = ("nonce",)
    NONCE_FIELD_NUMBER: _ClassVar[int]
    nonce: bytes
    def __init__(self, nonce: _Optional[bytes] = ...) -> None: ...

class RenewRequest(_message.Message):
    __slots__ = ("node_id", "nonce", "csr_pem", "signature")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    CSR_PEM_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    nonce: bytes
    csr_pem: str
    signature: bytes
    def __init__(self, node_id: _Optional[str] = ..., nonce: _Optional[bytes] = ..., csr_pem: _Optional[str] = ..., signature: _Optional[bytes] = ...) -> None: ...

class RenewResponse(_message.Message):
    __slots__ = ("leaf_pem", "ca_pem")
    LEAF_PEM_FIELD_NUMBER: _ClassVar[int]
    CA_PEM_FIELD_NUMBER: _ClassVar[int]
    leaf_pem: str
    ca_pem: str
    def __init__(self, leaf_pem: _Optional[str] = ..., ca_pem: _Optional[str] = ...) -> None: ...

class InviteRequest(_message.Message):
    __slots__ = ("role",)
    ROLE_FIELD_NUMBER: _ClassVar[int]
    role: str
    def __init__(self, role: _Optional[str] = ...) -> None: ...

class InviteResponse(_message.Message):
    __slots__ = ("code", "expires_ms")
    CODE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_MS_FIELD_NUMBER: _ClassVar[int]
    code: str
    expires_ms: int
    def __init__(self, code: _Optional[str] = ..., expires_ms: _Optional[int] = ...) -> None: ...

class RevokeRequest(_message.Message):
    __slots__ = ("node_id",)
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    def __init__(self, node_id: _Optional[str] = ...) -> None: ...

class RevokeResponse(_message.Message):
    __slots__ = ("node_id", "role")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    role: str
    def __init__(self, node_id: _Optional[str] = ..., role: _Optional[str] = ...) -> None: ...

class LeaveRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class LeaveResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ReadAuditRequest(_message.Message):
    __slots__ = ("since_ms",)
    SINCE_MS_FIELD_NUMBER: _ClassVar[int]
    since_ms: int
    def __init__(self, since_ms: _Optional[int] = ...) -> None: ...

class ReadAuditResponse(_message.Message):
    __slots__ = ("line",)
    LINE_FIELD_NUMBER: _ClassVar[int]
    line: AuditLine
    def __init__(self, line: _Optional[_Union[AuditLine, _Mapping]] = ...) -> None: ...

class AuditLine(_message.Message):
    __slots__ = ("log", "seq", "at_ms", "who", "action", "subject", "outcome", "reason", "prev", "hash")
    LOG_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    WHO_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    PREV_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    log: str
    seq: int
    at_ms: int
    who: str
    action: str
    subject: str
    outcome: str
    reason: str
    prev: str
    hash: str
    def __init__(self, log: _Optional[str] = ..., seq: _Optional[int] = ..., at_ms: _Optional[int] = ..., who: _Optional[str] = ..., action: _Optional[str] = ..., subject: _Optional[str] = ..., outcome: _Optional[str] = ..., reason: _Optional[str] = ..., prev: _Optional[str] = ..., hash: _Optional[str] = ...) -> None: ...

class VerifyAuditRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class VerifyAuditResponse(_message.Message):
    __slots__ = ("check",)
    CHECK_FIELD_NUMBER: _ClassVar[int]
    check: AuditCheck
    def __init__(self, check: _Optional[_Union[AuditCheck, _Mapping]] = ...) -> None: ...

class AuditCheck(_message.Message):
    __slots__ = ("lines", "is_whole", "reason", "file", "line", "at_ms")
    LINES_FIELD_NUMBER: _ClassVar[int]
    IS_WHOLE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    lines: int
    is_whole: bool
    reason: str
    file: str
    line: int
    at_ms: int
    def __init__(self, lines: _Optional[int] = ..., is_whole: _Optional[bool] = ..., reason: _Optional[str] = ..., file: _Optional[str] = ..., line: _Optional[int] = ..., at_ms: _Optional[int] = ...) -> None: ...
