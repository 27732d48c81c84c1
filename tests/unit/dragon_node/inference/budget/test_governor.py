"""The ledger in one place: what is put is counted, what is asked is decided on its clock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from dragon_node.inference.budget.governor import Governor
from dragon_node.inference.budget.ledger import Admit, Evict, Resident, Trim, Wait, Want
from dragon_node.inference.budget.machine import Gpu, Machine

GB = 1_000_000_000


class HandClock:
    """Moves when it is told to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def now_ms(self) -> int:
        """Nobody asks."""
        raise AssertionError("decisions are made on the monotonic clock")

    def monotonic(self) -> float:
        """As set."""
        return self.now_s


def governor(clock: HandClock | None = None) -> Governor:
    """14 GB for models."""
    return Governor(
        24 * GB, 8 * GB, reserve_bytes=2 * GB, clock=clock or HandClock(), min_residency_s=60.0
    )


def test_what_is_put_is_spoken_for_and_what_is_dropped_is_free() -> None:
    held = governor()
    held.put(Resident("a", 5 * GB, kv_bytes=GB))
    assert held.ledger.free_bytes == 8 * GB
    held.put(Resident("a", 5 * GB))
    assert held.ledger.free_bytes == 9 * GB
    held.drop("a")
    held.drop("a")
    assert held.ledger.free_bytes == 14 * GB


def test_asking_takes_nothing() -> None:
    held = governor()
    assert held.ask(Want("a", 5 * GB, 0)) == Admit()
    assert held.ledger.free_bytes == 14 * GB


def test_the_minimum_residency_passes_on_its_clock() -> None:
    clock = HandClock()
    held = governor(clock)
    held.put(Resident("a", 10 * GB, loaded_s=held.now_s()))
    assert isinstance(held.ask(Want("b", 10 * GB, 0)), Wait)
    clock.now_s += 60
    assert isinstance(held.ask(Want("b", 10 * GB, 0)), Evict)


def test_an_embedder_that_comes_late_is_counted_and_room_is_made() -> None:
    held = governor()
    held.put(Resident("a", 10 * GB, cache_bytes=4 * GB))
    held.set_embedder(GB)
    assert held.ledger.free_bytes == -GB
    assert held.ask(Want("a", 0, 0)) == Trim(GB)
    assert held.sentence() == (
        "weights 10.0 GB, prompt cache 4.0 GB, embedder 1.0 GB, lake 8.0 GB, reserve 2.0 GB:"
        " 25.0 GB, 1.0 GB more than the 24.0 GB there are"
    )


def test_the_sum_is_said_with_what_is_left() -> None:
    held = governor()
    held.put(Resident("a", 5 * GB, kv_bytes=GB // 2))
    assert held.sentence() == (
        "weights 5.0 GB, caches of requests 500 MB, lake 8.0 GB, reserve 2.0 GB:"
        " 15.5 GB of 24.0 GB, 8.5 GB free"
    )


def test_the_shares_add_up_to_what_is_spoken_for() -> None:
    held = governor()
    held.put(Resident("a", 5 * GB, kv_bytes=GB, cache_bytes=7))
    held.set_embedder(3)
    assert sum(share.bytes for share in held.ledger.shares()) == held.ledger.used_bytes


def test_a_machine_is_planned_with_whole_less_its_reserve() -> None:
    ledger = Governor.of(Machine(64 * GB, "this machine's memory"), 20 * GB).ledger
    assert (ledger.memory_bytes, ledger.reserve_bytes) == (64 * GB, 8 * GB)
    assert ledger.free_bytes == 36 * GB
    assert ledger.lake_yields


def test_what_a_gpu_may_hold_is_not_taken_from_the_lake() -> None:
    """Of 64 GB it holds 40: models get them, less the reserve, and a smaller lake gives nothing."""
    ledger = Governor.of(Machine(64 * GB, "", Gpu("Apple M4 Pro", 40 * GB)), 10 * GB).ledger
    assert ledger.free_bytes == 40 * GB - ledger.reserve_bytes
    assert not ledger.lake_yields


def test_nothing_is_lost_when_many_threads_put_at_once() -> None:
    held = governor()
    with ThreadPoolExecutor(8) as pool:
        for number in range(400):
            pool.submit(held.put, Resident(f"m{number}", 1))
    assert sum(r.weight_bytes for r in held.ledger.residents) == 400
