"""Malformed and oversized messages to real daemons over mTLS: a reason each, and they go on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from google.protobuf.message import Message
from grpc.aio import AioRpcError, Channel, Metadata

from common.clients.registry import RegistryClient
from common.errors import Denied, Invalid, OverLimit, PostDevAIError
from common.model.ids import ContentHash, content_hash
from common.model.node import Capability
from common.pb.postdevai.v1 import assistant_service_pb2 as assistant
from common.pb.postdevai.v1 import enrolment_service_pb2 as enrolment
from common.pb.postdevai.v1 import event_pb2
from common.pb.postdevai.v1 import inference_service_pb2 as inference
from common.pb.postdevai.v1 import lake_service_pb2 as lake
from common.pb.postdevai.v1 import registry_service_pb2 as registry
from common.pb.postdevai.v1.lake_service_pb2_grpc import LakeServiceStub
from common.rpc.channel import open_channel
from common.rpc.credentials import NodeIdentity
from common.rpc.pinned import _pinned
from common.rpc.status import error_from_rpc
from common.wire.nouns import event_to_pb
from tests.support.lake import event, ran, seen
from tests.support.mesh import Mesh

ORIGIN = "e" * 32
OPEN = lake.IngestRequest(open=lake.IngestOpen(origin=ORIGIN, first_held=1, last=1000))
OVER_4_MB = b"x" * (5 << 20)
ANSWER_S = 15


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    """One mesh for all of these: whatever it is sent, it has to serve the next."""
    made = Mesh(tmp_path_factory.mktemp("bad") / "home")
    made.up(wait="ready")
    before = {p.pid for p in made.processes()}
    yield made
    try:
        assert {p.pid for p in made.processes()} == before, "a daemon has died\n" + made.logs()
        assert "Traceback" not in made.logs()
    finally:
        made.close()


@asynccontextmanager
async def coordinator(mesh: Mesh) -> AsyncGenerator[Channel]:
    """A connection as the mesh's own laptop."""
    own = await NodeIdentity.open(mesh.home / "developer" / "identity")
    at = own.mesh
    async with open_channel(at.coordinator_address, at.coordinator_identity, own) as channel:
        yield channel


@asynccontextmanager
async def dragon(
    mesh: Mesh, capability: Capability = "lake"
) -> AsyncGenerator[tuple[Channel, Metadata]]:
    """A connection to the Dragon with the laptop's ticket."""
    own = await NodeIdentity.open(mesh.home / "developer" / "identity")
    async with coordinator(mesh) as asked:
        (route,) = await RegistryClient(asked).resolve(capability, "", "")
    async with open_channel(route.endpoint, route.identity, own) as channel:
        yield channel, Metadata(("authorization", f"Bearer {route.ticket}"))


async def refusal(
    channel: Channel, method: str, data: bytes, metadata: Metadata | None = None
) -> PostDevAIError:
    """What a call with these bytes is refused with; streams of answers are read to their end."""
    call = channel.unary_stream(f"/postdevai.v1.{method}")
    with pytest.raises(AioRpcError) as caught:
        async for _ in call(data, timeout=ANSWER_S, metadata=metadata):
            pass
    return error_from_rpc(caught.value)


async def ingest(mesh: Mesh, *parts: lake.IngestRequest) -> list[lake.IngestResponse]:
    """The answers to one stream; its refusal is raised."""

    async def requests() -> AsyncIterator[lake.IngestRequest]:
        for part in parts:
            yield part

    async with dragon(mesh) as (channel, metadata):
        stub = cast(Any, LakeServiceStub(channel))
        try:
            call = stub.Ingest(requests(), metadata=metadata, timeout=ANSWER_S)
            return [reply async for reply in call]
        except AioRpcError as error:
            raise error_from_rpc(error) from None


async def is_well(mesh: Mesh) -> None:
    """The Dragon answers, and so does the Coordinator that leads to it."""
    async with dragon(mesh) as (channel, metadata):
        await LakeServiceStub(channel).Stats(
            lake.StatsRequest(), timeout=ANSWER_S, metadata=metadata
        )


def record(seq: int, body: event_pb2.Event) -> lake.IngestRequest:
    """A record of a stream."""
    return lake.IngestRequest(record=lake.Record(seq=seq, event=body))


