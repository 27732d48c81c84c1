from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FollowJournalRequest(_message.Message):
    __slots__ = ("open", "written")
    OPEN_FIELD_NUMBER: _ClassVar[int]
    WRITTEN_FIELD_NUMBER: _ClassVar[int]
    open: JournalReach
    written: int
    def __init__(self, open: _Optional[_Union[JournalReach, _Mapping]] = ..., written: _Optional[int] = ...) -> None: ...

class FollowJournalResponse(_message.Message):
    __slots__ = ("welcome", "rows", "last_lsn")
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    LAST_LSN_FIELD_NUMBER: _ClassVar[int]
    welcome: JournalReach
    rows: JournalRows
    last_lsn: int
    def __init__(self, welcome: _Optional[_Union[JournalReach, _Mapping]] = ..., rows: _Optional[_Union[JournalRows, _Mapping]] = ..., last_lsn: _Optional[int] = ...) -> None: ...

class TellProjectRequest(_message.Message):
    __slots__ = ("project", "after", "handed")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    HANDED_FIELD_NUMBER: _ClassVar[int]
    project: str
    after: int
    handed: bool
    def __init__(self, project: _Optional[str] = ..., after: _Optional[int] = ..., handed: _Optional[bool] = ...) -> None: ...

class TellProjectResponse(_message.Message):
    __slots__ = ("holding", "rows")
    HOLDING_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    holding: ProjectHolding
    rows: JournalRows
    def __init__(self, holding: _Optional[_Union[ProjectHolding, _Mapping]] = ..., rows: _Optional[_Union[JournalRows, _Mapping]] = ...) -> None: ...

class ProjectHolding(_message.Message):
    __slots__ = ("journal", "name", "last_lsn")
    JOURNAL_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    LAST_LSN_FIELD_NUMBER: _ClassVar[int]
    journal: str
    name: str
    last_lsn: int
    def __init__(self, journal: _Optional[str] = ..., name: _Optional[str] = ..., last_lsn: _Optional[int] = ...) -> None: ...

class BringProjectRequest(_message.Message):
    __slots__ = ("project", "holder")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    project: str
    holder: str
    def __init__(self, project: _Optional[str] = ..., holder: _Optional[str] = ...) -> None: ...

class BringProjectResponse(_message.Message):
    __slots__ = ("at", "last_lsn")
    AT_FIELD_NUMBER: _ClassVar[int]
    LAST_LSN_FIELD_NUMBER: _ClassVar[int]
    at: int
    last_lsn: int
    def __init__(self, at: _Optional[int] = ..., last_lsn: _Optional[int] = ...) -> None: ...

class JournalReach(_message.Message):
    __slots__ = ("journal", "first_lsn", "last_lsn", "terms")
    JOURNAL_FIELD_NUMBER: _ClassVar[int]
    FIRST_LSN_FIELD_NUMBER: _ClassVar[int]
    LAST_LSN_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    journal: str
    first_lsn: int
    last_lsn: int
    terms: _containers.RepeatedCompositeFieldContainer[JournalTerm]
    def __init__(self, journal: _Optional[str] = ..., first_lsn: _Optional[int] = ..., last_lsn: _Optional[int] = ..., terms: _Optional[_Iterable[_Union[JournalTerm, _Mapping]]] = ...) -> None: ...

class JournalTerm(_message.Message):
    __slots__ = ("epoch", "first_lsn")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    FIRST_LSN_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    first_lsn: int
    def __init__(self, epoch: _Optional[int] = ..., first_lsn: _Optional[int] = ...) -> None: ...

class JournalRows(_message.Message):
    __slots__ = ("rows", "contents")
    ROWS_FIELD_NUMBER: _ClassVar[int]
    CONTENTS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[JournalRow]
    contents: _containers.RepeatedCompositeFieldContainer[JournalContent]
    def __init__(self, rows: _Optional[_Iterable[_Union[JournalRow, _Mapping]]] = ..., contents: _Optional[_Iterable[_Union[JournalContent, _Mapping]]] = ...) -> None: ...

class JournalRow(_message.Message):
    __slots__ = ("lsn", "origin", "seq", "kind", "node", "project", "project_name", "at_ms", "body")
    LSN_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    PROJECT_NAME_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    lsn: int
    origin: str
    seq: int
    kind: str
    node: str
    project: str
    project_name: str
    at_ms: int
    body: bytes
    def __init__(self, lsn: _Optional[int] = ..., origin: _Optional[str] = ..., seq: _Optional[int] = ..., kind: _Optional[str] = ..., node: _Optional[str] = ..., project: _Optional[str] = ..., project_name: _Optional[str] = ..., at_ms: _Optional[int] = ..., body: _Optional[bytes] = ...) -> None: ...

class JournalContent(_message.Message):
    __slots__ = ("hash", "data")
    HASH_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    hash: str
    data: bytes
    def __init__(self, hash: _Optional[str] = ..., data: _Optional[bytes] = ...) -> None: ...

class LakeLead(_message.Message):
    __slots__ = ("lake", "leader", "epoch", "followers")
    LAKE_FIELD_NUMBER: _ClassVar[int]
    LEADER_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    FOLLOWERS_FIELD_NUMBER: _ClassVar[int]
    lake: str
    leader: str
    epoch: int
    followers: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, lake: _Optional[str] = ..., leader: _Optional[str] = ..., epoch: _Optional[int] = ..., followers: _Optional[_Iterable[str]] = ...) -> None: ...

class LeadRequest(_message.Message):
    __slots__ = ("lake",)
    LAKE_FIELD_NUMBER: _ClassVar[int]
    lake: str
    def __init__(self, lake: _Optional[str] = ...) -> None: ...

class LeadResponse(_message.Message):
    __slots__ = ("lead",)
    LEAD_FIELD_NUMBER: _ClassVar[int]
    lead: LakeLead
    def __init__(self, lead: _Optional[_Union[LakeLead, _Mapping]] = ...) -> None: ...

class SetFollowersRequest(_message.Message):
    __slots__ = ("lake", "epoch", "followers")
    LAKE_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    FOLLOWERS_FIELD_NUMBER: _ClassVar[int]
    lake: str
    epoch: int
    followers: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, lake: _Optional[str] = ..., epoch: _Optional[int] = ..., followers: _Optional[_Iterable[str]] = ...) -> None: ...

class SetFollowersResponse(_message.Message):
    __slots__ = ("lead",)
    LEAD_FIELD_NUMBER: _ClassVar[int]
    lead: LakeLead
    def __init__(self, lead: _Optional[_Union[LakeLead, _Mapping]] = ...) -> None: ...

class GetLeadRequest(_message.Message):
    __slots__ = ("lake",)
    LAKE_FIELD_NUMBER: _ClassVar[int]
    lake: str
    def __init__(self, lake: _Optional[str] = ...) -> None: ...

class GetLeadResponse(_message.Message):
    __slots__ = ("lead",)
    LEAD_FIELD_NUMBER: _ClassVar[int]
    lead: LakeLead
    def __init__(self, lead: _Optional[_Union[LakeLead, _Mapping]] = ...) -> None: ...

class GetSuccessorRequest(_message.Message):
    __slots__ = ("node",)
    NODE_FIELD_NUMBER: _ClassVar[int]
    node: str
    def __init__(self, node: _Optional[str] = ...) -> None: ...

class GetSuccessorResponse(_message.Message):
    __slots__ = ("leader",)
    LEADER_FIELD_NUMBER: _ClassVar[int]
    leader: str
    def __init__(self, leader: _Optional[str] = ...) -> None: ...
