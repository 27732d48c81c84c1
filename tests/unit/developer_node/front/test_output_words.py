"""The words for times, sizes, places and freshness."""

from __future__ import annotations

import pytest

from common.model.answer import Freshness, Hit, ProjectFreshness
from common.model.ids import WorkingCopyId
from developer_node.front.output_words import (
    ago,
    freshness_sentence,
    iso,
    link,
    percent,
    place,
    size,
    when,
)

A, B = "a" * 40, "b" * 40


@pytest.mark.parametrize(
    ("projects", "said"),
    [
        ((), "Nothing is indexed yet."),
        ((ProjectFreshness("thing", "/t", A, A),), "As of thing aaaaaaa"),
        (
            (ProjectFreshness("thing", "/t", A, B, 2),),
            "As of thing aaaaaaa (HEAD is bbbbbbb), 2 files behind",
        ),
        ((ProjectFreshness("thing", "/t", "", "", -1),), "As of thing no commit, first scan runs"),
        (
            tuple(ProjectFreshness(f"p{n}", "/t", A, A) for n in range(5)),
            "As of p0 aaaaaaa · p1 aaaaaaa · p2 aaaaaaa · 2 more",
        ),
    ],
)
def test_stale_says_stale_and_empty_says_empty(
    projects: tuple[ProjectFreshness, ...], said: str
) -> None:
    assert freshness_sentence(Freshness(projects, 0, 1.0)) == said


def test_events_and_vectors_that_are_behind_are_said() -> None:
    fresh = Freshness((ProjectFreshness("thing", "/t", A, A),), 1, 0.97)
    assert freshness_sentence(fresh) == "As of thing aaaaaaa · 1 event behind · 97 % by meaning"


def test_almost_all_is_not_all() -> None:
    assert (percent(0.999), percent(1.0)) == ("99 %", "100 %")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "just now"),
        (-9, "just now"),
        (30, "30 s ago"),
        (60, "1 minute ago"),
        (7200, "2 hours ago"),
        (86_400 * 19, "19 days ago"),
    ],
)
def test_how_long_ago(seconds: int, said: str) -> None:
    assert ago(1_000_000_000, 1_000_000_000 + seconds * 1000) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 KB"), (64_000_000, "64 MB"), (5e11, "500 GB")],
)
def test_sizes(number: int, said: str) -> None:
    assert size(number) == said


def test_a_time_that_is_not_known_is_none() -> None:
    assert iso(0) is None


def test_a_place_is_relative_below_where_the_person_is_and_whole_elsewhere() -> None:
    hit = Hit("thing", "/code/thing", "src/a.py", 3, 9)
    assert place(hit, "/code/thing/src") == "a.py:3-9"
    assert place(hit, "/code/thin") == "/code/thing/src/a.py:3-9"
    assert place(Hit("thing", "", "src/a.py", 3, 3), "/code") == "src/a.py:3"
    assert (link(hit), link(Hit("thing", "", "a.py", 1, 1))) == ("file:///code/thing/src/a.py", "")


def test_two_clones_of_a_project_are_told_apart_by_their_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    clones = tuple(ProjectFreshness("thing", f"/home/ada/{d}", A, A) for d in ("one", "two"))
    said = freshness_sentence(Freshness(clones, 0, 1.0))
    assert said == "As of thing in ~/one aaaaaaa · thing in ~/two aaaaaaa"


def _at(machine: str, copy: str) -> ProjectFreshness:
    return ProjectFreshness("thing", "/t", A, A, copy=WorkingCopyId(copy), machine=machine)


@pytest.mark.parametrize(
    ("machines", "said"),
    [
        (("desk", "couch"), "thing in /t on desk aaaaaaa · thing in /t on couch aaaaaaa"),
        (
            ("desk", "desk"),
            "thing in /t on desk (00000000) aaaaaaa · thing in /t on desk (11111111) aaaaaaa",
        ),
        (
            ("desk", ""),
            "thing in /t on desk aaaaaaa · thing in /t on a laptop (11111111) aaaaaaa",
        ),
    ],
)
def test_two_laptops_with_one_path_are_told_apart(machines: tuple[str, ...], said: str) -> None:
    """By their names; where those do not tell, by what nobody else has."""
    copies = tuple(_at(machine, str(n) * 32) for n, machine in enumerate(machines))
    assert freshness_sentence(Freshness(copies, 0, 1.0)) == f"As of {said}"


def test_who_was_not_asked_is_said() -> None:
    known = Freshness(
        (ProjectFreshness("thing", "/t", A, A),),
        vectors_share=1.0,
        not_asked=("meaning was not asked: the model has not arrived",),
        asleep=("old", "older"),
    )
    assert freshness_sentence(known) == (
        "As of thing aaaaaaa · meaning was not asked: the model has not arrived "
        "· not asked, because asleep: old, older"
    )


def test_a_command_that_does_not_say_when_it_ran_is_not_from_1970() -> None:
    assert when(0).strip() == "time not known"
    assert len(when(0)) == len(when(1))