def offer(*hashes: str) -> lake.IngestRequest:
    """An offer of contents."""
    return lake.IngestRequest(offer=lake.BlobOffer(hashes=hashes))


def blob(content: str, data: bytes) -> lake.IngestRequest:
    """A content."""
    return lake.IngestRequest(blob=lake.Blob(hash=content, data=data))


TO_THE_DRAGON: list[tuple[str, Message, str]] = [
    ("LakeService/Search", lake.SearchRequest(), "query"),
    ("LakeService/Search", lake.SearchRequest(query="x", k=-1), "k"),
    ("LakeService/Search", lake.SearchRequest.FromString(b"\x0a\x01x\x10\x63"), "mode"),
    ("LakeService/Search", lake.SearchRequest(query="(", mode="SEARCH_MODE_REGEX"), "query"),
    ("LakeService/History", lake.HistoryRequest(limit=1_000_000), "limit"),
    ("LakeService/History", lake.HistoryRequest(kind="gossip"), "kind"),
    ("LakeService/GetEvent", lake.GetEventRequest(id="../x"), "id"),
    ("LakeService/GetBlob", lake.GetBlobRequest(hash="x" * 32), "hash"),
    ("LakeService/Recall", lake.RecallRequest(), "by"),
    ("LakeService/Recall", lake.RecallRequest(text="x" * 2_000_000), "text"),
    ("AssistantService/Ask", assistant.AskRequest(), "question"),
    ("AssistantService/Ask", assistant.AskRequest(question="x" * 1_000_000), "question"),
    ("AssistantService/Ask", assistant.AskRequest(question="x", max_tokens=-1), "max_tokens"),
    ("AssistantService/Feedback", assistant.FeedbackRequest(verdict="helped"), "remedy_id"),
    (
        "AssistantService/Feedback",
        assistant.FeedbackRequest(remedy_id="x", verdict="meh"),
        "verdict",
    ),
    ("InferenceService/Embed", inference.EmbedRequest(), "texts"),
    ("InferenceService/Embed", inference.EmbedRequest(texts=["x"] * 10_000), "texts"),
    (
        "InferenceService/Generate",
        inference.GenerateRequest(
            messages=[inference.ChatMessage(role="user", content="x")], temperature=-1
        ),
        "temperature",
    ),
]
TO_THE_COORDINATOR: list[tuple[str, Message, str]] = [
    ("RegistryService/Resolve", registry.ResolveRequest(), "capability"),
    ("RegistryService/Resolve", registry.ResolveRequest(capability="lunch"), "capability"),
    ("RegistryService/Register", registry.RegisterRequest(), "part"),
    (
        "RegistryService/Register",
        registry.RegisterRequest(heartbeat=registry.Heartbeat(state="serving")),
        "heartbeat",
    ),
    (
        "RegistryService/Register",
        registry.RegisterRequest(hello=registry.RegisterHello(address="x" * 100_000)),
        "hello.address",
    ),
]


def capability(method: str) -> Capability:
    """What a method belongs to."""
    return cast(Capability, method.split("Service/")[0].lower())


@pytest.mark.parametrize(("method", "message", "field"), TO_THE_DRAGON)
async def test_the_dragon_names_the_field(
    mesh: Mesh, method: str, message: Message, field: str
) -> None:
    async with dragon(mesh, capability(method)) as (channel, metadata):
        error = await refusal(channel, method, message.SerializeToString(), metadata)
    assert isinstance(error, Invalid), error
    assert error.field == field
    await is_well(mesh)


@pytest.mark.parametrize(("method", "message", "field"), TO_THE_COORDINATOR)
async def test_the_coordinator_names_the_field(
    mesh: Mesh, method: str, message: Message, field: str
) -> None:
    async with coordinator(mesh) as channel:
        error = await refusal(channel, method, message.SerializeToString())
    assert isinstance(error, Invalid), error
    assert error.field == field
    await is_well(mesh)


METHODS = ["LakeService/Search", "LakeService/Ingest", "AssistantService/Ask"]


