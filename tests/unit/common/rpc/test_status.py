"""The seven errors cross the wire and come back as they were."""

from __future__ import annotations

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata

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
from common.rpc.status import DETAILS_KEY, GRPC_CODES, error_from_rpc, to_status

KINDS = [Invalid, Denied, Missing, Conflict, OverLimit, Unavailable, Corrupt]


def carried(error: PostDevAIError) -> AioRpcError:
    status = to_status(error)
    trailing = Metadata((DETAILS_KEY, status.SerializeToString()))
    return AioRpcError(GRPC_CODES[status.code], Metadata(), trailing, status.message)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_keeps_its_kind_sentence_hint_and_field(kind: type[PostDevAIError]) -> None:
    back = error_from_rpc(carried(kind("too much", hint="less", field="a.b")))
    assert type(back) is kind
    assert (back.message, back.hint, back.field) == ("too much", "less", "a.b")


def test_every_kind_has_a_code_of_its_own() -> None:
    assert len({to_status(kind("x")).code for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize(
    ("code", "details", "kind", "says"),
    [
        (grpc.StatusCode.UNAVAILABLE, "Hostname Verification Check failed", Unavailable, "another"),
        (grpc.StatusCode.UNAVAILABLE, "Socket closed", Unavailable, "cannot be reached"),
        (
            grpc.StatusCode.UNAVAILABLE,
            "failed to connect to all addresses; last error: UNAVAILABLE: ipv4:1.2.3.4:5: "
            "Socket closed",
            Unavailable,
            "closed the connection at once",
        ),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "", Unavailable, "in time"),
        (grpc.StatusCode.INTERNAL, "x", Unavailable, "failed while it answered"),
        (grpc.StatusCode.UNIMPLEMENTED, "Method not found!", Missing, "not found"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "larger than max (5 vs. 4)", OverLimit, "4 MB"),
    ],
)
def test_a_status_of_the_transport_becomes_a_sentence(
    code: grpc.StatusCode, details: str, kind: type[PostDevAIError], says: str
) -> None:
    error = error_from_rpc(AioRpcError(code, Metadata(), Metadata(), details))
    assert type(error) is kind
    assert says in error.message


def test_details_of_others_are_not_taken_for_ours() -> None:
    rough = AioRpcError(
        grpc.StatusCode.NOT_FOUND, Metadata(), Metadata((DETAILS_KEY, b"")), "no such thing"
    )
    assert type(error_from_rpc(rough)) is Missing
