"""What every engine of the Coordinator promises: one suite, so that no driver is kinder."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from common.cancelling import cancellable
from common.errors import Conflict, Invalid, Missing, OverLimit
from coordinator_node.engine.ports import VALUE_BYTES_MAX, Change, Engine, Job, Kv

TERM_S = 1.0
"""The shortest term that every driver counts exactly enough."""
PATIENCE_S = 60.0


class Bench(ABC):
    """State of an engine, and as many clients of it as a test wants."""

    @abstractmethod
    def client(self) -> AbstractAsyncContextManager[Engine]:
        """One more client of the same state."""

    @abstractmethod
    def lapse(self, seconds: float) -> None:
        """Has the time pass where it is driven; where it is real, `eventually` waits."""


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Waits until it does."""
    end = time.monotonic() + PATIENCE_S
    while not await holds():
        assert time.monotonic() < end, "it never came"
        await asyncio.sleep(0.05)


class CoordinatorEngineSuite:
    """Subclass it as `Test...` with a fixture `bench`."""

    # Kv

    async def test_what_was_put_is_there_for_a_later_client(self, bench: Bench) -> None:
        async with bench.client() as engine:
            revision = await engine.kv.put("a", b"\x00one")
        async with bench.client() as engine:
            entry = await engine.kv.get("a")
            assert entry is not None
            assert (entry.value, entry.revision) == (b"\x00one", revision)
            assert await engine.kv.get("b") is None

    async def test_a_revision_rises_with_every_write_of_any_key(self, bench: Bench) -> None:
        async with bench.client() as engine:
            revisions = [await engine.kv.put(key, b"") for key in ("a", "b", "a")]
            await engine.kv.remove("b")
        async with bench.client() as engine:
            revisions.append(await engine.kv.put("b", b""))
        assert revisions == sorted(set(revisions))

    async def test_a_put_with_a_wrong_revision_changes_nothing(self, bench: Bench) -> None:
        async with bench.client() as engine:
            first = await engine.kv.put("a", b"1", expected=0)
            with pytest.raises(Conflict):
                await engine.kv.put("a", b"2", expected=0)
            with pytest.raises(Conflict):
                await engine.kv.put("b", b"2", expected=first)
            assert await engine.kv.put("a", b"2", expected=first) > first
            with pytest.raises(Conflict):
                await engine.kv.put("a", b"3", expected=first)
            entry = await engine.kv.get("a")
            assert entry is not None
            assert entry.value == b"2"

    async def test_of_two_clients_who_expect_the_same_revision_one_wins(self, bench: Bench) -> None:
        async with bench.client() as one, bench.client() as other:

            async def attempt(kv: Kv) -> int:
                return await kv.put("a", b"", expected=0)

            tries = (attempt(kv) for kv in (one.kv, other.kv) * 4)
            results = await asyncio.gather(*tries, return_exceptions=True)
            assert sum(isinstance(result, int) for result in results) == 1
            assert sum(isinstance(result, Conflict) for result in results) == 7

    async def test_entries_are_those_of_the_prefix_by_key(self, bench: Bench) -> None:
        async with bench.client() as engine, bench.client() as other:
            for key in ("code/b", "code/a", "codes", "cod", "member/x", "code/..=", "code/"):
                await engine.kv.put(key, key.encode())
            found = await other.kv.entries("code/")
            assert [entry.key for entry in found] == ["code/", "code/..=", "code/a", "code/b"]
            assert [entry.value for entry in found] == [entry.key.encode() for entry in found]
            assert len(await other.kv.entries("")) == 7

    async def test_what_was_removed_is_gone_and_may_come_again(self, bench: Bench) -> None:
        async with bench.client() as engine, bench.client() as other:
            first = await engine.kv.put("a", b"1")
            await other.kv.remove("nothing")
            with pytest.raises(Conflict):
                await other.kv.remove("a", expected=first + 1)
            await other.kv.remove("a", expected=first)
            assert await engine.kv.get("a") is None
            assert await engine.kv.entries("") == ()
            with pytest.raises(Conflict):
                await engine.kv.put("a", b"2", expected=first)
            assert await engine.kv.put("a", b"2", expected=0) > first

    async def test_a_key_with_a_term_goes_when_it_ends_and_not_before(self, bench: Bench) -> None:
        async with bench.client() as engine:
            await engine.kv.put("long", b"", term_s=600)
            await engine.kv.put("again", b"", term_s=TERM_S)
            await engine.kv.put("again", b"")
            await engine.kv.put("short", b"", term_s=TERM_S)
            bench.lapse(TERM_S)

            async def gone() -> bool:
                return await engine.kv.get("short") is None

            await eventually(gone)
            assert [entry.key for entry in await engine.kv.entries("")] == ["again", "long"]
            await engine.kv.put("short", b"", expected=0)

    async def test_a_watcher_sees_what_is_there_and_what_others_do(self, bench: Bench) -> None:
        async with bench.client() as engine, bench.client() as other:
            await engine.kv.put("w/a", b"1")
            await engine.kv.put("v/a", b"1")
            seen: list[Change] = []

            async def look() -> None:
                async for change in other.kv.watch("w/"):
                    seen.append(change)

            async def told(key: str, value: bytes | None) -> None:
                async def holds() -> bool:
                    latest = {change.key: change.value for change in seen}
                    return latest.get(key, b"never") == value

                await eventually(holds)

            watcher = asyncio.create_task(cancellable(look()))
            try:
                await told("w/a", b"1")
                await engine.kv.put("w/a", b"2")
                await engine.kv.put("w/b", b"3", term_s=TERM_S)
                await told("w/a", b"2")
                await told("w/b", b"3")
                await engine.kv.remove("w/a")
                await told("w/a", None)
                bench.lapse(TERM_S)
                await told("w/b", None)
            finally:
                watcher.cancel()
                await asyncio.gather(watcher, return_exceptions=True)
            assert {change.key for change in seen} == {"w/a", "w/b"}
            revisions = [change.revision for change in seen if change.key == "w/a"]
            assert revisions == sorted(set(revisions))

    async def test_what_is_too_large_or_misnamed_is_refused(self, bench: Bench) -> None:
        async with bench.client() as engine:
            with pytest.raises(Invalid):
                await engine.kv.put("with space", b"")
            with pytest.raises(Invalid):
                await engine.kv.get("")
            with pytest.raises(OverLimit):
                await engine.kv.put("k" * 257, b"")
            with pytest.raises(OverLimit):
                await engine.kv.put("k", bytes(VALUE_BYTES_MAX + 1))
            with pytest.raises(OverLimit):
                await engine.log.append("l", "m", bytes(VALUE_BYTES_MAX + 1))
            with pytest.raises(Invalid):
                await engine.queue.submit("q", Job("j", b"", priority=10))
            await engine.kv.put("k" * 256, bytes(VALUE_BYTES_MAX))
            entry = await engine.kv.get("k" * 256)
            assert entry is not None
            assert len(entry.value) == VALUE_BYTES_MAX

    # Leases

    async def test_a_lease_has_one_holder_and_epochs_only_rise(self, bench: Bench) -> None:
        async with bench.client() as one, bench.client() as other:
            first = await one.leases.acquire("n", "a", 60)
            with pytest.raises(Conflict, match="held by a"):
                await other.leases.acquire("n", "b", 60)
            assert await other.leases.held("n") is not None
            again = await one.leases.acquire("n", "a", 60)
            assert again.epoch > first.epoch
            with pytest.raises(Conflict):
                await one.leases.renew(first, 60)
            await one.leases.release(first)  # of an epoch that is past: nothing
            held = await other.leases.held("n")
            assert held is not None
            assert (held.holder, held.epoch) == ("a", again.epoch)
            await one.leases.release(again)
            assert await other.leases.held("n") is None
            third = await other.leases.acquire("n", "b", 60)
            assert third.epoch > again.epoch
            with pytest.raises(Conflict):
                await one.leases.renew(again, 60)

    async def test_a_lease_that_ended_is_another_s(self, bench: Bench) -> None:
        async with bench.client() as one, bench.client() as other:
            lease = await one.leases.acquire("n", "a", TERM_S)
            renewed = await one.leases.renew(lease, TERM_S)
            assert renewed.epoch == lease.epoch
            bench.lapse(TERM_S)

            async def free() -> bool:
                return await other.leases.held("n") is None

            await eventually(free)
            with pytest.raises(Conflict, match="has ended"):
                await one.leases.renew(renewed, 60)
            assert (await other.leases.acquire("n", "b", 60)).epoch > lease.epoch

    async def test_of_many_who_want_a_lease_one_gets_it(self, bench: Bench) -> None:
        async with bench.client() as one, bench.client() as other:
            wants = (
                engine.leases.acquire("n", f"holder {n}", 60)
                for n, engine in enumerate((one, other) * 3)
            )
            results = await asyncio.gather(*wants, return_exceptions=True)
            assert sum(not isinstance(result, BaseException) for result in results) == 1
            assert sum(isinstance(result, Conflict) for result in results) == 5

    # Log

    async def test_a_log_counts_from_one_and_keeps_its_lines(self, bench: Bench) -> None:
        async with bench.client() as engine, bench.client() as other:
            assert await other.log.last("l/x") == 0
            assert await other.log.read("l/x", 0, 10) == ()
            for n in range(1, 6):
                assert await engine.log.append("l/x", f"id {n}", b"%d" % n) == n
            assert await engine.log.append("other", "id 1", b"") == 1
            lines = await other.log.read("l/x", 1, 3)
            assert [(each.seq, each.message_id, each.data) for each in lines] == [
                (n, f"id {n}", b"%d" % n) for n in (2, 3, 4)
            ]
            assert await other.log.last("l/x") == 5

    async def test_an_id_is_appended_once(self, bench: Bench) -> None:
        """Also by two at once, and when the log has moved on."""
        async with bench.client() as one, bench.client() as other:
            await one.log.append("l", "first", b"")
            ids = [f"id {n % 5}" for n in range(20)]
            seqs = await asyncio.gather(
                *(
                    (one, other)[n % 2].log.append("l", each, each.encode())
                    for n, each in enumerate(ids)
                )
            )
            assert await one.log.last("l") == 6
            assert len({(each, seq) for each, seq in zip(ids, seqs, strict=True)}) == 5
            assert await other.log.append("l", "first", b"later", expected_last=0) == 1

    async def test_an_append_that_expects_another_end_writes_nothing(self, bench: Bench) -> None:
        async with bench.client() as engine:
            assert await engine.log.append("l", "a", b"", expected_last=0) == 1
            with pytest.raises(Conflict):
                await engine.log.append("l", "b", b"", expected_last=0)
            assert await engine.log.append("l", "b", b"", expected_last=1) == 2
            assert await engine.log.last("l") == 2

    async def test_a_reader_never_goes_back_and_never_ahead(self, bench: Bench) -> None:
        async with bench.client() as engine, bench.client() as other:
            for n in range(3):
                await engine.log.append("l", str(n), b"")
            assert await engine.log.position("l", "me") == 0
            await engine.log.checkpoint("l", "me", 2)
            await other.log.checkpoint("l", "me", 1)
            assert await other.log.position("l", "me") == 2
            with pytest.raises(Invalid):
                await engine.log.checkpoint("l", "me", 4)

    async def test_a_truncated_log_goes_on(self, bench: Bench) -> None:
        async with bench.client() as engine, bench.client() as other:
            for n in range(1, 5):
                await engine.log.append("l", str(n), b"")
            await engine.log.truncate("l", 3)
            assert [each.seq for each in await other.log.read("l", 0, 10)] == [4]
            await engine.log.truncate("l", 9)
            assert await other.log.read("l", 0, 10) == ()
            assert await other.log.last("l") == 4
            assert await other.log.append("l", "5", b"") == 5

    # Queue

    async def test_jobs_go_by_priority_and_then_by_time(self, bench: Bench) -> None:
        async with bench.client() as engine, bench.client() as other:
            for n, priority in enumerate((0, 5, 0, 9, 5)):
                bench.lapse(0.001)
                assert await engine.queue.submit("q", Job(f"j{n}", b"%d" % n, priority))
            listed = [each.job.id for each in await other.queue.listed("q")]
            claimed = await other.queue.claim("q", "w", (), 60, limit=9)
            assert listed == [each.job.id for each in claimed] == ["j3", "j1", "j4", "j0", "j2"]
            assert [each.job.data for each in claimed] == [b"3", b"1", b"4", b"0", b"2"]

    async def test_a_job_is_submitted_once_also_after_it_was_done(self, bench: Bench) -> None:
        async with bench.client() as engine, bench.client() as other:
            assert await engine.queue.submit("q", Job("j", b""))
            assert not await other.queue.submit("q", Job("j", b"else"))
            assert await other.queue.submit("another", Job("j", b""))
            (claimed,) = await engine.queue.claim("q", "w", (), 60)
            await engine.queue.ack("q", claimed.token)
            await engine.queue.ack("q", claimed.token)  # its answer was lost
            assert not await other.queue.submit("q", Job("j", b""))
            assert await other.queue.listed("q") == ()
            assert await other.queue.claim("q", "w", (), 60) == ()

    async def test_every_job_goes_to_one_of_many_workers(self, bench: Bench) -> None:
        async with bench.client() as one, bench.client() as other:
            for n in range(12):
                await one.queue.submit("q", Job(f"j{n}", b""))
            taken = await asyncio.gather(
                *(
                    engine.queue.claim("q", f"w{n}", (), 60, limit=3)
                    for n, engine in enumerate((one, other) * 3)
                )
            )
            ids = [claimed.job.id for each in taken for claimed in each]
            assert sorted(ids) == sorted({f"j{n}" for n in range(12)})

    async def test_a_worker_gets_what_it_offers_every_topic_of(self, bench: Bench) -> None:
        async with bench.client() as engine:
            await engine.queue.submit("q", Job("both", b"", 9, ("gpu", "index")))
            await engine.queue.submit("q", Job("one", b"", 0, ("index",)))
            (claimed,) = await engine.queue.claim("q", "w", ("index",), 60, limit=5)
            assert claimed.job == Job("one", b"", 0, ("index",))
            (claimed,) = await engine.queue.claim("q", "w", ("index", "gpu", "x"), 60, limit=5)
            assert claimed.job.id == "both"

    async def test_a_claim_that_ends_is_given_out_again(self, bench: Bench) -> None:
        async with bench.client() as engine, bench.client() as other:
            await engine.queue.submit("q", Job("j", b"data"))
            (first,) = await engine.queue.claim("q", "dies", (), TERM_S)
            (seen,) = await other.queue.listed("q")
            assert (seen.state, seen.worker, seen.attempts) == ("claimed", "dies", 1)
            assert await other.queue.claim("q", "w", (), 60) == ()
            bench.lapse(TERM_S)

            async def waits() -> bool:
                return (await other.queue.listed("q"))[0].state == "waiting"

            await eventually(waits)
            with pytest.raises(Conflict):
                await engine.queue.ack("q", first.token)
            (again,) = await other.queue.claim("q", "w", (), 60)
            assert (again.job, again.attempt) == (Job("j", b"data"), 2)
            with pytest.raises(Conflict):
                await engine.queue.extend("q", first.token, 60)
            with pytest.raises(Conflict):
                await engine.queue.nak("q", first.token, reason="late")
            await other.queue.ack("q", again.token)

    async def test_a_claim_that_is_extended_stays(self, bench: Bench) -> None:
        async with bench.client() as engine, bench.client() as other:
            for name in ("kept", "left"):
                await engine.queue.submit("q", Job(name, b"", 9 if name == "kept" else 0))
            kept, left = await engine.queue.claim("q", "w", (), TERM_S, limit=2)
            assert await engine.queue.extend("q", kept.token, 60) > kept.ends_ms
            bench.lapse(TERM_S)

            async def waits() -> bool:
                return "waiting" in {each.state for each in await other.queue.listed("q")}

            await eventually(waits)
            states = {each.job.id: each.state for each in await other.queue.listed("q")}
            assert states == {"kept": "claimed", "left": "waiting"}
            await engine.queue.ack("q", kept.token)
            with pytest.raises(Conflict):
                await engine.queue.ack("q", left.token)

    async def test_a_nak_gives_the_job_out_again_after_its_delay(self, bench: Bench) -> None:
        async with bench.client() as engine, bench.client() as other:
            await engine.queue.submit("q", Job("j", b""))
            (claimed,) = await engine.queue.claim("q", "w", (), 60)
            await engine.queue.nak("q", claimed.token, reason="no disk", delay_s=TERM_S)
            (seen,) = await other.queue.listed("q")
            assert (seen.state, seen.reason, seen.attempts, seen.worker) == (
                *("waiting", "no disk"),
                *(1, ""),
            )
            bench.lapse(TERM_S)

            async def claimable() -> bool:
                taken = await other.queue.claim("q", "w", (), 60)
                return bool(taken) and taken[0].attempt == 2

            await eventually(claimable)

    async def test_a_delayed_job_waits_for_its_time(self, bench: Bench) -> None:
        async with bench.client() as engine:
            await engine.queue.submit("q", Job("later", b"", 9), delay_s=600)
            await engine.queue.submit("q", Job("now", b""))
            (claimed,) = await engine.queue.claim("q", "w", (), 60, limit=5)
            assert claimed.job.id == "now"

    async def test_a_dead_job_waits_for_a_person(self, bench: Bench) -> None:
        async with bench.client() as engine, bench.client() as other:
            await engine.queue.submit("q", Job("bad", b"", 9))
            await engine.queue.submit("q", Job("good", b""))
            (claimed,) = await engine.queue.claim("q", "w", (), 60)
            await engine.queue.nak("q", claimed.token, reason="never", dead=True)
            listed = await other.queue.listed("q")
            assert [(each.job.id, each.state) for each in listed] == [
                ("good", "waiting"),
                ("bad", "dead"),
            ]
            assert not await other.queue.submit("q", Job("bad", b""))
            (good,) = await other.queue.claim("q", "w", (), 60, limit=5)
            assert good.job.id == "good"
            with pytest.raises(Missing):
                await other.queue.revive("q", "good")
            await other.queue.revive("q", "bad")
            (again,) = await engine.queue.claim("q", "w", (), 60)
            assert (again.job.id, again.attempt) == ("bad", 1)

    async def test_a_removed_job_ends_its_claim(self, bench: Bench) -> None:
        async with bench.client() as engine, bench.client() as other:
            await engine.queue.submit("q", Job("j", b""))
            (claimed,) = await engine.queue.claim("q", "w", (), 60)
            assert await other.queue.remove("q", "j")
            assert not await other.queue.remove("q", "j")
            with pytest.raises(Conflict):
                await engine.queue.ack("q", claimed.token)
            assert await other.queue.submit("q", Job("j", b""))
