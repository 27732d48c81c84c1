"""Joining and parting projects: only by a record, and always back again."""

from __future__ import annotations

import asyncio
import json

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Conflict, Invalid, Missing
from common.model.ids import ProjectId
from dragon_node.lake import aliases
from dragon_node.lake.admission import Places
from dragon_node.lake.aliases import Aliases, changed, refusal, together
from dragon_node.lake.records import OUTSIDE, Note

A, B, C, D = (ProjectId(c * 16) for c in "abcd")
NAMES = {A: "thing", B: "gadget", C: "fork", D: "thing", OUTSIDE: ""}


def _join(project: ProjectId, into: ProjectId) -> Note:
    return Note("join", {"project": project, "into": into})


def _part(project: ProjectId) -> Note:
    return Note("part", {"project": project})


class World:
    """Projects, the table in memory.db, and the notes that were journalled."""

    def __init__(self) -> None:
        self.places = Places({}, dict(NAMES))
        self.db = apsw.Connection(":memory:")
        self.db.execute(aliases.SCHEMA)
        self.notes: list[Note] = []
        self.aliases = Aliases(self.places, self.note)

    async def note(self, note: Note) -> int:
        await asyncio.sleep(0)
        self.notes.append(note)
        aliases.apply(self.db, note)
        self.places.heard(note)
        return len(self.notes)

    def after_a_restart(self) -> Places:
        return Places({}, dict(NAMES), aliases.joined(self.db))


@pytest.fixture
def world() -> World:
    """Nothing is joined."""
    return World()


async def test_joined_projects_are_asked_together_by_either_name_or_id(world: World) -> None:
    await world.aliases.join("fork", "gadget")
    for name in ("fork", "gadget", B, C):
        assert world.places.matching(name) == [B, C]
    assert world.places.matching("thing") == [A, D]


async def test_what_is_joined_goes_by_the_name_of_what_it_was_joined_to(world: World) -> None:
    await world.aliases.join("fork", "gadget")
    assert world.places.name(C) == "gadget"
    assert world.places.names[C] == "fork", "its own name is kept for the way back"


async def test_parted_again_everything_is_exactly_what_it_was(world: World) -> None:
    before = {name: world.places.matching(name) for name in ("", *NAMES.values(), *NAMES)}
    await world.aliases.join("fork", "gadget")
    assert await world.aliases.part("fork") == C
    assert {n: world.places.matching(n) for n in before} == before
    assert world.places.name(C) == "fork"
    assert aliases.joined(world.db) == {}


async def test_a_chain_is_one_project_and_parts_link_by_link(world: World) -> None:
    await world.aliases.join("fork", "gadget")
    await world.aliases.join("gadget", A)
    assert world.places.matching("fork") == [A, B, C]
    assert world.places.name(C) == "thing"
    await world.aliases.part("gadget")
    assert world.places.matching("fork") == [B, C]
    assert world.places.matching(A) == [A]


async def test_two_joined_to_one_part_one_by_one(world: World) -> None:
    await world.aliases.join("fork", "gadget")
    await world.aliases.join(D, "gadget")
    assert world.places.matching("gadget") == [B, C, D]
    await world.aliases.part("fork")
    assert world.places.matching("gadget") == [B, D]


async def test_an_empty_target_parts(world: World) -> None:
    await world.aliases.alias("fork", "gadget")
    assert await world.aliases.alias("fork", "") == C
    assert world.places.joined == {}


@pytest.mark.parametrize(
    ("project", "into", "why"),
    [
        ("gadget", "gadget", "part of itself"),
        ("gadget", "fork", "the other is part of it already"),
        ("fork", A, "already; part them first"),
        ("fork", "gadget", "already; part them first"),
        (A, OUTSIDE, "outside any project"),
        (OUTSIDE, A, "outside any project"),
    ],
)
async def test_a_join_that_would_not_be_reversible_is_refused_and_not_journalled(
    world: World, project: str, into: str, why: str
) -> None:
    await world.aliases.join("fork", "gadget")
    with pytest.raises(Conflict, match=why):
        await world.aliases.join(project, into)
    assert len(world.notes) == 1


async def test_a_circle_of_three_is_refused(world: World) -> None:
    await world.aliases.join(A, B)
    await world.aliases.join(B, C)
    with pytest.raises(Conflict, match="the other is part of it already"):
        await world.aliases.join(C, A)


async def test_a_name_of_two_projects_is_not_guessed_at(world: World) -> None:
    with pytest.raises(Conflict, match=f"2 projects are called thing: {A}, {D}"):
        await world.aliases.join("thing", "gadget")
    await world.aliases.join(D, A)
    assert await world.aliases.part("thing") == D, "only one of them is joined"


@pytest.mark.parametrize(("project", "into"), [("nobody", "gadget"), ("gadget", "nobody")])
async def test_what_is_not_there_cannot_be_joined(world: World, project: str, into: str) -> None:
    with pytest.raises(Missing, match="nobody"):
        await world.aliases.join(project, into)


async def test_what_stands_alone_cannot_be_parted(world: World) -> None:
    with pytest.raises(Missing, match="not joined"):
        await world.aliases.part("gadget")
    with pytest.raises(Invalid):
        await world.aliases.part("")


async def test_two_people_who_join_crosswise_make_no_circle(world: World) -> None:
    said = await asyncio.gather(
        world.aliases.join(A, B), world.aliases.join(B, A), return_exceptions=True
    )
    assert [isinstance(one, Conflict) for one in said] == [False, True]


async def test_a_join_that_was_not_journalled_is_not_true(world: World) -> None:
    async def refused(note: Note) -> int:
        raise Conflict("no")

    with pytest.raises(Conflict):
        await Aliases(world.places, refused).join("fork", "gadget")
    assert world.places.matching("fork") == [C]


async def test_a_restart_knows_what_is_joined(world: World) -> None:
    await world.aliases.join("fork", "gadget")
    assert world.after_a_restart().matching("fork") == [B, C]


NOTES = st.one_of(
    st.builds(_join, st.sampled_from([A, B, C, D]), st.sampled_from([A, B, C, D])),
    st.builds(_part, st.sampled_from([A, B, C, D])),
)


@given(st.lists(NOTES, max_size=20))
def test_any_notes_leave_table_and_memory_the_same_and_free_of_circles(notes: list[Note]) -> None:
    """Whoever replays the journal comes to the same end, whatever it holds."""
    db = apsw.Connection(":memory:")
    db.execute(aliases.SCHEMA)
    joined: aliases.Joined = {}
    for note in notes:
        aliases.apply(db, note)
        joined = changed(joined, note)
    assert aliases.joined(db) == dict(joined)
    groups = [together(joined, one) for one in (A, B, C, D)]
    for one, group in zip((A, B, C, D), groups, strict=True):
        assert one in group
        assert all(together(joined, other) == group for other in group)


@given(st.lists(NOTES, max_size=12), st.sampled_from([A, B, C]), st.sampled_from([B, C, D]))
def test_parting_undoes_joining_whatever_else_is_joined(
    notes: list[Note], project: ProjectId, into: ProjectId
) -> None:
    joined: aliases.Joined = {}
    for note in notes:
        joined = changed(joined, note)
    if not refusal(joined, project, into):
        assert changed(changed(joined, _join(project, into)), _part(project)) == joined


def test_notes_of_other_kinds_change_nothing() -> None:
    db = apsw.Connection(":memory:")
    db.execute(aliases.SCHEMA)
    aliases.apply(db, Note("feedback", {"remedy_id": json.dumps(1)}))
    assert aliases.joined(db) == {}