@pytest.mark.parametrize(
    "method", [*METHODS, "RegistryService/Resolve", "RegistryService/Register"]
)
@pytest.mark.parametrize("what", ["garbage", "5 MB"])
async def test_bytes_that_are_no_message_or_too_many_are_refused(
    mesh: Mesh, method: str, what: str
) -> None:
    data = OVER_4_MB if what == "5 MB" else b"\xff\xff\xff\x00garbage"
    if method.startswith("Registry"):
        async with coordinator(mesh) as channel:
            error = await refusal(channel, method, data)
    else:
        async with dragon(mesh, capability(method)) as (channel, metadata):
            error = await refusal(channel, method, data, metadata)
    if what == "5 MB":
        assert isinstance(error, OverLimit) and "4 MB" in error.message
    else:
        assert isinstance(error, Invalid) and error.field == "message"
    await is_well(mesh)


HELD = content_hash(b"x")
BROKEN_STREAMS: list[tuple[str, list[lake.IngestRequest], str]] = [
    ("nothing opened", [record(1, event_to_pb(event(ran())))], "open"),
    ("an empty part", [OPEN, lake.IngestRequest()], "part"),
    ("opened twice", [OPEN, OPEN], "open"),
    (
        "an origin that is none",
        [lake.IngestRequest(open=lake.IngestOpen(origin="mine", first_held=1, last=1))],
        "open.origin",
    ),
    (
        "positions that cross",
        [lake.IngestRequest(open=lake.IngestOpen(origin=ORIGIN, first_held=9, last=2))],
        "open.first_held",
    ),
    (
        "a record without event",
        [OPEN, lake.IngestRequest(record=lake.Record(seq=1))],
        "record.event",
    ),
    ("a skipped record", [OPEN, record(500, event_to_pb(event(ran())))], "record.seq"),
    ("too many offers", [OPEN, offer(*[ContentHash("a" * 32)] * 1_001)], "offer.hashes"),
    ("an offer that is no hash", [OPEN, offer("../../x")], "offer.hashes"),
    ("content of another name", [OPEN, offer(HELD), blob(HELD, b"y")], "blob.hash"),
    ("content over 1 MB", [OPEN, blob(HELD, b"x" * ((1 << 20) + 1))], "blob.data"),
]


@pytest.mark.parametrize(
    ("parts", "field"),
    [(parts, field) for _, parts, field in BROKEN_STREAMS],
    ids=[name for name, _, _ in BROKEN_STREAMS],
)
async def test_a_stream_that_breaks_the_rules_ends_with_the_field(
    mesh: Mesh, parts: list[lake.IngestRequest], field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        await ingest(mesh, *parts)
    assert caught.value.field == field
    await is_well(mesh)


async def test_an_event_that_is_none_of_ours_is_refused_and_the_next_is_taken(mesh: Mesh) -> None:
    origin = "f" * 32
    opening = lake.IngestRequest(open=lake.IngestOpen(origin=origin, first_held=1, last=9))
    nameless, late, empty = (event_to_pb(event(ran())) for _ in range(3))
    nameless.id = "not hex"
    late.at_ms = -1
    empty.ClearField("command_finished")
    bad = [nameless, late, empty]
    replies = await ingest(
        mesh,
        opening,
        *(record(seq, body) for seq, body in enumerate(bad, start=1)),
        record(4, event_to_pb(event(seen()))),
    )
    refusals = [r.refusal for r in replies if r.WhichOneof("part") == "refusal"]
    assert [(r.seq, r.field) for r in refusals] == [
        (1, "event.id"),
        (2, "event.at_ms"),
        (3, "event.body"),
    ]
    assert replies[-1].ack.seq == 4


async def test_an_enrolment_with_nonsense_is_refused(mesh: Mesh) -> None:
    """Whoever can connect can send this: no certificate is asked for there."""
    own = await NodeIdentity.open(mesh.home / "developer" / "identity")
    async with _pinned((own.mesh.enrolment_address,), own.mesh.enrolment_pin) as (channel, _):
        for message in (
            enrolment.EnrolRequest(),
            enrolment.EnrolRequest(code_id="x" * 100_000, secret="y", csr_pem="z"),
        ):
            error = await refusal(channel, "EnrolmentService/Enrol", message.SerializeToString())
            assert isinstance(error, Denied | Invalid), error
        error = await refusal(channel, "EnrolmentService/Enrol", OVER_4_MB)
        assert isinstance(error, OverLimit)
    await is_well(mesh)
