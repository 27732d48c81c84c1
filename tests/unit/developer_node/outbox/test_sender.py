"""The sender against a lake that is strict about the protocol: all arrives, once, in order."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from common.clients.lake import LakeClient
from common.errors import Conflict, Denied
from common.model.event import CommandFinished, Event, FileChanged, Output
from common.model.ids import WorkingCopyId, content_hash, new_event_id
from common.model.lake import ANOTHERS_ORIGIN, ANOTHERS_ORIGIN_AND_MORE
from developer_node.outbox.outbox import Entry, Outbox
from developer_node.outbox.sender import Sender
from tests.support.strict_lake import Neighbourhood, StrictLake
from tests.support.waiting import until

COPY = WorkingCopyId("c" * 16)


def ran(output: str = "") -> Entry:
    body = CommandFinished("make", "/w", (1,), 5, Output(output, len(output)))
    return Event(new_event_id(), 1, COPY, body), {}


def saved(path: str, text: str) -> Entry:
    data = text.encode()
    body = FileChanged(path, content=content_hash(data), git_blob="g", size=len(data))
    return Event(new_event_id(), 1, COPY, body), {content_hash(data): data}


@asynccontextmanager
async def sending(
    outbox: Outbox, near: Neighbourhood, lost: Callable[[], None] = lambda: None
) -> AsyncGenerator[Sender, None]:
    sender = Sender(outbox, LakeClient(near.routed()), lost=lost)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(sender.run())
        yield sender
        task.cancel()


async def emptied(outbox: Outbox) -> None:
    async def is_empty() -> bool:
        return not (await outbox.status()).waiting

    await until(is_empty)


@pytest.fixture
def lake() -> StrictLake:
    return StrictLake()


async def test_records_and_their_content_arrive_in_order_and_are_then_let_go(
    tmp_path: Path, lake: StrictLake
) -> None:
    entries = [saved(f"f{n}", f"text {n}") if n % 2 else ran() for n in range(1_200)]
    async with Neighbourhood.open(lake) as near, Outbox.open(tmp_path / "o.db") as outbox:
        await outbox.append(entries)
        async with sending(outbox, near) as sender:
            await emptied(outbox)
            assert sender.connected
        assert lake.ids == [event.id for event, _ in entries]
        assert lake.blobs[content_hash(b"text 1")] == b"text 1"
        assert lake.opens[0][1:] == (1, 1_200)


async def test_what_waits_goes_in_few_messages_of_bounded_size(
    tmp_path: Path, lake: StrictLake
) -> None:
    large = [ran("x" * 300_000) for _ in range(5)]
    async with Neighbourhood.open(lake) as near, Outbox.open(tmp_path / "o.db") as outbox:
        await outbox.append([ran() for _ in range(700)] + large)
        async with sending(outbox, near):
            await emptied(outbox)
        assert lake.together == [500, 203, 2], "500 records or 1 MiB, whichever is first"


async def test_what_comes_later_is_sent_at_once_and_known_content_only_offered(
    tmp_path: Path, lake: StrictLake
) -> None:
    async with Neighbourhood.open(lake) as near, Outbox.open(tmp_path / "o.db") as outbox:
        async with sending(outbox, near):
            await outbox.append([saved("a", "same")])
            await lake.until(lambda: len(lake.ids) == 1)
            await outbox.append([saved("b", "same")])
            await lake.until(lambda: len(lake.ids) == 2)
        assert lake.offered == [content_hash(b"same")] * 2
        assert len(lake.opens) == 1


async def test_an_absent_dragon_is_a_sentence_and_all_arrives_when_it_is_back(
    tmp_path: Path, lake: StrictLake
) -> None:
    async with Neighbourhood.open(lake) as near, Outbox.open(tmp_path / "o.db") as outbox:
        await near.kill()
        async with sending(outbox, near) as sender:
            await outbox.append([ran() for _ in range(10)])
            await until(lambda: "cannot be reached" in sender.sentence)
            assert not sender.connected
            await near.up()
            await emptied(outbox)
            assert (sender.connected, sender.sentence) == (True, "")


@pytest.mark.parametrize("seed", range(3))
async def test_kills_at_random_moments_lose_nothing_and_repeat_nothing(
    tmp_path: Path, lake: StrictLake, seed: int
) -> None:
    chance = random.Random(seed)
    entries = [saved(f"f{n}", f"{n}") for n in range(600)]
    async with Neighbourhood.open(lake) as near, Outbox.open(tmp_path / "o.db") as outbox:
        await outbox.append(entries)
        async with sending(outbox, near):
            for stop in sorted(chance.sample(range(1, 590), 4)):
                await lake.until(lambda stop=stop: len(lake.ids) >= stop)
                await near.kill()
                await near.up()
            await emptied(outbox)
        assert lake.ids == [event.id for event, _ in entries]


async def test_a_stream_that_ends_before_the_acknowledgements_is_taken_up_where_it_was(
    tmp_path: Path, lake: StrictLake
) -> None:
    lake.acks, lake.cut_after = False, 7
    entries = [ran() for _ in range(20)]
    async with Neighbourhood.open(lake) as near, Outbox.open(tmp_path / "o.db") as outbox:
        await outbox.append(entries)
        async with sending(outbox, near):
            await until(lambda: len(lake.opens) == 1)
            await lake.until(lambda: len(lake.ids) == 7)
            lake.acks = True
            await emptied(outbox)
        assert lake.ids == [event.id for event, _ in entries]


async def test_a_refused_record_is_set_aside_and_those_after_it_go_on(
    tmp_path: Path, lake: StrictLake
) -> None:
    entries = [ran(str(n)) for n in range(5)]
    bad = entries[2][0].id
    lake.refuses = lambda event: event.id == bad
    async with Neighbourhood.open(lake) as near, Outbox.open(tmp_path / "o.db") as outbox:
        await outbox.append(entries)
        async with sending(outbox, near):
            await emptied(outbox)
        assert lake.ids == [e.id for e, _ in entries if e.id != bad]
        assert (await outbox.status()).refused == 1


async def test_a_full_lake_keeps_everything_waiting_and_says_so(
    tmp_path: Path, lake: StrictLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.full_after = 3
    entries = [ran(str(n)) for n in range(6)]
    async with Neighbourhood.open(lake) as near, Outbox.open(tmp_path / "o.db") as outbox:
        await outbox.append(entries)
        async with sending(outbox, near) as sender:
            await until(lambda: "95 of 100 MB" in sender.sentence)
            assert not sender.connected
            lake.full_after = None
            sender.hurry()
            await emptied(outbox)
        assert lake.ids == [event.id for event, _ in entries]


@pytest.mark.parametrize(
    "refusal",
    [
        Denied("this laptop was revoked", hint="join again"),
        Conflict("the origin belongs to another node", hint="move the outbox away"),
    ],
)
async def test_a_refusal_of_the_laptop_is_said_with_its_hint_and_nothing_is_lost(
    tmp_path: Path, lake: StrictLake, refusal: Denied | Conflict
) -> None:
    lake.on_open = refusal
    async with Neighbourhood.open(lake) as near, Outbox.open(tmp_path / "o.db") as outbox:
        await outbox.append([ran()])
        async with sending(outbox, near) as sender:
            await until(lambda: refusal.hint in sender.sentence)
            assert refusal.message in sender.sentence
            assert (await outbox.status()).waiting == 1


async def test_a_laptop_that_joined_anew_sends_what_waits_under_an_origin_of_its_own(
    tmp_path: Path, lake: StrictLake
) -> None:
    """What the Dragon has under the old one does not come again."""
    scans: list[str] = []
    async with Neighbourhood.open(lake) as near, Outbox.open(tmp_path / "o.db") as outbox:
        told = [saved("a", "1"), ran("before")]
        await outbox.append(told)
        async with sending(outbox, near):
            await emptied(outbox)
        waiting = [saved("b", "2"), ran("after")]
        first = outbox.origin
        await outbox.append(waiting)
        lake.owned = {first: Denied("its own", field=ANOTHERS_ORIGIN)}
        async with sending(outbox, near, lost=lambda: scans.append("again")) as sender:
            await emptied(outbox)
            assert not sender.sentence
            assert not sender.refusal
        assert outbox.origin != first
        assert lake.ids == [event.id for event, _ in (*told, *waiting)]
        assert scans == []
        assert set(await outbox.sent_files(COPY)) == {"a", "b"}


async def test_where_the_dragon_has_less_than_was_sent_all_is_told_anew(
    tmp_path: Path, lake: StrictLake
) -> None:
    scans: list[str] = []
    async with Neighbourhood.open(lake) as near, Outbox.open(tmp_path / "o.db") as outbox:
        await outbox.append([saved("a", "1")])
        lake.owned = {outbox.origin: Denied("its own", field=ANOTHERS_ORIGIN_AND_MORE)}
        async with sending(outbox, near, lost=lambda: scans.append("again")):
            await emptied(outbox)
        assert scans == ["again"]
        assert await outbox.sent_files(COPY) == {}
        assert len(lake.ids) == 1


async def test_a_refusal_that_lasts_is_told_apart_from_a_wait(
    tmp_path: Path, lake: StrictLake
) -> None:
    lake.on_open = Denied("never", hint="do this")
    async with Neighbourhood.open(lake) as near, Outbox.open(tmp_path / "o.db") as outbox:
        await outbox.append([ran()])
        async with sending(outbox, near) as sender:
            await until(lambda: "never" in sender.sentence)
            sender.hurry()
            await until(lambda: "do this" in sender.refusal)
            lake.on_open = None
            sender.hurry()
            await emptied(outbox)
            assert not sender.refusal


async def test_a_restored_outbox_starts_a_new_origin_and_has_everything_scanned(
    tmp_path: Path, lake: StrictLake
) -> None:
    scans: list[str] = []
    async with Neighbourhood.open(lake) as near:
        async with Outbox.open(tmp_path / "o.db") as outbox:
            await outbox.append([saved("a", "1"), ran()])
            async with sending(outbox, near):
                await emptied(outbox)
        shutil.copy(tmp_path / "o.db", tmp_path / "copy.db")
        async with Outbox.open(tmp_path / "o.db") as outbox:
            first = outbox.origin
            await outbox.append([ran() for _ in range(5)])
            async with sending(outbox, near):
                await emptied(outbox)
        async with Outbox.open(tmp_path / "copy.db") as restored:
            assert restored.origin == first
            later = ran("after the restore")
            await restored.append([later])
            async with sending(restored, near, lost=lambda: scans.append("again")):
                await emptied(restored)
            assert restored.origin != first
            assert await restored.sent_files(COPY) == {}
        assert lake.ids[-1] == later[0].id
        assert scans == ["again"]


async def test_a_restored_outbox_that_has_overtaken_is_found_out_too(
    tmp_path: Path, lake: StrictLake
) -> None:
    """The Dragon sees a higher seq than it has and suspects nothing: the outbox must know."""
    async with Neighbourhood.open(lake) as near:
        async with Outbox.open(tmp_path / "o.db") as outbox:
            await outbox.append([ran()])
            async with sending(outbox, near):
                await emptied(outbox)
        shutil.copy(tmp_path / "o.db", tmp_path / "copy.db")
        async with Outbox.open(tmp_path / "o.db") as outbox:
            await outbox.append([ran("lost by the restore")])
            async with sending(outbox, near):
                await emptied(outbox)
        new = [ran(f"new {n}") for n in range(5)]
        async with Outbox.open(tmp_path / "copy.db") as restored:
            await restored.append(new)  # 2 to 6, of which 2 is taken
            async with sending(restored, near):
                await emptied(restored)
        assert lake.ids[-5:] == [event.id for event, _ in new]


async def test_a_dragon_that_lost_its_journal_gets_a_gap_and_a_scan(
    tmp_path: Path, lake: StrictLake
) -> None:
    scans: list[str] = []
    async with Outbox.open(tmp_path / "o.db") as outbox:
        async with Neighbourhood.open(lake) as near:
            await outbox.append([saved(f"f{n}", "1") for n in range(4)])
            async with sending(outbox, near):
                await emptied(outbox)
        empty = StrictLake()
        async with Neighbourhood.open(empty) as near:
            after = saved("g", "2")
            await outbox.append([after])
            async with sending(outbox, near, lost=lambda: scans.append("again")):
                await emptied(outbox)
            assert empty.ids == [after[0].id]
            assert empty.opens[0][1:] == (5, 5)
        assert scans == ["again"]
        assert (await outbox.status()).gaps == 4
        assert await outbox.sent_files(COPY) == {}


async def test_content_that_nobody_has_is_left_out_and_the_fact_arrives(
    tmp_path: Path, lake: StrictLake
) -> None:
    event, _ = saved("a", "lost")
    async with Neighbourhood.open(lake) as near, Outbox.open(tmp_path / "o.db") as outbox:
        await outbox.append([(event, {})])
        async with sending(outbox, near):
            await emptied(outbox)
        (arrived,) = lake.events[outbox.origin]
        assert arrived == replace(
            event,
            body=replace(event.body, content="", skipped="not kept: the content was lost"),  # type: ignore[type-var]
        )


async def test_large_contents_and_more_hashes_than_an_offer_holds_arrive(
    tmp_path: Path, lake: StrictLake
) -> None:
    entries = [saved("big", "x" * (1 << 20)), *(saved(f"f{n}", f"{n}") for n in range(1_100))]
    async with Neighbourhood.open(lake) as near, Outbox.open(tmp_path / "o.db") as outbox:
        await outbox.append(entries)
        async with sending(outbox, near):
            await emptied(outbox)
        assert len(lake.ids) == 1_101
