from common.pb.postdevai.v1 import shared_pb2 as _shared_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListSharedRequest(_message.Message):
    __slots__ = ("kind", "scope", "all")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    ALL_FIELD_NUMBER: _ClassVar[int]
    kind: str
    scope: str
    all: bool
    def __init__(self, kind: _Optional[str] = ..., scope: _Optional[str] = ..., all: _Optional[bool] = ...) -> None: ...

class ListSharedResponse(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[_shared_pb2.SharedItem]
    def __init__(self, items: _Optional[_Iterable[_Union[_shared_pb2.SharedItem, _Mapping]]] = ...) -> None: ...

class GetSharedRequest(_message.Message):
    __slots__ = ("kind", "scope", "key")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    kind: str
    scope: str
    key: str
    def __init__(self, kind: _Optional[str] = ..., scope: _Optional[str] = ..., key: _Optional[str] = ...) -> None: ...

class GetSharedResponse(_message.Message):
    __slots__ = ("item",)
    ITEM_FIELD_NUMBER: _ClassVar[int]
    item: _shared_pb2.SharedItem
    def __init__(self, item: _Optional[_Union[_shared_pb2.SharedItem, _Mapping]] = ...) -> None: ...

class PutSharedRequest(_message.Message):
    __slots__ = ("kind", "scope", "key", "value", "version")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    kind: str
    scope: str
    key: str
    value: str
    version: bytes
    def __init__(self, kind: _Optional[str] = ..., scope: _Optional[str] = ..., key: _Optional[str] = ..., value: _Optional[str] = ..., version: _Optional[bytes] = ...) -> None: ...

class PutSharedResponse(_message.Message):
    __slots__ = ("item",)
    ITEM_FIELD_NUMBER: _ClassVar[int]
    item: _shared_pb2.SharedItem
    def __init__(self, item: _Optional[_Union[_shared_pb2.SharedItem, _Mapping]] = ...) -> None: ...

class RemoveSharedRequest(_message.Message):
    __slots__ = ("kind", "scope", "key")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    kind: str
    scope: str
    key: str
    def __init__(self, kind: _Optional[str] = ..., scope: _Optional[str] = ..., key: _Optional[str] = ...) -> None: ...

class RemoveSharedResponse(_message.Message):
    __slots__ = ("item",)
    ITEM_FIELD_NUMBER: _ClassVar[int]
    item: _shared_pb2.SharedItem
    def __init__(self, item: _Optional[_Union[_shared_pb2.SharedItem, _Mapping]] = ...) -> None: ...

class GetSyncRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetSyncResponse(_message.Message):
    __slots__ = ("status",)
    STATUS_FIELD_NUMBER: _ClassVar[int]
    status: _shared_pb2.SyncStatus
    def __init__(self, status: _Optional[_Union[_shared_pb2.SyncStatus, _Mapping]] = ...) -> None: ...
