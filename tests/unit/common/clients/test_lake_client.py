"""The client of the lake gives domain types and the seven errors, never the wire's own."""

from __future__ import annotations

import pytest

from common.clients.lake import LakeClient
from common.errors import Denied, Invalid, PostDevAIError, Unavailable
from common.model.failure import Failure
from common.model.ids import Origin
from common.model.lake import LakeStats, SearchQuery
from tests.support.strict_lake import Neighbourhood, StrictLake

ORIGIN = Origin("0" * 32)


async def test_answers_are_nouns() -> None:
    async with Neighbourhood.open(StrictLake()) as near:
        lake = LakeClient(near.routed())
        found = await lake.search(SearchQuery("needle"))
        assert [hit.path for hit in found.hits] == ["needle"]
        assert isinstance(await lake.stats(), LakeStats)


async def test_a_refusal_keeps_its_meaning_and_its_field() -> None:
    async with Neighbourhood.open(StrictLake()) as near:
        with pytest.raises(Invalid) as refusal:
            await LakeClient(near.routed()).search(SearchQuery(""))
        assert refusal.value.field == "query"


async def test_recall_asks_by_what_it_was_given() -> None:
    failure = Failure("pytest", "AssertionError", "test", "assert 1 == 2", "assert")
    async with Neighbourhood.open(StrictLake()) as near:
        lake = LakeClient(near.routed())
        assert (await lake.recall(last=True)).note == "by last"
        assert (await lake.recall(fingerprint="f")).note == "by fingerprint"
        assert (await lake.recall(failure=failure)).note == "by failure"
        assert (await lake.recall(text="boom")).note == "by text"
        with pytest.raises(Invalid):
            await lake.recall()


async def test_nobody_there_is_unavailable_for_questions_and_for_the_stream() -> None:
    async with Neighbourhood.open(StrictLake()) as near:
        await near.kill()
        lake = LakeClient(near.routed())
        with pytest.raises(Unavailable):
            await lake.stats()
        with pytest.raises(Unavailable):
            async with lake.ingest(ORIGIN, 1, 0):
                pass


async def test_a_stream_that_is_refused_raises_why() -> None:
    lake = StrictLake()
    lake.on_open = Denied("this laptop was revoked", hint="join again")
    async with Neighbourhood.open(lake) as near:
        with pytest.raises(Denied) as refusal:
            async with LakeClient(near.routed()).ingest(ORIGIN, 1, 0):
                pass
        assert refusal.value.hint == "join again"


async def test_a_server_that_dies_ends_reading_and_writing_with_a_meaning() -> None:
    async with (
        Neighbourhood.open(StrictLake()) as near,
        LakeClient(near.routed()).ingest(ORIGIN, 1, 0) as stream,
    ):
        await near.kill()
        with pytest.raises(PostDevAIError):
            await anext(stream.replies())
        with pytest.raises(PostDevAIError):
            await stream.offer([])


async def test_a_channel_closed_by_somebody_else_is_unavailable_and_no_cancellation() -> None:
    """gRPC reports it as CancelledError, which would end the reader's task in silence."""
    async with (
        Neighbourhood.open(StrictLake()) as near,
        LakeClient(near.routed()).ingest(ORIGIN, 1, 0) as stream,
    ):
        await near._channels.close()
        with pytest.raises(Unavailable):
            await anext(stream.replies())
