"""The mirror follows a real failure memory over real gRPC: delta, restart, reset, forgetting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from common.model.answer import Freshness
from common.model.event import CommandFinished
from common.model.failure import Recollection
from common.model.near import MemoryReset, MirroredSymptom
from developer_node.near.follow import follow_memory
from developer_node.near.mirror import Mirror
from dragon_node.failures.following_shown import recalled
from dragon_node.failures.following_stamps import epoch
from dragon_node.failures.recall import Recaller
from tests.support.failures import FIXED, Copy, failure
from tests.support.followed import FollowedStory, Teller, telling

OTHER = failure("f2", test="tests/test_cart.py::test_other")


def _fixed(copy: Copy) -> None:
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    copy.passes()


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - what is waited for is told by nobody
            await asyncio.sleep(0.01)


@asynccontextmanager
async def _following(path: Path, teller: Teller) -> AsyncGenerator[Mirror]:
    """A mirror that follows until the block ends."""
    async with telling(teller) as client, Mirror.open(path) as mirror:
        task = asyncio.create_task(follow_memory(client, mirror))
        try:
            yield mirror
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _caught_up(mirror: Mirror, teller: Teller) -> None:
    """All that was applied by now was told."""
    wanted = (epoch(teller.story.db), len(teller.story.records))

    async def reached() -> bool:
        _, request = await mirror.request()
        return request.epoch == wanted[0] and request.cursor >= wanted[1]

    async with asyncio.timeout(60):
        while not await reached():  # noqa: ASYNC110 - told by nobody
            await asyncio.sleep(0.01)


async def _dragons(story: FollowedStory, fingerprint: str) -> Recollection:
    return recalled(await Recaller(story).by_fingerprint(fingerprint))


async def test_it_answers_what_the_dragon_answers_as_that_changes(tmp_path: Path) -> None:
    teller = Teller(FollowedStory())
    copy = teller.story.copy()
    async with _following(tmp_path / "near.db", teller) as mirror:
        for act in (
            lambda: copy.fails(failure()),
            lambda: copy.fails(OTHER),
            lambda: copy.write("shop/cart.py", FIXED),
            lambda: copy.passes(),
            lambda: copy.commit("the fix"),
            lambda: copy.fails(failure(values="v2")),
        ):
            act()
            await _caught_up(mirror, teller)
            for fingerprint in ("f1", "f2"):
                theirs = await _dragons(teller.story, fingerprint)
                if theirs.match != "none":
                    assert await mirror.recall(fingerprint=fingerprint) == theirs
        assert await mirror.recall(last=True) == recalled(await Recaller(teller.story).last())
        assert (await mirror.recall(fingerprint="f1")).freshness == Freshness()
        assert mirror.as_of_ms > 0


async def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    teller = Teller(FollowedStory())
    copy = teller.story.copy()
    _fixed(copy)
    async with _following(tmp_path / "near.db", teller) as mirror:
        await _caught_up(mirror, teller)
        before = mirror.status()
    teller.told.clear()
    new = copy.fails(OTHER)
    async with _following(tmp_path / "near.db", teller) as mirror:
        assert mirror.status().symptoms == before.symptoms, "it is there before anybody is asked"
        await _caught_up(mirror, teller)
        assert mirror.status().symptoms == 2
        assert await mirror.event(new.id) is not None
    again = [p.fingerprint for p in teller.told if isinstance(p, MirroredSymptom)]
    assert again == ["f2"]
    assert not [p for p in teller.told if isinstance(p, MemoryReset)]


async def test_a_connection_that_breaks_again_and_again_fills_it_all_the_same(
    tmp_path: Path,
) -> None:
    teller = Teller(FollowedStory())
    copy = teller.story.copy()
    for number in range(70):
        copy.fails(failure(f"f{number}", test=f"tests/test_cart.py::test_{number}"))
    teller.cut_after = 20
    async with _following(tmp_path / "near.db", teller) as mirror:
        await _until(lambda: len(teller.asked) > 2)
        assert mirror.as_of_ms == 0, "not all was told yet"
        assert [len(asked.held) for asked in teller.asked[:3]] == [0, 19, 38]
        teller.cut_after = 0
        await _caught_up(mirror, teller)
        assert (mirror.status().symptoms, mirror.status().events) == (70, 71)


async def test_events_of_another_memory_go_once_all_of_this_one_is_there(tmp_path: Path) -> None:
    before = Teller(FollowedStory())
    copy = before.story.copy()
    old = [copy.run("make old") for _ in range(9)][-1]
    async with _following(tmp_path / "near.db", before) as mirror:
        await _caught_up(mirror, before)
    after = Teller(FollowedStory())
    after.story.db.execute("INSERT INTO meta VALUES('stamp', 'another 4')")
    copy = after.story.copy()
    for _ in range(3):
        copy.fails(OTHER)
    async with _following(tmp_path / "near.db", after) as mirror:
        await _caught_up(mirror, after)
        assert any(isinstance(p, MemoryReset) for p in after.told)
        _, request = await mirror.request()
        assert request.epoch.startswith("another.")
        assert await mirror.event(old.id) is None
        assert (await mirror.recall(last=True)).failure == (
            await _dragons(after.story, "f2")
        ).failure


async def test_what_is_forgotten_leaves_and_the_rest_is_told_again(tmp_path: Path) -> None:
    teller = Teller(FollowedStory())
    copy = teller.story.copy()
    _fixed(copy)
    secret = copy.fails(OTHER, command="pytest --token=hunter2")
    path = tmp_path / "near.db"
    async with _following(path, teller) as mirror:
        await _caught_up(mirror, teller)
        assert (await mirror.recall(fingerprint="f2")).match == "same"
        teller.story.forget(secret)
        said = await mirror.forget()
        assert "forgotten in the mirror" in said
        await _caught_up(mirror, teller)
        assert await mirror.event(secret.id) is None
        assert (await mirror.recall(fingerprint="f2")).match == "none"
        assert (await mirror.recall(fingerprint="f1")).remedies


async def test_what_the_dragon_was_told_to_forget_elsewhere_leaves_here(tmp_path: Path) -> None:
    teller = Teller(FollowedStory())
    copy = teller.story.copy()
    secret = copy.fails(OTHER)
    async with _following(tmp_path / "near.db", teller) as mirror:
        await _caught_up(mirror, teller)
        assert mirror.status().symptoms == 1
        teller.story.forget(secret)
        await _caught_up(mirror, teller)
        await _until(lambda: mirror.status().symptoms == 0)
        assert await mirror.event(secret.id) is None


async def test_what_was_recorded_here_is_the_dragons_once_it_told_of_it(tmp_path: Path) -> None:
    teller = Teller(FollowedStory())
    copy = teller.story.copy()
    async with _following(tmp_path / "near.db", teller) as mirror:
        event = copy.fails(OTHER)
        mirror.seen(event, "shop")
        assert (await mirror.recall(fingerprint="f2")).match == "same"
        await _caught_up(mirror, teller)
        found = await mirror.event(event.id)
        assert found is not None
        assert isinstance(found[0].body, CommandFinished)
        assert await mirror.recall(fingerprint="f2") == await _dragons(teller.story, "f2")
