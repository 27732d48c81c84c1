"""Who did not answer is named; that nothing is there is certain only when all say so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.errors import Missing, PostDevAIError, Unavailable
from common.model.ids import NodeId
from common.model.node import Capability, Node, Route
from developer_node.several.dragons import LOOK_S, Dragons
from tests.support.scripted_daemon import SetClock


class Mesh:
    """A Coordinator of a rehearsal."""

    def __init__(self, *serving: str) -> None:
        self.serving = serving
        self.gone: tuple[Node, ...] = ()
        self.looks = 0
        self.away = False

    async def resolve(self, capability: Capability) -> tuple[Route, ...]:
        return tuple(Route("a:1", f"spiffe://m/dragon/{each}", "t", 0) for each in self.serving)

    async def nodes(self) -> tuple[Node, ...]:
        self.looks += 1
        if self.away:
            raise Unavailable("the Coordinator is away")
        return self.gone


def gone(name: str, *projects: str, hidden: tuple[str, ...] = ()) -> Node:
    return Node("dragon", NodeId(name), "", "gone", -1.0, projects=projects, hidden=hidden)


async def asked(dragons: Dragons, **said: str | PostDevAIError) -> tuple[list[str], list[str]]:
    async def question(name: str) -> str:
        if isinstance(answer := said[name], PostDevAIError):
            raise answer
        return answer

    answers = await dragons.ask(lambda identity: identity.rsplit("/", 1)[1], question)
    return [each for _, each in answers.given], list(answers.absent)


async def test_that_one_has_no_such_thing_is_neither_an_answer_nor_an_absence() -> None:
    dragons = Dragons(Mesh("a", "b"))
    assert await asked(dragons, a=Missing("no"), b="yes") == (["yes"], [])
    with pytest.raises(Missing):
        await asked(dragons, a=Missing("no"), b=Missing("no"))


async def test_nothing_is_called_missing_while_one_that_may_have_it_is_silent() -> None:
    with pytest.raises(Unavailable):
        await asked(Dragons(Mesh("a", "b")), a=Missing("no"), b=Unavailable("cut off"))


async def test_a_dragon_that_left_with_projects_is_named_at_once_and_an_empty_one_is_not() -> None:
    mesh, clock = Mesh("a", "b"), SetClock()
    dragons = Dragons(mesh, clock)
    assert await asked(dragons, a="1", b="2") == (["1", "2"], [])
    mesh.serving, mesh.gone = ("a",), (gone("b", "p"), gone("c"))
    assert await asked(dragons, a="1") == (["1"], ["Dragon b is away"])
    assert await dragons.are_several()
    assert mesh.looks == 2


async def test_without_a_coordinator_what_was_known_of_the_absent_stands() -> None:
    mesh, clock = Mesh("a"), SetClock()
    mesh.gone = (gone("b", "p"),)
    dragons = Dragons(mesh, clock)
    assert (await asked(dragons, a="1"))[1] == ["Dragon b is away"]
    mesh.away = True
    clock.at_ms += int(LOOK_S * 1_000) + 1
    assert (await asked(dragons, a="1"))[1] == ["Dragon b is away"]
    assert mesh.looks == 2


async def test_copies_out_of_sight_are_missed_by_no_question_and_by_every_forgetting() -> None:
    mesh = Mesh("a")
    follower = replace(gone("d", "p"), follows="a")
    mesh.gone = (gone("b", hidden=("p",)), gone("c"), follower)
    dragons = Dragons(mesh)
    assert (await asked(dragons, a="1"))[1] == []
    assert await dragons.keeping(await dragons.serving()) == ("b", "d")
