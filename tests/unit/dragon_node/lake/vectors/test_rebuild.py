"""A rebuild: the old index answers until the new one does, and nothing is lost in between."""

from __future__ import annotations

import random
import sys
import threading

import numpy as np
import pytest

from common.errors import Unavailable
from common.model.ids import ContentHash
from dragon_node.lake.vectors.fastscan import FastScanIndex
from dragon_node.lake.vectors.port import Rebuilding
from tests.support.vectors import clustered, keys

KEYS = keys(8_000)
ROWS = clustered(8_000)


def _index(count: int, *, exact_below: int = 1_000) -> FastScanIndex:
    index = FastScanIndex(ROWS.shape[1], exact_below=exact_below)
    index.add(KEYS[:count], ROWS[:count])
    return index


def _begun(index: FastScanIndex) -> Rebuilding:
    rebuilding = index.due()
    assert rebuilding is not None
    return rebuilding


def _finds(index: FastScanIndex, i: int) -> bool:
    return index.search(ROWS[i], 1)[0][0] == KEYS[i]


def test_it_is_due_from_a_number_on_at_15_percent_dead_and_twice_as_many() -> None:
    index = _index(999)
    assert index.due() is None
    index.add(KEYS[999:1_000], ROWS[999:1_000])
    first = _begun(index)
    assert index.due() is None  # one is enough
    first.build()
    first.swap()
    assert index.by_codes
    assert index.due() is None
    index.add(KEYS[1_000:2_050], ROWS[1_000:2_050])
    index.tombstone(KEYS[2_000:2_050])
    grown = _begun(index)
    grown.build()
    grown.swap()
    index.tombstone(KEYS[:299])
    assert index.due() is None
    index.tombstone(KEYS[299:301])
    dead = _begun(index)
    dead.build()
    dead.swap()
    assert index.dead_share == 0.0


def test_an_index_that_shrank_is_exact_again() -> None:
    index = _index(2_000)
    index.rebuild()
    index.tombstone(KEYS[400:2_000])
    assert index.due() is None
    assert not index.by_codes
    assert index.search(ROWS[0], 1)[0][0] == KEYS[0]


def test_what_comes_and_goes_during_a_rebuild_is_right_at_every_step() -> None:
    index = _index(4_000)
    index.rebuild()
    index.tombstone(KEYS[:700])
    rebuilding = _begun(index)
    index.add(KEYS[4_000:4_500], ROWS[4_000:4_500])  # must not take the slots that are being read
    index.tombstone(KEYS[700:800])
    index.add(KEYS[800:801], ROWS[5_001:5_002])
    index.add(KEYS[800:801], ROWS[5_000:5_001])
    assert index.search(ROWS[5_001], 1)[0][1] < 0.999

    def right() -> bool:
        gone = {key for key, _ in index.search(ROWS[750], 50)} & {*KEYS[:800]}
        return (
            not gone
            and all(_finds(index, i) for i in (900, 3_999, 4_000, 4_499))
            and index.search(ROWS[5_000], 1)[0][0] == KEYS[800]
            and len(index) == 3_700
        )

    assert right()
    rebuilding.build()
    assert right()
    index.tombstone(KEYS[1_000:1_200])
    index.add(KEYS[6_000:6_200], ROWS[6_000:6_200])  # nor those that have been coded
    rebuilding.swap()
    assert right()
    assert all(_finds(index, i) for i in range(6_000, 6_200))
    index.add(KEYS[:700], ROWS[:700])
    assert all(_finds(index, i) for i in range(0, 700, 50))


