"""Who may call what, as common/rpc/policies says; what is not written is not allowed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

from common.errors import Denied
from common.model.node import Role

if TYPE_CHECKING:
    from common.rpc.rules import Rules

Right = Role | Literal["admin", "owner", "anyone"]
"""A role, or: admin, whom the Coordinator knows; owner, who holds the local API's token; anyone,
who has no certificate yet and speaks to the enrolment port."""

_MESH: frozenset[Right] = frozenset(("coordinator", "dragon", "developer", "tool"))
_READERS: frozenset[Right] = frozenset(("developer", "tool"))
_LAPTOP: frozenset[Right] = frozenset(("developer",))
_OWNER: frozenset[Right] = frozenset(("owner",))
_ANYONE: frozenset[Right] = frozenset(("anyone",))

_V1 = "/postdevai.v1."

TABLE: dict[str, frozenset[Right]] = {
    # the Coordinator
    f"{_V1}EnrolmentService/Enrol": _ANYONE,
    f"{_V1}EnrolmentService/Challenge": _ANYONE,
    f"{_V1}EnrolmentService/Renew": _ANYONE,
    f"{_V1}AuthorityService/Invite": frozenset(("admin",)),
    f"{_V1}AuthorityService/Revoke": frozenset(("admin", "owner")),
    f"{_V1}AuthorityService/ReadAudit": frozenset(("admin", "owner")),
    f"{_V1}AuthorityService/VerifyAudit": frozenset(("admin", "owner")),
    f"{_V1}RegistryService/Register": frozenset(("dragon", "developer")),
    f"{_V1}RegistryService/ListNodes": _MESH,
    f"{_V1}RegistryService/Resolve": _READERS | frozenset(("dragon",)),
    f"{_V1}RegistryService/ExplainRoute": _READERS | _OWNER,
    f"{_V1}RegistryService/PinProject": _LAPTOP | _OWNER,
    f"{_V1}RegistryService/UnpinProject": _LAPTOP | _OWNER,
    f"{_V1}SealingService/ListKeys": _LAPTOP,
    f"{_V1}SealingService/KeepStatement": frozenset(("admin",)),
    f"{_V1}TaskService/SubmitTask": frozenset(("dragon", "developer", "owner")),
    f"{_V1}TaskService/ListTasks": _READERS | _OWNER,
    f"{_V1}TaskService/GetTask": _READERS | _OWNER,
    f"{_V1}TaskService/WatchTasks": _READERS | _OWNER,
    f"{_V1}TaskService/CancelTask": _LAPTOP | _OWNER,
    f"{_V1}TaskService/RetryTask": _LAPTOP | _OWNER,
    f"{_V1}TaskService/ClaimTasks": frozenset(("dragon", "developer")),
    f"{_V1}TaskService/ReportProgress": frozenset(("dragon", "developer")),
    f"{_V1}TaskService/CompleteTask": frozenset(("dragon", "developer")),
    f"{_V1}TaskService/FailTask": frozenset(("dragon", "developer")),
    # the Coordinator and every node that is called through it
    f"{_V1}RelayService/OpenSession": _READERS | frozenset(("coordinator",)),
    f"{_V1}RelayService/Call": _READERS | frozenset(("coordinator",)),
    f"{_V1}RelayService/Listen": _READERS | frozenset(("coordinator",)),
    f"{_V1}RelayService/Send": _READERS | frozenset(("coordinator",)),
    f"{_V1}RelayService/Talk": _READERS | frozenset(("coordinator",)),
    f"{_V1}SyncService/Exchange": _LAPTOP,
    f"{_V1}SyncService/WatchShared": _LAPTOP,
    f"{_V1}SyncService/TakeSession": _LAPTOP,
    f"{_V1}SyncService/LeaveSession": _LAPTOP,
    f"{_V1}SyncService/AppendSession": _LAPTOP,
    f"{_V1}SyncService/ReadSession": _LAPTOP,
    f"{_V1}SyncService/ListSessions": _LAPTOP,
    # the Dragon
    f"{_V1}LakeService/Ingest": _LAPTOP,
    f"{_V1}LakeService/Search": _READERS,
    f"{_V1}LakeService/Recall": _READERS,
    f"{_V1}LakeService/History": _READERS,
    f"{_V1}LakeService/GetEvent": _READERS,
    f"{_V1}LakeService/GetBlob": _READERS,
    f"{_V1}LakeService/Stats": _READERS | _OWNER,
    f"{_V1}LakeService/Related": _READERS | _OWNER,
    f"{_V1}LakeService/Kept": _READERS | _OWNER,
    f"{_V1}LakeService/Forget": _LAPTOP | _OWNER,
    f"{_V1}LakeService/Pin": _LAPTOP | _OWNER,
    f"{_V1}LakeService/Sleep": _LAPTOP | _OWNER,
    f"{_V1}LakeService/Alias": _LAPTOP | _OWNER,
    f"{_V1}LakeService/Snapshot": _LAPTOP | _OWNER,
    f"{_V1}LakeService/Verify": _LAPTOP | _OWNER,
    f"{_V1}LakeService/Restore": _LAPTOP | _OWNER,
    f"{_V1}LakeService/Backup": _LAPTOP | _OWNER,
    f"{_V1}InferenceService/Generate": _READERS,
    f"{_V1}InferenceService/Embed": _READERS,
    f"{_V1}InferenceService/ListModels": _READERS | _OWNER,
    f"{_V1}InferenceService/LoadModel": _LAPTOP | _OWNER,
    f"{_V1}InferenceService/UnloadModel": _LAPTOP | _OWNER,
    f"{_V1}InferenceService/PinModel": _LAPTOP | _OWNER,
    f"{_V1}InferenceService/PullModel": _LAPTOP | _OWNER,
    f"{_V1}InferenceService/WatchModels": _READERS | _OWNER,
    f"{_V1}InferenceService/InferenceStats": _READERS | _OWNER,
    f"{_V1}AssistantService/Ask": _READERS,
    f"{_V1}AssistantService/WatchSuggestions": _LAPTOP,
    f"{_V1}AssistantService/Feedback": _LAPTOP,
    f"{_V1}AssistantService/Snooze": _LAPTOP,
    f"{_V1}AssistantService/GetCardStats": _LAPTOP,
    f"{_V1}AssistantService/Quiet": _LAPTOP,
    f"{_V1}AssistantService/GetMaterial": _LAPTOP,
    f"{_V1}AssistantService/FollowMemory": _LAPTOP,
    f"{_V1}ReplicaService/FollowJournal": frozenset(("dragon",)),
    f"{_V1}LeadService/Lead": frozenset(("dragon",)),
    f"{_V1}LeadService/SetFollowers": frozenset(("dragon",)),
    f"{_V1}LeadService/GetLead": frozenset(("dragon",)),
    # the laptop's local API
    f"{_V1}DeveloperService/Status": _OWNER,
    f"{_V1}DeveloperService/Watch": _OWNER,
    f"{_V1}DeveloperService/RecordEditor": _OWNER,
    f"{_V1}DeveloperService/WatchFeed": _OWNER,
    f"{_V1}DeveloperService/Ask": _OWNER,
    f"{_V1}DeveloperService/Search": _OWNER,
    f"{_V1}DeveloperService/Recall": _OWNER,
    f"{_V1}DeveloperService/History": _OWNER,
    f"{_V1}DeveloperService/GetEvent": _OWNER,
    f"{_V1}DeveloperService/GetBlob": _OWNER,
    f"{_V1}DeveloperService/Feedback": _OWNER,
    f"{_V1}DeveloperService/ListNodes": _OWNER,
    f"{_V1}DeveloperService/Invite": _OWNER,
    f"{_V1}DeveloperService/GetContext": _OWNER,
    f"{_V1}DeveloperService/SetContext": _OWNER,
    f"{_V1}CaptureService/Import": _OWNER,
    f"{_V1}CaptureService/Unwatch": _OWNER,
    f"{_V1}RemedyService/Prove": _OWNER,
    f"{_V1}RemedyService/Mine": _OWNER,
    f"{_V1}RemedyService/DraftPatch": _OWNER,
    f"{_V1}RemedyService/SnoozeCard": _OWNER,
    f"{_V1}RemedyService/ListCardStats": _OWNER,
    f"{_V1}RemedyService/SetQuiet": _OWNER,
    f"{_V1}RemedyService/RevertAct": _OWNER,
    f"{_V1}RemedyService/GetAutonomy": _OWNER,
    f"{_V1}RemedyService/SetAutonomy": _OWNER,
    f"{_V1}SharedService/ListShared": _OWNER,
    f"{_V1}SharedService/GetShared": _OWNER,
    f"{_V1}SharedService/PutShared": _OWNER,
    f"{_V1}SharedService/RemoveShared": _OWNER,
    f"{_V1}SharedService/GetSync": _OWNER,
    f"{_V1}OwnerService/GetOwner": _OWNER,
    f"{_V1}OwnerService/InitOwner": _OWNER,
    f"{_V1}OwnerService/SignKey": _OWNER,
    f"{_V1}OwnerService/TrustOwner": _OWNER,
    # what every server has
    "/grpc.health.v1.Health/Check": _MESH | _OWNER | _ANYONE,
    "/grpc.health.v1.Health/Watch": _MESH | _OWNER | _ANYONE,
    "/grpc.health.v1.Health/List": _MESH | _OWNER | _ANYONE,
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": _MESH | _OWNER,
}

WITHOUT_TICKET = ("/grpc.health.v1.", "/grpc.reflection.", "/postdevai.v1.RelayService/")
"""Whoever may connect may ask a node whether it is well and what it speaks; a call that was
carried brings its ticket within the seal."""


@cache
def shipped() -> Rules:
    """The rules that this program brings; read when they are first asked for."""
    from common.rpc import rules

    return rules.Rules(rules.shipped())


def check(
    method: str, rights: frozenset[Right], *, who: str = "", rules: Rules | None = None
) -> None:
    """Denied, and by which rule, unless a rule allows one of the rights to call the method."""
    decision = (rules or shipped()).decide(method, rights, who)
    if decision.allowed or (not decision.rules and TABLE.get(method, frozenset()) & rights):
        return
    held = ", ".join(sorted(rights)) or "nobody"
    raise Denied(
        f"{held} may not call {method.removeprefix(_V1)}",
        hint=f"forbidden by {', '.join(decision.rules)}" if decision.rules else "",
    )
