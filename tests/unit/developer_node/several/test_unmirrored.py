"""What the mirror is not told is said, by the Dragon that holds it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from common.errors import Unavailable
from common.model.ids import WorkingCopyId
from common.model.laptop import WatchedRepository
from developer_node.several.placing import Placement
from developer_node.several.unmirrored import beyond_home, not_mirrored, unmirrored

HOME, OTHER, THIRD = "a" * 32, "b" * 32, "c" * 32
THING, TOOLS, NOTES = (WorkingCopyId(each * 16) for each in "123")
REPOSITORIES = [
    WatchedRepository(f"/code/{name}", copy, 1, 0, "watching")
    for name, copy in (("thing", THING), ("tools", TOOLS), ("notes", NOTES))
]


@dataclass
class Mesh:
    """Three Dragons, of which one is gone; or nobody says."""

    answers: bool = True
    is_slow: bool = False
    asked: list[str] = field(default_factory=list[str])

    async def serving(self) -> tuple[str, ...]:
        if not self.answers:
            raise Unavailable("the Coordinator does not answer")
        return (f"spiffe://m/dragon/{HOME}", f"spiffe://m/dragon/{OTHER}")

    async def away(self, serving: tuple[str, ...]) -> tuple[str, ...]:
        return (THIRD,)

    async def home(self) -> str:
        if self.is_slow:
            await asyncio.Event().wait()
        if not self.answers:
            raise Unavailable("the Coordinator does not answer")
        return HOME


@dataclass
class Recording:
    """Two working copies are recorded elsewhere."""

    placements: dict[WorkingCopyId, Placement]

    def dragons(self) -> frozenset[str]:
        return frozenset(each.dragon for each in self.placements.values() if each.dragon)


async def test_every_dragon_but_the_home_dragon_is_beyond_it() -> None:
    mesh = Mesh()
    assert await beyond_home(mesh, mesh.home, [OTHER]) == {OTHER, THIRD}
    assert await beyond_home(mesh, mesh.home, [HOME]) == {OTHER, THIRD}


async def test_where_nobody_says_those_are_beyond_it_where_something_is_recorded() -> None:
    for mesh in (Mesh(answers=False), Mesh(is_slow=True)):
        assert await beyond_home(mesh, mesh.home, [OTHER]) == {OTHER}
        assert await beyond_home(mesh, mesh.home, []) == frozenset()


def test_what_is_recorded_at_another_dragon_is_named_and_the_rest_is_not_passed_over() -> None:
    placements = {
        THING: Placement("p1", OTHER),
        TOOLS: Placement("p2", OTHER),
        NOTES: Placement("p3"),
    }
    there, nothing = unmirrored([THIRD, OTHER], placements, REPOSITORIES)
    assert there == (
        "Dragon bbbbbbbb is not mirrored here: of thing and tools at most what this laptop "
        "recorded lately is known, and of anything else that it holds nothing"
    )
    assert nothing == "Dragon cccccccc is not mirrored here: nothing is known of what it holds"


async def test_where_one_dragon_is_all_there_is_nothing_to_say() -> None:
    mesh = Mesh(answers=False)
    recording = Recording({NOTES: Placement("p3")})
    assert await not_mirrored(mesh, mesh.home, recording, lambda: REPOSITORIES) == ()
