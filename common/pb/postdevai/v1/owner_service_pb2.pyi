from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetOwnerRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetOwnerResponse(_message.Message):
    __slots__ = ("public_key", "fingerprint", "signs", "keys")
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    SIGNS_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    public_key: str
    fingerprint: str
    signs: bool
    keys: _containers.RepeatedCompositeFieldContainer[NodeKey]
    def __init__(self, public_key: _Optional[str] = ..., fingerprint: _Optional[str] = ..., signs: _Optional[bool] = ..., keys: _Optional[_Iterable[_Union[NodeKey, _Mapping]]] = ...) -> None: ...

class NodeKey(_message.Message):
    __slots__ = ("node", "fingerprint", "state", "reason")
    NODE_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    node: str
    fingerprint: str
    state: str
    reason: str
    def __init__(self, node: _Optional[str] = ..., fingerprint: _Optional[str] = ..., state: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class InitOwnerRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class InitOwnerResponse(_message.Message):
    __slots__ = ("public_key", "fingerprint")
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    public_key: str
    fingerprint: str
    def __init__(self, public_key: _Optional[str] = ..., fingerprint: _Optional[str] = ...) -> None: ...

class SignKeyRequest(_message.Message):
    __slots__ = ("node", "fingerprint")
    NODE_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    node: str
    fingerprint: str
    def __init__(self, node: _Optional[str] = ..., fingerprint: _Optional[str] = ...) -> None: ...

class SignKeyResponse(_message.Message):
    __slots__ = ("key",)
    KEY_FIELD_NUMBER: _ClassVar[int]
    key: NodeKey
    def __init__(self, key: _Optional[_Union[NodeKey, _Mapping]] = ...) -> None: ...

class TrustOwnerRequest(_message.Message):
    __slots__ = ("public_key",)
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    public_key: str
    def __init__(self, public_key: _Optional[str] = ...) -> None: ...

class TrustOwnerResponse(_message.Message):
    __slots__ = ("fingerprint",)
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    fingerprint: str
    def __init__(self, fingerprint: _Optional[str] = ...) -> None: ...
