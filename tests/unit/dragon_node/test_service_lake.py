"""LakeService: what is malformed is Invalid with its field, and nothing is decided here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from common.errors import Invalid, Missing
from common.model.failure import Failure, Recollection
from common.model.ids import content_hash
from common.model.lake import SearchQuery, SearchResult
from common.model.node import Identity
from common.pb.postdevai.v1 import lake_service_pb2 as pb
from common.wire.nouns import event_from_pb, event_to_pb
from dragon_node import service_lake
from dragon_node.ingest.pipeline import Pipeline
from dragon_node.service_lake import Context, LakeService, part_from_pb
from tests.support.lake import NODE, ORIGIN, event, opened, ran, saved, seen

TEXT = "def hello(): pass\n"
NAME = content_hash(TEXT.encode())


class Asked:
    """A recaller that writes down what it was asked."""

    def __init__(self) -> None:
        self.questions: list[object] = []

    async def last(self) -> Recollection:
        return self._about("last")

    async def by_fingerprint(self, fingerprint: str) -> Recollection:
        return self._about(fingerprint)

    async def by_failure(self, failure: Failure) -> Recollection:
        return self._about(failure.tool)

    async def by_text(self, text: str) -> Recollection:
        return self._about(text)

    def _about(self, question: object) -> Recollection:
        self.questions.append(question)
        return Recollection("none", note="nothing is known")


class Written:
    """A context that keeps what is written to it."""

    def __init__(self) -> None:
        self.replies: list[pb.IngestResponse] = []

    async def write(self, reply: pb.IngestResponse) -> None:
        self.replies.append(reply)


CONTEXT = cast(Context, Written())


@pytest.fixture
async def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LakeService]:
    """Over a real lake, asked by a laptop."""

    def caller(context: object) -> Identity:
        return Identity("mesh", "developer", NODE)

    monkeypatch.setattr(service_lake, "peer_identity", caller)
    async with opened(tmp_path) as lake:

        async def search(q: SearchQuery) -> SearchResult:
            return await lake.literal(q)

        yield LakeService(lake, Pipeline(lake), search, Asked())


async def _ingest(service: LakeService, *requests: pb.IngestRequest) -> list[pb.IngestResponse]:
    async def given() -> AsyncIterator[pb.IngestRequest]:
        for request in requests:
            yield request

    written = Written()
    await service.Ingest(given(), cast(Any, written))
    return written.replies


def _stream() -> list[pb.IngestRequest]:
    events = [event(seen()), event(saved("a.py", TEXT)), event(ran(text="output"))]
    records = [
        pb.IngestRequest(record=pb.Record(seq=i, event=event_to_pb(e)))
        for i, e in enumerate(events, start=1)
    ]
    return [
        pb.IngestRequest(open=pb.IngestOpen(origin=ORIGIN, first_held=1, last=3)),
        pb.IngestRequest(offer=pb.BlobOffer(hashes=[NAME])),
        pb.IngestRequest(blob=pb.Blob(hash=NAME, data=TEXT.encode())),
        *records,
    ]


async def test_what_was_sent_is_acknowledged_found_and_opened(service: LakeService) -> None:
    requests = _stream()
    replies = await _ingest(service, *requests)
    assert [r.WhichOneof("part") for r in replies[:2]] == ["opened", "want"]
    assert replies[-1].ack.seq == 3
    found = await service.Search(pb.SearchRequest(query="hello"), CONTEXT)
    assert [hit.path for hit in found.hits] == ["a.py"]
    assert (await service.GetBlob(pb.GetBlobRequest(hash=NAME), CONTEXT)).data == TEXT.encode()
    page = await service.History(pb.HistoryRequest(kind="command"), CONTEXT)
    assert [e.event.command_finished.output.text for e in page.entries] == [""]
    whole = await service.GetEvent(pb.GetEventRequest(id=page.entries[0].event.id), CONTEXT)
    assert event_from_pb(whole.event) == event_from_pb(requests[-1].record.event)
    assert (await service.Stats(pb.StatsRequest(), CONTEXT)).events == 3


async def test_a_record_that_is_no_event_of_ours_is_refused_and_consumed(
    service: LakeService,
) -> None:
    bad = event_to_pb(event(ran()))
    bad.id = "not hex"
    replies = await _ingest(
        service, _stream()[0], pb.IngestRequest(record=pb.Record(seq=1, event=bad))
    )
    assert (replies[1].refusal.seq, replies[1].refusal.field) == (1, "event.id")
    assert replies[2].ack.seq == 1


def _batch(*kept: tuple[int, bytes]) -> pb.IngestRequest:
    records = [pb.KeptRecord(seq=seq, event=body) for seq, body in kept]
    return pb.IngestRequest(records=pb.RecordBatch(records=records))


async def test_records_in_one_message_are_taken_like_single_ones(service: LakeService) -> None:
    opening, offer, blob, *single = _stream()
    events = [request.record.event for request in single]
    kept = [(i, e.SerializeToString()) for i, e in enumerate(events, start=1)]
    replies = await _ingest(service, opening, offer, blob, _batch(*kept[:2]), single[2])
    assert replies[-1].ack.seq == 3
    page = await service.History(pb.HistoryRequest(), CONTEXT)
    assert [e.event.id for e in page.entries] == [e.id for e in reversed(events)]
    again = await _ingest(service, opening, _batch(*kept))
    assert [r.WhichOneof("part") for r in again] == ["opened", "ack"]
    assert (await service.Stats(pb.StatsRequest(), CONTEXT)).events == 3


async def test_bytes_that_are_no_event_are_refused_alone_in_their_batch(
    service: LakeService,
) -> None:
    good = event_to_pb(event(ran())).SerializeToString()
    batch = _batch((1, b"\xff\xff"), (2, b""), (3, good))
    replies = await _ingest(service, _stream()[0], batch)
    assert [(r.refusal.seq, r.refusal.field) for r in replies[1:3]] == [
        (1, "event"),
        (2, "event.body"),
    ]
    assert replies[3].ack.seq == 3
    assert (await service.Stats(pb.StatsRequest(), CONTEXT)).events == 1


async def test_a_batch_that_skips_a_sequence_is_not_taken_at_all(service: LakeService) -> None:
    good = event_to_pb(event(ran())).SerializeToString()
    with pytest.raises(Invalid) as error:
        await _ingest(service, _stream()[0], _batch((1, good), (3, good)))
    assert error.value.field == "record.seq"
    assert (await service.Stats(pb.StatsRequest(), CONTEXT)).events == 0


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (pb.IngestRequest(), "part"),
        (pb.IngestRequest(record=pb.Record(seq=1)), "record.event"),
    ],
)
def test_a_part_that_is_empty_names_its_field(request_: pb.IngestRequest, field: str) -> None:
    with pytest.raises(Invalid) as error:
        part_from_pb(request_)
    assert error.value.field == field


@pytest.mark.parametrize(
    ("method", "request_", "field"),
    [
        ("Search", pb.SearchRequest(), "query"),
        ("Search", pb.SearchRequest(query="x" * 5_000), "query"),
        ("Search", pb.SearchRequest(query="x", k=1_001), "k"),
        ("Search", pb.SearchRequest(query="x", k=-1), "k"),
        ("History", pb.HistoryRequest(limit=1_001), "limit"),
        ("History", pb.HistoryRequest(kind="gossip"), "kind"),
        ("GetEvent", pb.GetEventRequest(id="x"), "id"),
        ("GetBlob", pb.GetBlobRequest(hash="../../x"), "hash"),
        ("Recall", pb.RecallRequest(), "by"),
        ("Recall", pb.RecallRequest(fingerprint="x"), "fingerprint"),
        ("Recall", pb.RecallRequest(text=""), "text"),
    ],
)
async def test_what_is_malformed_is_invalid_with_its_field(
    service: LakeService, method: str, request_: object, field: str
) -> None:
    with pytest.raises(Invalid) as error:
        await getattr(service, method)(request_, CONTEXT)
    assert error.value.field == field


async def test_what_is_not_there_is_missing(service: LakeService) -> None:
    with pytest.raises(Missing):
        await service.GetEvent(pb.GetEventRequest(id="0" * 32), CONTEXT)
    with pytest.raises(Missing):
        await service.GetBlob(pb.GetBlobRequest(hash="0" * 32), CONTEXT)


async def test_every_way_to_ask_for_a_failure_arrives(service: LakeService) -> None:
    for request in (
        pb.RecallRequest(last=True),
        pb.RecallRequest(fingerprint="f" * 32),
        pb.RecallRequest(text="Traceback"),
    ):
        await service.Recall(request, CONTEXT)
    asked = cast(Asked, service._recaller)
    assert asked.questions == ["last", "f" * 32, "Traceback"]


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (pb.HistoryRequest(before_cursor=1 << 63), "before_cursor"),
        (pb.HistoryRequest(since_ms=-1), "since_ms"),
        (pb.HistoryRequest(like="zzzz"), "like"),
        (pb.HistoryRequest(since_ms=2, until_ms=1), "since_ms"),
        (pb.HistoryRequest(text='"('), "text"),
        (pb.SearchRequest(query="x", until_ms=-1), "until_ms"),
        (pb.SearchRequest(query="x", since_ms=2, until_ms=1), "since_ms"),
        (pb.SearchRequest(query="x", language="pyton"), "language"),
    ],
)
async def test_what_cannot_be_asked_is_invalid_and_names_its_field(
    service: LakeService, request_: pb.HistoryRequest | pb.SearchRequest, field: str
) -> None:
    await _ingest(service, *_stream())
    with pytest.raises(Invalid) as refused:
        if isinstance(request_, pb.HistoryRequest):
            await service.History(request_, CONTEXT)
        else:
            await service.Search(request_, CONTEXT)
    assert refused.value.field == field


async def test_an_unknown_language_is_told_the_known_ones(service: LakeService) -> None:
    with pytest.raises(Invalid, match=r"c, .*python.*typescript"):
        await service.Search(pb.SearchRequest(query="x", language="pyton"), CONTEXT)
    known = await service.Search(pb.SearchRequest(query="x", language="python"), CONTEXT)
    assert known.hits == []
