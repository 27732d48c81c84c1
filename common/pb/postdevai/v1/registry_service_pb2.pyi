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
    __slots__ = ("address", "capabilities", "version", "pid", "addresses", "machine", "sealing_key", "process")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    MACHINE_FIELD_NUMBER: _ClassVar[int]
    SEALING_KEY_FIELD_NUMBER: _ClassVar[int]
    PROCESS_FIELD_NUMBER: _ClassVar[int]
    address: str
    capabilities: _containers.RepeatedScalarFieldContainer[str]
    version: str
    pid: int
    addresses: _containers.RepeatedScalarFieldContainer[str]
    machine: str
    sealing_key: str
    process: str
    def __init__(self, address: _Optional[str] = ..., capabilities: _Optional[_Iterable[str]] = ..., version: _Optional[str] = ..., pid: _Optional[int] = ..., addresses: _Optional[_Iterable[str]] = ..., machine: _Optional[str] = ..., sealing_key: _Optional[str] = ..., process: _Optional[str] = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ("state", "load", "offer", "now_ms")
    STATE_FIELD_NUMBER: _ClassVar[int]
    LOAD_FIELD_NUMBER: _ClassVar[int]
    OFFER_FIELD_NUMBER: _ClassVar[int]
    NOW_MS_FIELD_NUMBER: _ClassVar[int]
    state: str
    load: _node_pb2.NodeLoad
    offer: NodeOffer
    now_ms: int
    def __init__(self, state: _Optional[str] = ..., load: _Optional[_Union[_node_pb2.NodeLoad, _Mapping]] = ..., offer: _Optional[_Union[NodeOffer, _Mapping]] = ..., now_ms: _Optional[int] = ...) -> None: ...

class NodeOffer(_message.Message):
    __slots__ = ("projects", "models", "follows", "behind", "followers", "hidden", "on_disk", "in_the_way", "first_lsn")
    PROJECTS_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    FOLLOWS_FIELD_NUMBER: _ClassVar[int]
    BEHIND_FIELD_NUMBER: _ClassVar[int]
    FOLLOWERS_FIELD_NUMBER: _ClassVar[int]
    HIDDEN_FIELD_NUMBER: _ClassVar[int]
    ON_DISK_FIELD_NUMBER: _ClassVar[int]
    IN_THE_WAY_FIELD_NUMBER: _ClassVar[int]
    FIRST_LSN_FIELD_NUMBER: _ClassVar[int]
    projects: _containers.RepeatedScalarFieldContainer[str]
    models: _containers.RepeatedScalarFieldContainer[str]
    follows: str
    behind: int
    followers: _containers.RepeatedScalarFieldContainer[str]
    hidden: _containers.RepeatedScalarFieldContainer[str]
    on_disk: _containers.RepeatedScalarFieldContainer[str]
    in_the_way: str
    first_lsn: int
    def __init__(self, projects: _Optional[_Iterable[str]] = ..., models: _Optional[_Iterable[str]] = ..., follows: _Optional[str] = ..., behind: _Optional[int] = ..., followers: _Optional[_Iterable[str]] = ..., hidden: _Optional[_Iterable[str]] = ..., on_disk: _Optional[_Iterable[str]] = ..., in_the_way: _Optional[str] = ..., first_lsn: _Optional[int] = ...) -> None: ...

class CoordinatorAddress(_message.Message):
    __slots__ = ("identity", "addresses", "enrolment_addresses")
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    ENROLMENT_ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    identity: str
    addresses: _containers.RepeatedScalarFieldContainer[str]
    enrolment_addresses: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, identity: _Optional[str] = ..., addresses: _Optional[_Iterable[str]] = ..., enrolment_addresses: _Optional[_Iterable[str]] = ...) -> None: ...

class RegisterResponse(_message.Message):
    __slots__ = ("welcome", "renewed")
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    RENEWED_FIELD_NUMBER: _ClassVar[int]
    welcome: RegisterWelcome
    renewed: LeaseRenewed
    def __init__(self, welcome: _Optional[_Union[RegisterWelcome, _Mapping]] = ..., renewed: _Optional[_Union[LeaseRenewed, _Mapping]] = ...) -> None: ...

class RegisterWelcome(_message.Message):
    __slots__ = ("ticket_keys", "denied", "lease_s", "epoch", "coordinators", "now_ms", "rules")
    TICKET_KEYS_FIELD_NUMBER: _ClassVar[int]
    DENIED_FIELD_NUMBER: _ClassVar[int]
    LEASE_S_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    COORDINATORS_FIELD_NUMBER: _ClassVar[int]
    NOW_MS_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    ticket_keys: _containers.RepeatedCompositeFieldContainer[TicketKey]
    denied: _containers.RepeatedScalarFieldContainer[str]
    lease_s: float
    epoch: int
    coordinators: _containers.RepeatedCompositeFieldContainer[CoordinatorAddress]
    now_ms: int
    rules: _containers.RepeatedCompositeFieldContainer[RuleFile]
    def __init__(self, ticket_keys: _Optional[_Iterable[_Union[TicketKey, _Mapping]]] = ..., denied: _Optional[_Iterable[str]] = ..., lease_s: _Optional[float] = ..., epoch: _Optional[int] = ..., coordinators: _Optional[_Iterable[_Union[CoordinatorAddress, _Mapping]]] = ..., now_ms: _Optional[int] = ..., rules: _Optional[_Iterable[_Union[RuleFile, _Mapping]]] = ...) -> None: ...

