"""What `up --wait` waits for, decided from the status alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.model.answer import Freshness, ProjectFreshness
from common.model.ids import WorkingCopyId
from common.model.lake import LakeStats
from common.model.laptop import LaptopStatus, WatchedRepository
from common.model.llm import Model
from developer_node.front.up.readiness import standing

REPO = "/code/thing"
FRESH = Freshness((ProjectFreshness("thing", REPO, copy=WorkingCopyId("w")),), 0, 1.0)
LAKE = LakeStats(1, 2, True, "tmpfs", "/lake", 3, 4, files=10, chunks=20, freshness=FRESH)
WATCHED = WatchedRepository(REPO, WorkingCopyId("w"), 10, 0, "watching")
EMBEDDER = Model("bge-small", "embedding", "ready", 1.0)
DONE = LaptopStatus(lake=LAKE, models=(EMBEDDER,), repositories=(WATCHED,))


def with_fresh(fresh: Freshness) -> LaptopStatus:
    return replace(DONE, lake=replace(LAKE, freshness=fresh))


@pytest.mark.parametrize("wait", ["ready", "words", "vectors"])
def test_when_all_is_there_every_wait_is_over(wait: str) -> None:
    assert standing(DONE, wait, [REPO]).done  # pyright: ignore[reportArgumentType]


def test_ready_means_that_the_nodes_have_found_each_other() -> None:
    alone = LaptopStatus(dragon_unavailable="nobody answers")
    assert not standing(alone, "ready", []).done
    assert "nobody answers" in standing(alone, "ready", []).sentence
    assert not standing(replace(DONE, coordinator_unavailable="gone"), "ready", []).done


def test_ready_does_not_wait_for_the_index() -> None:
    assert standing(with_fresh(Freshness()), "ready", [REPO]).done


def test_words_wait_for_the_first_scan() -> None:
    scanning = replace(DONE, repositories=(replace(WATCHED, files=-1, state="scanning"),))
    assert standing(scanning, "words", [REPO]).sentence == f"reading {REPO}"


def test_words_wait_until_a_repository_is_watched_at_all() -> None:
    assert not standing(replace(DONE, repositories=()), "words", [REPO]).done


def test_words_wait_for_a_repository_that_the_lake_has_not_heard_of() -> None:
    assert not standing(with_fresh(Freshness((), 0, 1.0)), "words", [REPO]).done


@pytest.mark.parametrize("behind", [-1, 4])
def test_words_wait_for_files_that_are_behind(behind: int) -> None:
    project = ProjectFreshness("thing", REPO, files_behind=behind, copy=WorkingCopyId("w"))
    assert not standing(with_fresh(Freshness((project,), 0, 1.0)), "words", [REPO]).done


def test_words_wait_for_events_that_are_behind() -> None:
    assert not standing(with_fresh(replace(FRESH, events_behind=1)), "words", [REPO]).done


def test_words_say_how_much_is_there() -> None:
    project = ProjectFreshness("thing", REPO, files_behind=4, copy=WorkingCopyId("w"))
    there = standing(with_fresh(Freshness((project,), 0, 1.0)), "words", [REPO])
    assert there.sentence == "indexing: 4 files to go"
    assert there.share == pytest.approx(0.6)


def test_an_empty_repository_does_not_hold_words_up() -> None:
    empty = replace(DONE, repositories=(replace(WATCHED, files=0),))
    assert standing(replace(empty, lake=replace(LAKE, freshness=Freshness())), "words", []).done


def test_a_repository_that_cannot_be_read_ends_the_wait_with_its_own_sentence() -> None:
    broken = replace(WATCHED, files=-1, state="it cannot be read: permission denied")
    there = standing(replace(DONE, repositories=(broken,)), "words", [REPO])
    assert there.failed == f"{REPO}: it cannot be read: permission denied"


def test_words_do_not_wait_for_vectors_but_vectors_do() -> None:
    half = with_fresh(replace(FRESH, vectors_share=0.5))
    assert standing(half, "words", [REPO]).done
    there = standing(half, "vectors", [REPO])
    assert (there.done, there.sentence, there.share) == (False, "vectors 50 %", 0.5)


def test_almost_all_vectors_is_not_said_to_be_all() -> None:
    there = standing(with_fresh(replace(FRESH, vectors_share=0.9999)), "vectors", [REPO])
    assert there.sentence == "vectors 99 %"


def test_vectors_wait_for_a_model_that_arrives() -> None:
    arriving = replace(EMBEDDER, state="arriving", progress=0.4)
    half = with_fresh(replace(FRESH, vectors_share=0.0))
    there = standing(replace(half, models=(arriving,)), "vectors", [REPO])
    assert there.sentence == "the embedding model arrives: 40 %" and not there.failed


@pytest.mark.parametrize("state", ["missing", "failed"])
def test_vectors_do_not_wait_for_a_model_that_nobody_brings(state: str) -> None:
    lost = replace(EMBEDDER, state=state)
    half = with_fresh(replace(FRESH, vectors_share=0.0))
    there = standing(replace(half, models=(lost,)), "vectors", [REPO])
    assert f"bge-small is {state}" in there.failed
    assert "postdevai models pull bge-small" in there.hint
