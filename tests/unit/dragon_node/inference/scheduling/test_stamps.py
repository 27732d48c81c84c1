"""A request is answered by a model of the files that it was read by, and by no other."""

from __future__ import annotations

import asyncio
import dataclasses
import threading

import pytest

from common.errors import Unavailable
from dragon_node.inference.reading.prompted import Prompted
from dragon_node.inference.scheduling.source import Alternative
from tests.support.paper_engines import Paper, PaperSource, asked, text
from tests.support.scheduling import happened, loaded, scheduled, until, whole


def read_by(stamp: str, *tokens: int) -> Prompted:
    """As a reader of those files does it."""
    return dataclasses.replace(asked(*tokens), stamp=stamp)


async def test_a_model_whose_files_changed_ends_what_it_has_and_is_loaded_anew():
    source = PaperSource(m=Paper(held=True, stamp="old"))
    async with scheduled(source) as (s, governor):
        old = await loaded(source, s)
        present = asyncio.create_task(whole(s.generate("m", read_by("old", 1))))
        await happened(old.stepping)
        source.models["m"].stamp = "new"
        later = asyncio.create_task(whole(s.generate("m", read_by("new", 2))))
        await asyncio.sleep(0)
        old.let(1)
        detail = "its files changed: it is loaded anew when a request has ended"
        await until(lambda: s.residency("m").detail == detail)
        any_files = asyncio.create_task(whole(s.generate("m", asked(3))))
        old.let()
        assert (await present)[0] == text(asked(1))
        await until(lambda: len(source.models["m"].engines) == 2)
        new = source.models["m"].engine
        new.let()
        assert (await later)[0] == text(asked(2))
        assert (await any_files)[0] == text(asked(3))
        assert (old.closed, s.residency("m").detail) == (True, "")
        assert len(governor.ledger.residents) == 1
    assert [p.tokens for p in old.inserted] == [(1,)]
    assert [p.tokens for p in new.inserted] == [(2,), (3,)]


async def test_a_pinned_model_is_loaded_anew_as_well():
    source = PaperSource(m=Paper(stamp="old"))
    async with scheduled(source) as (s, _):
        s.pin({"m"})
        await s.load("m", "it is pinned")
        source.models["m"].stamp = "new"
        assert (await whole(s.generate("m", read_by("new", 2))))[0] == text(asked(2))
    assert [e.stamp for e in source.models["m"].engines] == ["old", "new"]


async def test_whoever_loads_a_model_has_it_from_the_files_that_are_there():
    source = PaperSource(m=Paper(stamp="old"))
    async with scheduled(source) as (s, _):
        await s.load("m", "the owner asked")
        await s.load("m", "the owner asked again")
        source.models["m"].stamp = "new"
        await s.load("m", "the owner asked once more")
    assert [e.stamp for e in source.models["m"].engines] == ["old", "new"]


async def test_a_request_that_was_read_by_files_that_are_gone_is_told_to_ask_again():
    source = PaperSource(m=Paper(stamp="new"))
    async with scheduled(source) as (s, _):
        for _ in range(2):  # before it is loaded, and after
            with pytest.raises(Unavailable, match="files of m have changed") as refusal:
                await whole(s.generate("m", read_by("old", 1)))
            assert refusal.value.hint == "ask again"
            await s.load("m", "for a test")
    assert source.models["m"].engine.inserted == []


async def test_files_that_change_while_they_are_loaded_are_not_used():
    model = Paper(stamp="old", gate=threading.Semaphore(0))
    async with scheduled(PaperSource(m=model)) as (s, governor):
        speaks = asyncio.create_task(whole(s.generate("m", read_by("old", 1))))
        await happened(model.reached)
        model.stamp = "new"
        assert model.gate is not None
        model.gate.release(1_000)
        with pytest.raises(Unavailable, match="files of m have changed"):
            await speaks
        assert governor.ledger.residents == ()
        assert model.engine.closed
        assert (await whole(s.generate("m", read_by("new", 1))))[0] == text(asked(1))


async def test_an_alternative_of_other_files_than_it_read_by_does_not_answer():
    source = PaperSource(a=Paper(weight_bytes=2_000), b=Paper(stamp="old"), c=Paper())
    async with scheduled(source, 1_500) as (s, _):
        await s.load("b", "for a test")
        source.models["b"].stamp = "new"
        others = [
            Alternative("b", lambda: read_by("new", 1)),
            Alternative("c", lambda: asked(1)),
        ]
        assert (await whole(s.generate("a", asked(1), others)))[1].model == "c"
