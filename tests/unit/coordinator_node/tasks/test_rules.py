"""Who may do a task, and what it waits for."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import Denied, Invalid, PostDevAIError
from common.model.ids import NodeId
from common.model.node import Identity
from common.model.task import Offer, Task, TaskId, TaskKind, TaskWish
from coordinator_node.tasks import rules

ANY_TIME = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
DRAGON = Identity("m", "dragon", NodeId("d1"))
LAPTOP = Identity("m", "developer", NodeId("l1"))
OTHER = Identity("m", "developer", NodeId("l2"))
TOOL = Identity("m", "tool", NodeId("t1"))
PROOF = TaskWish("prove", "k", subject="r", consent=True)


def task(kind: TaskKind, project: str = "", node: str = "") -> Task:
    return Task(TaskId("t"), kind, project, node=NodeId(node))


def can(worker: Identity, offer: Offer, what: Task) -> bool:
    return set(rules.topics(what)) <= set(rules.offered(worker, offer))


@ANY_TIME
@given(st.text(max_size=200), st.text(max_size=200))
def test_a_project_is_found_by_the_names_that_are_offered_and_by_no_other(
    wanted: str, held: str
) -> None:
    offer = Offer(("reindex",), (held,))
    wants = task("reindex", wanted)
    assert can(DRAGON, offer, wants) is (wanted in ("", held))
    assert all(set(each) <= set(_TOPIC) for each in rules.topics(wants))


_TOPIC = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./="


def test_every_kind_is_done_by_one_role_and_has_attempts() -> None:
    for kind in get_args(TaskKind):
        assert sum(kind in kinds for kinds in rules.OF_ROLE.values()) == 1
        assert rules.ATTEMPTS_MAX[kind] >= 1


def test_a_role_offers_only_what_it_does() -> None:
    assert rules.offered(DRAGON, Offer(("snapshot",)))  # the control
    foreign: list[tuple[Identity, TaskKind]]
    foreign = [(LAPTOP, "snapshot"), (DRAGON, "prove"), (TOOL, "compact")]
    for who, kind in foreign:
        with pytest.raises(Denied):
            rules.offered(who, Offer((kind,)))


def test_a_proof_goes_to_the_laptop_that_submitted_it() -> None:
    wish = rules.checked(PROOF, LAPTOP)
    proof = replace(task("prove"), node=wish.node)
    assert can(LAPTOP, Offer(("prove",)), proof)
    assert not can(OTHER, Offer(("prove",)), proof)


@pytest.mark.parametrize(
    ("wish", "who"),
    [
        (replace(PROOF, consent=False), LAPTOP),
        (replace(PROOF, node=OTHER.id), LAPTOP),
        (PROOF, DRAGON),
    ],
)
def test_a_proof_without_the_persons_word_on_that_laptop_is_denied(
    wish: TaskWish, who: Identity
) -> None:
    with pytest.raises(Denied):
        rules.checked(wish, who)


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (TaskWish("snapshot", ""), "key"),
        (TaskWish("snapshot", "k" * 129), "key"),
        (TaskWish("snapshot", "k", priority=10), "priority"),
        (TaskWish("snapshot", "k", node=NodeId("a/b")), "node"),
        (TaskWish("snapshot", "k", project="p" * 1_001), "project"),
        (TaskWish("reindex", "k"), "project"),
        (TaskWish("snapshot", "k", project="thing"), "project"),
        (replace(PROOF, project="thing"), "project"),
        (TaskWish("prove", "k", consent=True), "subject"),
    ],
)
def test_a_wish_that_cannot_be_is_invalid_and_the_field_is_named(
    wish: TaskWish, field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        rules.checked(wish, LAPTOP)
    assert caught.value.field == field


def test_a_node_is_named_only_for_what_it_could_do() -> None:
    wish = TaskWish("snapshot", "k", node=NodeId("d"))
    assert rules.at_node(wish, DRAGON.id, "dragon", welcome=True).node == DRAGON.id
    with pytest.raises(Invalid, match="done by a dragon"):
        rules.at_node(wish, LAPTOP.id, "developer", welcome=True)
    with pytest.raises(Denied) as refused:
        rules.at_node(wish, DRAGON.id, "dragon", welcome=False)
    assert "name another one" in refused.value.hint


@ANY_TIME
@given(st.integers(1, 50))
def test_pauses_grow_and_stay_below_their_most(attempts: int) -> None:
    assert rules.pause_s(attempts) <= rules.pause_s(attempts + 1) <= rules.PAUSE_MOST_S
    assert rules.pause_s(1) == 2.0


def test_what_a_task_waits_for_is_named() -> None:
    offered = rules.offered(DRAGON, Offer(("reindex", "snapshot"), ("thing",)))
    there = [(DRAGON.id, offered)]
    assert rules.missing(task("snapshot"), there) == ""
    assert rules.missing(task("reindex", "thing"), there) == ""
    assert "holds the project other" in rules.missing(task("reindex", "other"), there)
    assert "the node d2" in rules.missing(task("snapshot", node="d2"), there)
    assert "waits for a dragon" in rules.missing(task("snapshot"), [])


@ANY_TIME
@given(st.sampled_from(get_args(TaskKind)), st.text(max_size=5), st.integers(-3, 12))
def test_any_wish_is_taken_or_refused_with_a_meaning(
    kind: TaskKind, words: str, number: int
) -> None:
    wish = TaskWish(kind, words, words, words, number, NodeId(words), bool(words))
    try:
        checked = rules.checked(wish, LAPTOP)
    except PostDevAIError:
        return
    assert 0 <= checked.priority <= 9 and checked.key == words
