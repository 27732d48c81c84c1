"""Which noun travels as which message, and a pair of functions for each that is used by name."""

from __future__ import annotations

from google.protobuf.message import DecodeError, Message

from common.errors import Invalid
from common.model import (
    answer,
    audit,
    event,
    failure,
    lake,
    laptop,
    llm,
    near,
    node,
    remedy,
    replica,
    shared,
    task,
)
from common.pb.postdevai.v1 import (
    answer_pb2,
    assistant_service_pb2,
    capture_service_pb2,
    developer_service_pb2,
    enrolment_service_pb2,
    event_pb2,
    failure_pb2,
    inference_service_pb2,
    lake_service_pb2,
    model_pb2,
    node_pb2,
    registry_service_pb2,
    remedy_pb2,
    remedy_service_pb2,
    replica_service_pb2,
    shared_pb2,
    task_pb2,
    task_service_pb2,
)
from common.wire.translate import from_pb, to_pb

PAIRS: tuple[tuple[type, type[Message]], ...] = (
    (answer.AskEnd, assistant_service_pb2.AskEnd),
    (answer.AskPassages, assistant_service_pb2.AskPassages),
    (answer.AskRequest, assistant_service_pb2.AskRequest),
    (answer.AskText, assistant_service_pb2.AskText),
    (answer.Freshness, answer_pb2.Freshness),
    (answer.Hit, answer_pb2.Hit),
    (audit.AuditLine, enrolment_service_pb2.AuditLine),
    (audit.AuditCheck, enrolment_service_pb2.AuditCheck),
    (event.Event, event_pb2.Event),
    (failure.Failure, failure_pb2.Failure),
    (failure.Recollection, failure_pb2.Recollection),
    (failure.Suggestion, failure_pb2.Suggestion),
    (lake.HistoryEntry, lake_service_pb2.HistoryEntry),
    (lake.HistoryPage, lake_service_pb2.HistoryResponse),
    (lake.HistoryQuery, lake_service_pb2.HistoryRequest),
    (lake.LakeStats, lake_service_pb2.StatsResponse),
    (lake.LakeStep, lake_service_pb2.LakeStep),
    (lake.KeptItem, lake_service_pb2.KeptItem),
    (lake.Oblivion, lake_service_pb2.ForgetRequest),
    (lake.ProjectStats, lake_service_pb2.ProjectStats),
    (lake.StoreStats, lake_service_pb2.StoreStats),
    (lake.Generation, lake_service_pb2.Generation),
    (lake.RelatedQuery, lake_service_pb2.RelatedRequest),
    (lake.RelatedThing, lake_service_pb2.RelatedThing),
    (lake.Relation, lake_service_pb2.Relation),
    (lake.Related, lake_service_pb2.RelatedResponse),
    (lake.SearchQuery, lake_service_pb2.SearchRequest),
    (lake.SearchResult, lake_service_pb2.SearchResponse),
    (laptop.FeedItem, developer_service_pb2.WatchFeedResponse),
    (laptop.ContextEdit, developer_service_pb2.ContextEdit),
    (laptop.LaptopStatus, developer_service_pb2.StatusResponse),
    (laptop.WorkContext, developer_service_pb2.WorkContext),
    (laptop.WatchedRepository, developer_service_pb2.WatchedRepository),
    (llm.ChatMessage, inference_service_pb2.ChatMessage),
    (llm.Generated, inference_service_pb2.GenerateResponse),
    (llm.GenerationRequest, inference_service_pb2.GenerateRequest),
    (llm.InferenceStats, inference_service_pb2.InferenceStatsResponse),
    (llm.MemoryShare, inference_service_pb2.MemoryShare),
    (llm.Model, model_pb2.Model),
    (llm.ModelChange, model_pb2.ModelChange),
    (llm.ModelList, inference_service_pb2.ListModelsResponse),
    (llm.TokenAlternative, inference_service_pb2.TokenAlternative),
    (llm.TokenLogprob, inference_service_pb2.TokenLogprob),
    (llm.Tool, inference_service_pb2.Tool),
    (llm.ToolCall, inference_service_pb2.ToolCall),
    (near.FollowMemoryRequest, assistant_service_pb2.FollowMemoryRequest),
    (near.MemoryPart, assistant_service_pb2.FollowMemoryResponse),
    (near.MirroredSymptom, assistant_service_pb2.MirroredSymptom),
    (node.Node, node_pb2.Node),
    (node.Member, node_pb2.Member),
    (node.NodeLoad, node_pb2.NodeLoad),
    (node.NodeOffer, registry_service_pb2.NodeOffer),
    (node.CoordinatorAddress, registry_service_pb2.CoordinatorAddress),
    (node.Route, node_pb2.Route),
    (node.RankedNode, registry_service_pb2.RankedNode),
    (replica.JournalReach, replica_service_pb2.JournalReach),
    (replica.JournalRows, replica_service_pb2.JournalRows),
    (replica.LakeLead, replica_service_pb2.LakeLead),
    (replica.ProjectHolding, replica_service_pb2.ProjectHolding),
    (remedy.AutonomySetting, remedy_pb2.AutonomySetting),
    (remedy.CardStats, remedy_pb2.CardStats),
    (remedy.DraftedPatch, remedy_pb2.DraftedPatch),
    (remedy.ImportProgress, capture_service_pb2.ImportProgress),
    (remedy.MineStep, remedy_service_pb2.MineResponse),
    (remedy.MinedFix, remedy_pb2.MinedFix),
    (remedy.ProofStep, remedy_service_pb2.ProveResponse),
    (remedy.ProofTarget, remedy_service_pb2.ProveRequest),
    (remedy.RemedyMaterial, remedy_pb2.RemedyMaterial),
    (shared.LostValue, shared_pb2.LostValue),
    (shared.SharedItem, shared_pb2.SharedItem),
    (shared.SharedSession, shared_pb2.SharedSession),
    (shared.SyncStatus, shared_pb2.SyncStatus),
    (task.Assignment, task_pb2.Assignment),
    (task.KeptTask, task_pb2.KeptTask),
    (task.Task, task_pb2.Task),
    (task.TaskChange, task_service_pb2.WatchTasksResponse),
    (task.TaskPage, task_service_pb2.ListTasksResponse),
    (task.TaskWish, task_service_pb2.SubmitTaskRequest),
)
"""Held to the rule of translate.py by a test, field by field."""


