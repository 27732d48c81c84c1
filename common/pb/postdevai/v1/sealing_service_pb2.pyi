from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListKeysRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListKeysResponse(_message.Message):
    __slots__ = ("keys",)
    KEYS_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedCompositeFieldContainer[SealingKey]
    def __init__(self, keys: _Optional[_Iterable[_Union[SealingKey, _Mapping]]] = ...) -> None: ...

class SealingKey(_message.Message):
    __slots__ = ("node", "offer", "statement")
    NODE_FIELD_NUMBER: _ClassVar[int]
    OFFER_FIELD_NUMBER: _ClassVar[int]
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    node: str
    offer: str
    statement: str
    def __init__(self, node: _Optional[str] = ..., offer: _Optional[str] = ..., statement: _Optional[str] = ...) -> None: ...

class KeepStatementRequest(_message.Message):
    __slots__ = ("node", "statement")
    NODE_FIELD_NUMBER: _ClassVar[int]
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    node: str
    statement: str
    def __init__(self, node: _Optional[str] = ..., statement: _Optional[str] = ...) -> None: ...

class KeepStatementResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