class RuleFile(_message.Message):
    __slots__ = ("name", "text")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    name: str
    text: str
    def __init__(self, name: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class TicketKey(_message.Message):
    __slots__ = ("kid", "public_pem")
    KID_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_PEM_FIELD_NUMBER: _ClassVar[int]
    kid: str
    public_pem: str
    def __init__(self, kid: _Optional[str] = ..., public_pem: _Optional[str] = ...) -> None: ...

class LeaseRenewed(_message.Message):
    __slots__ = ("denied", "ticket_keys", "coordinators", "now_ms", "rules_changed", "rules")
    DENIED_FIELD_NUMBER: _ClassVar[int]
    TICKET_KEYS_FIELD_NUMBER: _ClassVar[int]
    COORDINATORS_FIELD_NUMBER: _ClassVar[int]
    NOW_MS_FIELD_NUMBER: _ClassVar[int]
    RULES_CHANGED_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    denied: _containers.RepeatedScalarFieldContainer[str]
    ticket_keys: _containers.RepeatedCompositeFieldContainer[TicketKey]
    coordinators: _containers.RepeatedCompositeFieldContainer[CoordinatorAddress]
    now_ms: int
    rules_changed: bool
    rules: _containers.RepeatedCompositeFieldContainer[RuleFile]
    def __init__(self, denied: _Optional[_Iterable[str]] = ..., ticket_keys: _Optional[_Iterable[_Union[TicketKey, _Mapping]]] = ..., coordinators: _Optional[_Iterable[_Union[CoordinatorAddress, _Mapping]]] = ..., now_ms: _Optional[int] = ..., rules_changed: _Optional[bool] = ..., rules: _Optional[_Iterable[_Union[RuleFile, _Mapping]]] = ...) -> None: ...

class ListNodesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListNodesResponse(_message.Message):
    __slots__ = ("nodes", "members")
    NODES_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    nodes: _containers.RepeatedCompositeFieldContainer[_node_pb2.Node]
    members: _containers.RepeatedCompositeFieldContainer[_node_pb2.Member]
    def __init__(self, nodes: _Optional[_Iterable[_Union[_node_pb2.Node, _Mapping]]] = ..., members: _Optional[_Iterable[_Union[_node_pb2.Member, _Mapping]]] = ...) -> None: ...

class ResolveRequest(_message.Message):
    __slots__ = ("capability", "project", "model", "task")
    CAPABILITY_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    capability: str
    project: str
    model: str
    task: str
    def __init__(self, capability: _Optional[str] = ..., project: _Optional[str] = ..., model: _Optional[str] = ..., task: _Optional[str] = ...) -> None: ...

class ResolveResponse(_message.Message):
    __slots__ = ("routes",)
    ROUTES_FIELD_NUMBER: _ClassVar[int]
    routes: _containers.RepeatedCompositeFieldContainer[_node_pb2.Route]
    def __init__(self, routes: _Optional[_Iterable[_Union[_node_pb2.Route, _Mapping]]] = ...) -> None: ...

class ExplainRouteRequest(_message.Message):
    __slots__ = ("capability", "project", "model", "task")
    CAPABILITY_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    capability: str
    project: str
    model: str
    task: str
    def __init__(self, capability: _Optional[str] = ..., project: _Optional[str] = ..., model: _Optional[str] = ..., task: _Optional[str] = ...) -> None: ...

class ExplainRouteResponse(_message.Message):
    __slots__ = ("nodes", "policy")
    NODES_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    nodes: _containers.RepeatedCompositeFieldContainer[RankedNode]
    policy: str
    def __init__(self, nodes: _Optional[_Iterable[_Union[RankedNode, _Mapping]]] = ..., policy: _Optional[str] = ...) -> None: ...

class RankedNode(_message.Message):
    __slots__ = ("node", "rank", "reasons")
    NODE_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    node: _node_pb2.Node
    rank: int
    reasons: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, node: _Optional[_Union[_node_pb2.Node, _Mapping]] = ..., rank: _Optional[int] = ..., reasons: _Optional[_Iterable[str]] = ...) -> None: ...

class PinProjectRequest(_message.Message):
    __slots__ = ("project", "node", "copied")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    COPIED_FIELD_NUMBER: _ClassVar[int]
    project: str
    node: str
    copied: bool
    def __init__(self, project: _Optional[str] = ..., node: _Optional[str] = ..., copied: _Optional[bool] = ...) -> None: ...

class PinProjectResponse(_message.Message):
    __slots__ = ("moved",)
    MOVED_FIELD_NUMBER: _ClassVar[int]
    moved: bool
    def __init__(self, moved: _Optional[bool] = ...) -> None: ...

class UnpinProjectRequest(_message.Message):
    __slots__ = ("project",)
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    project: str
    def __init__(self, project: _Optional[str] = ...) -> None: ...

class UnpinProjectResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