def event_to_pb(noun: event.Event) -> event_pb2.Event:
    """An event as it travels and as it is journalled."""
    return to_pb(noun, event_pb2.Event)


def event_from_pb(message: event_pb2.Event) -> event.Event:
    """An event; Invalid names the field that is wrong."""
    return from_pb(message, event.Event, "event.")


def event_to_bytes(noun: event.Event) -> bytes:
    """An event as it is kept: in the outbox, in the spool and in the journal."""
    return event_to_pb(noun).SerializeToString()


def event_from_bytes(data: bytes) -> event.Event:
    """An event as it was kept; Invalid names the field that is wrong."""
    try:
        message = event_pb2.Event.FromString(data)
    except DecodeError as error:
        raise Invalid("the event cannot be decoded", field="event") from error
    return event_from_pb(message)


def symptom_to_bytes(noun: near.MirroredSymptom) -> bytes:
    """A symptom as a laptop's mirror keeps it."""
    return to_pb(noun, assistant_service_pb2.MirroredSymptom).SerializeToString()


def symptom_from_bytes(data: bytes) -> near.MirroredSymptom:
    """A symptom as it was kept."""
    return from_pb(assistant_service_pb2.MirroredSymptom.FromString(data), near.MirroredSymptom)


def kept_task_to_bytes(noun: task.KeptTask) -> bytes:
    """A task as the Coordinator keeps it."""
    return to_pb(noun, task_pb2.KeptTask).SerializeToString()


def kept_task_from_bytes(data: bytes) -> task.KeptTask:
    """A task as it was kept."""
    return from_pb(task_pb2.KeptTask.FromString(data), task.KeptTask)


def session_to_bytes(noun: shared.SharedSession) -> bytes:
    """What is being worked on, as the Coordinator keeps it."""
    return to_pb(noun, shared_pb2.SharedSession).SerializeToString()


def session_from_bytes(data: bytes) -> shared.SharedSession:
    """What was being worked on, as it was kept."""
    return from_pb(shared_pb2.SharedSession.FromString(data), shared.SharedSession)


def failure_to_bytes(noun: failure.Failure) -> bytes:
    """A failure as a laptop's mirror keeps it."""
    return to_pb(noun, failure_pb2.Failure).SerializeToString()


def failure_from_bytes(data: bytes) -> failure.Failure:
    """A failure as it was kept."""
    return from_pb(failure_pb2.Failure.FromString(data), failure.Failure)


def ask_part_to_pb(part: answer.AskPart) -> assistant_service_pb2.AskResponse:
    """A piece of an answer."""
    match part:
        case answer.AskPassages():
            passages = to_pb(part, assistant_service_pb2.AskPassages)
            return assistant_service_pb2.AskResponse(passages=passages)
        case answer.AskText():
            return assistant_service_pb2.AskResponse(
                text=to_pb(part, assistant_service_pb2.AskText)
            )
        case answer.AskEnd():
            return assistant_service_pb2.AskResponse(end=to_pb(part, assistant_service_pb2.AskEnd))


def ask_part_from_pb(message: assistant_service_pb2.AskResponse) -> answer.AskPart:
    """A piece of an answer; Invalid when it is empty."""
    match message.WhichOneof("part"):
        case "passages":
            return from_pb(message.passages, answer.AskPassages)
        case "text":
            return from_pb(message.text, answer.AskText)
        case "end":
            return from_pb(message.end, answer.AskEnd)
        case _:
            raise Invalid("part is not set", field="part")
