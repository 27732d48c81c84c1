"""A lake that copies another's journal knows what that one knows, and can take its place."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import pytest

from common.errors import Conflict, Missing, Unavailable
from common.model.ids import EventId
from common.model.lake import HistoryQuery, Oblivion, SearchQuery
from dragon_node.lake.lake import Lake
from dragon_node.lake.lead import Lead
from dragon_node.lake.records import Note
from dragon_node.lake.replication import Copy, Reach, agrees
from tests.support.lake import OTHER_COPY, Laptop, event, opened, ran, seen

SECRET = "hunter2-hunter2"


async def copied(leader: Lake, follower: Lake) -> None:
    """All that the follower lacks, a message at a time."""
    while (
        copy := await leader.replication.after((await follower.replication.reach()).last_lsn)
    ).rows:
        await follower.replication.take(copy)


async def told(lake: Lake) -> list[tuple[int, EventId]]:
    page = await lake.history(HistoryQuery(limit=100))
    return [(entry.cursor, entry.event.id) for entry in page.entries]


def bytes_are_there(directory: Path) -> bool:
    """What lies on the SSD is sealed; what lies on the RAM disk is not."""
    return any(SECRET.encode() in p.read_bytes() for p in directory.rglob("*") if p.is_file())


async def places(lake: Lake, text: str) -> list[str]:
    found = await lake.literal(SearchQuery(query=text, k=10))
    return [hit.path for hit in found.hits]


async def test_a_copy_answers_what_the_original_answers(tmp_path: Path) -> None:
    async with opened(tmp_path / "a") as leader, opened(tmp_path / "b", lead=Lead("a")) as follower:
        laptop = Laptop(leader)
        await laptop.save({"a.py": "total = 1\n", "b.py": "total = 2\n"})
        await laptop.send(ran("make", "error: total"))
        await leader.note(Note("pin", {"project": "x", "pinned": ""}))
        await copied(leader, follower)
        assert await told(follower) == await told(leader)
        assert sorted(await places(follower, "total")) == ["a.py", "b.py"]
        ours, theirs = await leader.replication.reach(), await follower.replication.reach()
        assert (ours.last_lsn, ours.terms) == (theirs.last_lsn, theirs.terms)


async def test_a_follower_takes_nothing_in_itself_until_it_leads(tmp_path: Path) -> None:
    lead = Lead("a")
    async with opened(tmp_path / "a") as leader, opened(tmp_path / "b", lead=lead) as follower:
        laptop = Laptop(leader)
        await laptop.send(seen(), ran("make"))
        await copied(leader, follower)
        with pytest.raises(Unavailable, match="follows a"):
            await Laptop(follower).send(ran("ls"))
        lead.begin()
        there = Laptop(follower, seq=laptop.seq)
        await there.send(ran("ls"))
        opened_ = await follower.open_origin(there.origin, there.node, 1, there.seq)
        assert opened_.applied == there.seq


async def test_what_was_forgotten_is_gone_from_the_copy_too(tmp_path: Path) -> None:
    """The bytes too: no file of the follower holds them after it has heard of it."""
    async with opened(tmp_path / "a") as leader, opened(tmp_path / "b", lead=Lead("a")) as follower:
        laptop = Laptop(leader)
        await laptop.save({"a.py": f"password = '{SECRET}'\n", "b.py": "kept = 1\n"})
        await copied(leader, follower)
        assert await places(follower, SECRET) == ["a.py"]
        assert bytes_are_there(tmp_path / "b")
        async with aclosing(leader.forget(Oblivion(text=SECRET))) as steps:
            assert [step.ok async for step in steps][-1]
        await copied(leader, follower)
        assert await places(follower, SECRET) == []
        assert not bytes_are_there(tmp_path / "b")
        assert await places(follower, "kept") == ["b.py"]
        assert await told(follower) == await told(leader)


async def test_a_copy_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    async with opened(tmp_path / "a") as leader:
        laptop = Laptop(leader)
        await laptop.save({"a.py": "one = 1\n"})
        async with opened(tmp_path / "b", lead=Lead("a")) as follower:
            await copied(leader, follower)
        await laptop.send(event(seen("/home/ada/clone"), OTHER_COPY), event(ran("ls"), OTHER_COPY))
        async with opened(tmp_path / "b", lead=Lead("a")) as follower:
            await copied(leader, follower)
            assert await told(follower) == await told(leader)


async def test_rows_that_do_not_follow_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path / "a") as leader, opened(tmp_path / "b", lead=Lead("a")) as follower:
        await Laptop(leader).send(seen(), ran("make"))
        copy = await leader.replication.after(1)
        with pytest.raises(Conflict):
            await follower.replication.take(copy)
        assert (await follower.replication.reach()).last_lsn == 0
        await follower.replication.take(Copy())
        assert await told(follower) == []


async def test_an_acknowledgement_waits_for_the_followers_that_count(tmp_path: Path) -> None:
    lead = Lead()
    heard: list[int] = []

    async def agreed(lsn: int) -> None:
        heard.append(lsn)

    lead.agreed = agreed
    async with opened(tmp_path, lead=lead) as leader:
        journalled = await Laptop(leader).send(seen(), ran("make"))
        assert heard[-1] == journalled.lsn
        note = await leader.note(Note("pin", {"project": "x", "pinned": ""}))
        assert heard[-1] == note


async def test_terms_are_copied_with_the_rows(tmp_path: Path) -> None:
    async with opened(tmp_path / "a") as leader, opened(tmp_path / "b", lead=Lead("a")) as follower:
        await Laptop(leader).send(seen())
        lsn = await leader.note(Note("lead", {"epoch": "3", "node": "a"}))
        await copied(leader, follower)
        reach = await follower.replication.reach()
        assert reach.terms == ((3, lsn),)


async def test_what_was_cut_is_not_told(tmp_path: Path) -> None:
    async with opened(tmp_path) as leader:
        await Laptop(leader).send(seen(), ran("make"), ran("ls"))
        last = (await leader.replication.reach()).last_lsn
        await leader._journal.cut(last - 1)
        with pytest.raises(Missing, match="begins at record"):
            await leader.replication.after(0)
        assert [row.lsn for row in (await leader.replication.after(last - 1)).rows] == [last]


@pytest.mark.parametrize(
    ("theirs", "agree"),
    [
        (Reach("j", 0, 0), True),
        (Reach("other", 0, 0), True),  # nothing was written there yet
        (Reach("other", 0, 3), False),
        (Reach("j", 0, 5), True),
        (Reach("j", 0, 12, ((2, 10),)), True),
        (Reach("j", 0, 12, ((1, 10),)), False),  # written by one that led no more
        (Reach("j", 0, 12), False),
        (Reach("j", 0, 21, ((2, 10),)), False),  # longer than ours
    ],
)
def test_a_beginning_is_told_from_a_journal_that_parted(theirs: Reach, agree: bool) -> None:
    assert agrees(Reach("j", 0, 20, ((2, 10),)), theirs) is agree
