from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class EnrolRequest(_message.Message):
    __slots__ = ("code_id", "secret", "csr_pem")
    CODE_ID_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    CSR_PEM_FIELD_NUMBER: _ClassVar[int]
    code_id: str
    secret: str
    csr_pem: str
    def __init__(self, code_id: _Optional[str] = ..., secret: _Optional[str] = ..., csr_pem: _Optional[str] = ...) -> None: ...

class EnrolResponse(_message.Message):
    __slots__ = ("leaf_pem", "ca_pem", "node_id", "coordinator_address", "coordinator_identity")
    LEAF_PEM_FIELD_NUMBER: _ClassVar[int]
    CA_PEM_FIELD_NUMBER: _ClassVar[int]
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    COORDINATOR_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    COORDINATOR_IDENTITY_FIELD_NUMBER: _ClassVar[int]
    leaf_pem: str
    ca_pem: str
    node_id: str
    coordinator_address: str
    coordinator_identity: str
    def __init__(self, leaf_pem: _Optional[str] = ..., ca_pem: _Optional[str] = ..., node_id: _Optional[str] = ..., coordinator_address: _Optional[str] = ..., coordinator_identity: _Optional[str] = ...) -> None: ...

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