@pytest.mark.parametrize("seed", range(4))
def test_in_any_order_of_events_it_holds_what_a_dict_would(seed: int) -> None:
    draw, index = random.Random(seed), _index(1_500)
    known = dict(zip(KEYS, range(1_500), strict=False))
    rebuilding: Rebuilding | None = None
    for _ in range(80):
        match draw.choice(["add", "add", "drop", "begin", "build and swap", "abandon"]):
            case "add":
                some = draw.sample(range(4_000), draw.randrange(1, 400))
                index.add([KEYS[i // 2] for i in some], ROWS[some])
                known |= {KEYS[i // 2]: i for i in some}
            case "drop":
                some = [KEYS[i] for i in draw.sample(range(2_000), draw.randrange(1, 300))]
                index.tombstone(some)
                known = {key: i for key, i in known.items() if key not in {*some}}
            case "begin" if rebuilding is None:
                rebuilding = index.due()
            case "build and swap" if rebuilding is not None:
                rebuilding.build()
                rebuilding.swap()
                rebuilding = None
            case "abandon" if rebuilding is not None:
                rebuilding.abandon()
                rebuilding = None
            case _:
                pass
        _is_right(index, known, draw.randrange(8_000))


def _is_right(index: FastScanIndex, known: dict[ContentHash, int], asked: int) -> None:
    assert len(index) == len(known)
    scores = ROWS[list(known.values())].astype(np.float16).astype(np.float32) @ ROWS[asked]
    best = np.sort(scores)[::-1][:10]
    exact = index.search(ROWS[asked], 10, list(known))
    assert [score for _, score in exact] == pytest.approx(best, abs=1e-6)
    found = index.search(ROWS[asked], 10)
    assert {key for key, _ in found} <= {*known}
    assert len({*found} & {*exact}) >= 9


def test_it_answers_adds_and_drops_while_another_thread_builds() -> None:
    index = _index(6_000)
    index.rebuild()
    index.tombstone(KEYS[:1_000])
    for round_ in range(2):
        rebuilding = index.due() or _forced(index)
        builder = threading.Thread(target=rebuilding.build)
        builder.start()
        i = 0
        while builder.is_alive() or i < 10:
            new = 6_000 + round_ * 600 + i % 600
            index.add(KEYS[new : new + 1], ROWS[new : new + 1])
            assert _finds(index, new)
            index.tombstone(KEYS[new : new + 1])
            assert _finds(index, 1_000 + i % 5_000)
            i += 1
        builder.join()
        rebuilding.swap()
        assert len(index) == 5_000


def _forced(index: FastScanIndex) -> Rebuilding:
    return index._begun()


def test_a_rebuild_that_fails_leaves_the_old_index_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    index = _index(4_000)
    index.rebuild()
    index.tombstone(KEYS[:800])
    rebuilding = _begun(index)
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "faiss", None)
        with pytest.raises(Unavailable, match="faiss cannot be imported"):
            rebuilding.build()
    with pytest.raises(Unavailable):
        rebuilding.swap()
    rebuilding.abandon()
    assert index.by_codes
    assert _finds(index, 3_000)
    assert index.due() is not None  # it can be tried again


def test_without_faiss_every_vector_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    index = _index(2_000)
    with pytest.raises(Unavailable):
        index.rebuild()
    assert not index.by_codes
    assert all(_finds(index, i) for i in range(0, 2_000, 100))


def test_one_that_was_abandoned_ends_and_changes_nothing() -> None:
    index = _index(4_000)
    rebuilding = _begun(index)
    rebuilding.abandon()
    with pytest.raises(Unavailable, match="told to stop"):
        rebuilding.build()
    rebuilding.swap()
    rebuilding.abandon()
    assert not index.by_codes


def test_the_same_vectors_give_the_same_answers_after_every_rebuild() -> None:
    one, other = _index(4_000), _index(4_000)
    for index in (one, other):
        index.rebuild()
    answers = [one.search(ROWS[i], 10) for i in range(0, 4_000, 400)]
    assert [other.search(ROWS[i], 10) for i in range(0, 4_000, 400)] == answers
    one.rebuild()
    assert [one.search(ROWS[i], 10) for i in range(0, 4_000, 400)] == answers
