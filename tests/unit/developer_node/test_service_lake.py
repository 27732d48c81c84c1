"""Forgetting goes to its end whether or not somebody still listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any, cast

import pytest

from common.errors import Missing
from common.model.lake import LakeStats, LakeStep, Oblivion
from common.pb.postdevai.v1 import lake_service_pb2 as pb
from common.rpc.routed import Routed
from common.wire.translate import fill_pb
from developer_node.forgetting import Forgetting
from developer_node.service_lake import LakeDoor


class _Dragon:
    """Says one step, and the last when it may."""

    def __init__(self) -> None:
        self.may_end = asyncio.Event()

    async def stream(self, _: object, **_how: object) -> AsyncGenerator[pb.ForgetResponse]:
        yield _said(LakeStep("find"))
        await self.may_end.wait()
        yield _said(LakeStep("proof", ended=True))


class _Here:
    """What this laptop does."""

    def __init__(self) -> None:
        self.done = asyncio.Event()

    def whose(self, o: Oblivion) -> Oblivion:
        return o

    async def before(self, _: Oblivion) -> AsyncGenerator[LakeStep]:
        yield LakeStep("sending")

    async def after(self, _: Oblivion) -> AsyncGenerator[LakeStep]:
        yield LakeStep("outbox")
        self.done.set()


def _said(step: LakeStep) -> pb.ForgetResponse:
    response = pb.ForgetResponse()
    fill_pb(step, response.step)
    return response


def _door(dragon: _Dragon, here: _Here) -> LakeDoor:
    return LakeDoor(  # pyright: ignore[reportAbstractUsage]
        cast(Routed, dragon), cast(Forgetting, here)
    )


async def test_the_laptop_forgets_too_when_the_front_end_has_left() -> None:
    dragon, here = _Dragon(), _Here()
    steps = cast(
        "AsyncGenerator[pb.ForgetResponse]",
        _door(dragon, here).Forget(pb.ForgetRequest(text="hunter2"), cast(Any, None)),
    )
    await anext(steps)
    await steps.aclose()
    dragon.may_end.set()
    async with asyncio.timeout(20):
        await here.done.wait()


async def test_the_last_step_comes_after_the_laptops_own() -> None:
    dragon, here = _Dragon(), _Here()
    dragon.may_end.set()
    asked = _door(dragon, here).Forget(pb.ForgetRequest(text="hunter2"), cast(Any, None))
    said = [response.step.step async for response in asked]
    assert said == ["sending", "find", "outbox", "proof"]


class _Without(_Dragon):
    """Has nothing of it."""

    async def stream(self, _: object, **_how: object) -> AsyncGenerator[pb.ForgetResponse]:
        yield _said(LakeStep("find", sentence="nothing of the kind", ok=False, ended=True))


class _Elsewhere(_Dragon):
    """Does not know the project."""

    async def stream(self, _: object, **_how: object) -> AsyncGenerator[pb.ForgetResponse]:
        raise Missing("no such project")
        yield pb.ForgetResponse()


async def _forgotten(*dragons: _Dragon) -> list[tuple[str, bool]]:
    async def everywhere() -> list[Routed]:
        return [cast(Routed, each) for each in dragons]

    for each in dragons:
        each.may_end.set()
    door = LakeDoor(  # pyright: ignore[reportAbstractUsage]
        cast(Routed, dragons[0]), cast(Forgetting, _Here()), everywhere=everywhere
    )
    asked = door.Forget(pb.ForgetRequest(text="hunter2"), cast(Any, None))
    return [(response.step.step, response.step.ended) async for response in asked]


async def test_every_dragon_forgets_before_the_last_step_is_told() -> None:
    """That one has nothing of it keeps no other from forgetting, and spoils no proof."""
    expected = [
        ("sending", False),
        ("find", False),
        ("find", False),
        ("proof", False),
        ("outbox", False),
        ("proof", True),
    ]
    assert await _forgotten(_Dragon(), _Elsewhere(), _Dragon(), _Without()) == expected


async def test_what_no_dragon_has_is_told_as_one_dragon_would() -> None:
    """The control: of one that has nothing alone."""
    alone = await _forgotten(_Without())
    assert await _forgotten(_Without(), _Elsewhere()) == alone
    assert alone[-1] == ("find", True)
    with pytest.raises(Missing, match="no such project"):
        await _forgotten(_Elsewhere(), _Elsewhere())


class _Reads:
    """Reads everything of its own."""

    async def stream(self, _: object, **_how: object) -> AsyncGenerator[pb.VerifyResponse]:
        yield pb.VerifyResponse(step=pb.LakeStep(step="read", ok=True, sentence="whole"))
        yield pb.VerifyResponse(step=pb.LakeStep(step="end", ok=True, ended=True))


class _AllOfThem:
    """Every Dragon of a mesh, one of which is away."""

    asked: str = ""

    async def stats(self) -> LakeStats | None:
        return None

    async def away(self) -> Sequence[str]:
        return ["Dragon c"]

    async def way(self, said: str) -> Routed:
        self.asked = said
        return cast(Routed, _Reads())


async def test_every_lake_is_read_and_who_is_away_is_no_good_end() -> None:
    async def others() -> list[tuple[str, Routed]]:
        return [("Dragon b", cast(Routed, _Reads()))]

    every = _AllOfThem()
    door = LakeDoor(  # pyright: ignore[reportAbstractUsage]
        cast(Routed, _Reads()), cast(Forgetting, _Here()), others=others, several=every
    )

    async def verified(node: str) -> list[tuple[str, str, bool, bool]]:
        asked = door.Verify(pb.VerifyRequest(node=node), cast(Any, None))
        steps = [response.step async for response in asked]
        return [(step.step, step.sentence, step.ok, step.ended) for step in steps]

    assert await verified("") == [
        ("read", "whole", True, False),
        ("end", "", True, False),
        ("read", "Dragon b: whole", True, False),
        ("end", "Dragon b: ", True, False),
        ("away", "Dragon c is away: nothing of it was read", False, True),
    ]
    assert await verified("b") == [("read", "whole", True, False), ("end", "", True, True)]
    assert every.asked == "b"
