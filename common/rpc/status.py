"""The seven errors as gRPC statuses with details, and back."""

from __future__ import annotations

from typing import Any, NoReturn, cast

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc.aio import AioRpcError, Metadata, ServicerContext

from common.errors import (
    Conflict,
    Corrupt,
    Denied,
    Invalid,
    Missing,
    OverLimit,
    PostDevAIError,
    Unavailable,
)

DOMAIN = "postdevai"
RETRY_S = 1
DETAILS_KEY = "grpc-status-details-bin"

CODES: dict[type[PostDevAIError], int] = {
    Invalid: code_pb2.INVALID_ARGUMENT,
    Denied: code_pb2.PERMISSION_DENIED,
    Missing: code_pb2.NOT_FOUND,
    Conflict: code_pb2.ABORTED,
    OverLimit: code_pb2.RESOURCE_EXHAUSTED,
    Unavailable: code_pb2.UNAVAILABLE,
    Corrupt: code_pb2.DATA_LOSS,
}
ERRORS: dict[grpc.StatusCode, type[PostDevAIError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: Invalid,
    grpc.StatusCode.OUT_OF_RANGE: Invalid,
    grpc.StatusCode.PERMISSION_DENIED: Denied,
    grpc.StatusCode.UNAUTHENTICATED: Denied,
    grpc.StatusCode.NOT_FOUND: Missing,
    grpc.StatusCode.UNIMPLEMENTED: Missing,
    grpc.StatusCode.ABORTED: Conflict,
    grpc.StatusCode.ALREADY_EXISTS: Conflict,
    grpc.StatusCode.FAILED_PRECONDITION: Conflict,
    grpc.StatusCode.RESOURCE_EXHAUSTED: OverLimit,
    grpc.StatusCode.DATA_LOSS: Corrupt,
}
"""Any other status means that the call did not get through: Unavailable."""
GRPC_CODES: dict[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}
BY_NAME = {kind.__name__: kind for kind in CODES}


def to_status(error: PostDevAIError) -> status_pb2.Status:
    """A status whose details carry the kind, the hint, the field and when to try again."""
    kind = next(k for k in CODES if isinstance(error, k))
    info = error_details_pb2.ErrorInfo(reason=kind.__name__, domain=DOMAIN)
    if error.hint:
        info.metadata["hint"] = error.hint
    if error.field:
        info.metadata["field"] = error.field
    status = status_pb2.Status(code=CODES[kind], message=error.message, details=[_any(info)])
    if kind is Invalid and error.field:
        bad = error_details_pb2.BadRequest()
        bad.field_violations.add(field=error.field, description=error.message)
        status.details.append(_any(bad))
    if kind in (OverLimit, Unavailable):
        retry = error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=RETRY_S))
        status.details.append(_any(retry))
    return status


async def abort(context: ServicerContext[Any, Any], error: PostDevAIError) -> NoReturn:
    """Ends a call with the error's status and details."""
    status = to_status(error)
    # Cython takes a tuple only, whatever the stubs say
    details = cast(Metadata, ((DETAILS_KEY, status.SerializeToString()),))
    await context.abort(GRPC_CODES[status.code], status.message, details)


def error_from_rpc(error: AioRpcError) -> PostDevAIError:
    """The error that the other side raised, or what the transport's own status means."""
    for key, value in error.trailing_metadata():
        if key == DETAILS_KEY and isinstance(value, bytes):
            told = _told(value)
            if told is not None:
                return told
    return _own_words(error.code(), error.details() or "")


def is_answer(error: AioRpcError) -> bool:
    """Whether the other side itself said no, as one of the seven errors."""
    return any(
        key == DETAILS_KEY and isinstance(value, bytes) and _told(value) is not None
        for key, value in error.trailing_metadata()
    )


def _told(details: bytes) -> PostDevAIError | None:
    status = status_pb2.Status.FromString(details)
    info = error_details_pb2.ErrorInfo()
    for detail in status.details:
        if detail.Unpack(info) and info.domain == DOMAIN and info.reason in BY_NAME:
            return BY_NAME[info.reason](
                status.message,
                hint=info.metadata.get("hint", ""),
                field=info.metadata.get("field", ""),
            )
    return None


def _own_words(code: grpc.StatusCode, details: str) -> PostDevAIError:
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return Unavailable("no answer in time", hint="try again; the node may be busy")
    if code is grpc.StatusCode.UNAVAILABLE:
        return Unavailable(_why_unreachable(details), hint=_next_step(details))
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED and "larger than max" in details:
        return OverLimit("the message is larger than 4 MB", hint="send it in pieces")
    if code is grpc.StatusCode.INTERNAL:
        return Unavailable("the node failed while it answered", hint="its log says why")
    kind = ERRORS.get(code, Unavailable)
    return kind(details or code.name.lower().replace("_", " "))


def _why_unreachable(details: str) -> str:
    if "Hostname Verification" in details:
        return "another node answers at that address"
    if "CERTIFICATE_VERIFY_FAILED" in details:
        return "the node's certificate is not of this mesh, or has expired"
    if "Connection refused" in details:
        return "nobody answers at that address"
    if "failed to connect" in details and "Socket closed" in details:
        # with TLS 1.3 a server says no after its own part of the handshake, and gRPC keeps no alert
        return "the node closed the connection at once, as if this one's certificate were not good"
    return "the node cannot be reached"


def _next_step(details: str) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in details:
        return "where the mesh has new keys: postdevai recover --leave, then postdevai join CODE"
    if "failed to connect" in details and "Socket closed" in details:
        return "postdevai doctor says how this machine's certificates and its clock are"
    return ""


def _any(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
