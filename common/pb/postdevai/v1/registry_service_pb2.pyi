from common.pb.postdevai.v1 import node_pb2 as _node_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RegisterRequest(_message.Message):
    __slots__ = ("hello", "heartbeat")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    hello: RegisterHello
    heartbeat: Heartbeat
    def __init__(self, hello: _Optional[_Union[RegisterHello, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ...) -> None: ...

class RegisterHello(_message.Message):
    __slots__ = ("address", "capabilities", "version", "pid")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    address: str
    capabilities: _containers.RepeatedScalarFieldContainer[str]
    version: str
    pid: int
    def __init__(self, address: _Optional[str] = ..., capabilities: _Optional[_Iterable[str]] = ..., version: _Optional[str] = ..., pid: _Optional[int] = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ("state", "load")
    STATE_FIELD_NUMBER: _ClassVar[int]
    LOAD_FIELD_NUMBER: _ClassVar[int]
    state: str
    load: _node_pb2.NodeLoad
    def __init__(self, state: _Optional[str] = ..., load: _Optional[_Union[_node_pb2.NodeLoad, _Mapping]] = ...) -> None: ...

class RegisterResponse(_message.Message):
    __slots__ = ("welcome", "renewed")
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    RENEWED_FIELD_NUMBER: _ClassVar[int]
    welcome: RegisterWelcome
    renewed: LeaseRenewed
    def __init__(self, welcome: _Optional[_Union[RegisterWelcome, _Mapping]] = ..., renewed: _Optional[_Union[LeaseRenewed, _Mapping]] = ...) -> None: ...

class RegisterWelcome(_message.Message):
    __slots__ = ("ticket_keys", "denied", "lease_s", "epoch")
    TICKET_KEYS_FIELD_NUMBER: _ClassVar[int]
    DENIED_FIELD_NUMBER: _ClassVar[int]
    LEASE_S_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    ticket_keys: _containers.RepeatedCompositeFieldContainer[TicketKey]
    denied: _containers.RepeatedScalarFieldContainer[str]
    lease_s: float
    epoch: int
    def __init__(self, ticket_keys: _Optional[_Iterable[_Union[TicketKey, _Mapping]]] = ..., denied: _Optional[_Iterable[str]] = ..., lease_s: _Optional[float] = ..., epoch: _Optional[int] = ...) -> None: ...

class TicketKey(_message.Message):
    __slots__ = ("kid", "public_pem")
    KID_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_PEM_FIELD_NUMBER: _ClassVar[int]
    kid: str
    public_pem: str
    def __init__(self, kid: _Optional[str] = ..., public_pem: _Optional[str] = ...) -> None: ...

class LeaseRenewed(_message.Message):
    __slots__ = ("denied", "ticket_keys")
    DENIED_FIELD_NUMBER: _ClassVar[int]
    TICKET_KEYS_FIELD_NUMBER: _ClassVar[int]
    denied: _containers.RepeatedScalarFieldContainer[str]
    ticket_keys: _containers.RepeatedCompositeFieldContainer[TicketKey]
    def __init__(self, denied: _Optional[_Iterable[str]] = ..., ticket_keys: _Optional[_Iterable[_Union[TicketKey, _Mapping]]] = ...) -> None: ...

class ListNodesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListNodesResponse(_message.Message):
    __slots__ = ("nodes",)
    NODES_FIELD_NUMBER: _ClassVar[int]
    nodes: _containers.RepeatedCompositeFieldContainer[_node_pb2.Node]
    def __init__(self, nodes: _Optional[_Iterable[_Union[_node_pb2.Node, _Mapping]]] = ...) -> None: ...

class ResolveRequest(_message.Message):
    __slots__ = ("capability", "project", "model")
    CAPABILITY_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    capability: str
    project: str
    model: str
    def __init__(self, capability: _Optional[str] = ..., project: _Optional[str] = ..., model: _Optional[str] = ...) -> None: ...

class ResolveResponse(_message.Message):
    __slots__ = ("routes",)
    ROUTES_FIELD_NUMBER: _ClassVar[int]
    routes: _containers.RepeatedCompositeFieldContainer[_node_pb2.Route]
    def __init__(self, routes: _Optional[_Iterable[_Union[_node_pb2.Route, _Mapping]]] = ...) -> None: ...
