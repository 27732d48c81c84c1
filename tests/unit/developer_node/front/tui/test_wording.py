"""Times, sizes, freshness and models in words."""

from __future__ import annotations

from datetime import UTC

import pytest

from common.model.answer import Freshness, Hit, ProjectFreshness
from common.model.llm import Model
from developer_node.front.tui import wording

NOW_MS = 1_772_546_700_000
SECOND, DAY = 1_000, 86_400_000


@pytest.mark.parametrize(
    ("ago_ms", "said"),
    [(0, "14:05:00"), (DAY, "2 Mar 14:05"), (400 * DAY, "27 Jan 2025")],
)
def test_a_moment_is_as_exact_as_its_age_needs(ago_ms: int, said: str) -> None:
    """The clock today, the day before that."""
    assert wording.moment(NOW_MS - ago_ms, NOW_MS, UTC) == said


@pytest.mark.parametrize(
    ("ago_ms", "said"),
    [(-5 * SECOND, "just now"), (59 * SECOND, "just now"), (60 * SECOND, "1 minute ago"),
     (7_200 * SECOND, "2 hours ago"), (19 * DAY, "19 days ago")],
)  # fmt: skip
def test_an_age_is_in_its_largest_unit_and_never_in_the_future(ago_ms: int, said: str) -> None:
    """Two clocks may differ."""
    assert wording.age(NOW_MS - ago_ms, NOW_MS) == said


@pytest.mark.parametrize(
    ("project", "said"),
    [
        (ProjectFreshness("p", "/p", "abcdef012", "abcdef012"), "p at abcdef0, up to date"),
        (ProjectFreshness("p", "/p", "abcdef012", "1234567ff", 3),
         "p at abcdef0, HEAD is 1234567, 3 files behind"),
        (ProjectFreshness("p", "/p", files_behind=-1), "p: first scan is running"),
        (ProjectFreshness("p", "/p"), "p, up to date"),
    ],
)  # fmt: skip
def test_freshness_says_what_is_known_and_what_is_not(project: ProjectFreshness, said: str) -> None:
    """Stale says stale."""
    assert wording.freshness(Freshness((project,), vectors_share=1.0)) == said


def test_an_empty_lake_does_not_say_up_to_date() -> None:
    """Empty is said."""
    assert wording.freshness(Freshness()) == "nothing is indexed yet"


def test_events_behind_and_missing_vectors_are_said() -> None:
    """Half of the meaning is missing."""
    known = (ProjectFreshness("p", "/p"),)
    assert "99 %" in wording.freshness(Freshness(known, vectors_share=0.999))
    said = wording.freshness(Freshness(known, events_behind=1, vectors_share=0.5))
    later = "50 % searchable by meaning yet; ask again later for more"
    assert said == f"p, up to date · 1 event behind · {later}"


SMALL = Model("small", "fast", "loaded", parameters=135_000_000)
LARGE = Model("large", "reasoning", "arriving", 0.4, parameters=32_000_000_000)


@pytest.mark.parametrize(
    ("models", "state", "line"),
    [
        ((), "no model", "no model: passages only"),
        ((Model("bge", "embedding", "loaded"),), "no model", "no model: passages only"),
        ((LARGE,), "model 40 %", "model 40 % · large is arriving: passages only"),
        ((LARGE, SMALL), "model ready", "small · demonstration model"),
        ((Model("x", "fast", "failed", detail="wrong hash"),), "model failed",
         "model failed: passages only · wrong hash"),
    ],
)  # fmt: skip
def test_the_model_that_can_speak_is_named(
    models: tuple[Model, ...], state: str, line: str
) -> None:
    """An embedding model never answers; a small one is called what it is."""
    assert wording.model_state(wording.speaking_model(models)) == state
    assert wording.model_line(models) == line


@pytest.mark.parametrize("width", [12, 24, 40, 59])
def test_a_place_in_few_cells_keeps_its_lines_and_the_end_of_its_path(width: int) -> None:
    """The middle gives way."""
    hit = Hit("p", "/p", "tests/unit/coordinator_node/gateway/test_enrolment.py", 120, 148)
    said = wording.place_within(hit, width)
    assert len(said) == width and said.startswith("t") and said.endswith(".py:120-148"[-8:])
    assert wording.place_within(hit, 61) == wording.place(hit)


def test_two_laptops_with_one_path_are_told_apart() -> None:
    copies = tuple(ProjectFreshness("p", "/p", machine=each) for each in ("desk", "couch"))
    said = wording.freshness(Freshness(copies, vectors_share=1.0))
    assert said == "p in /p on desk, up to date · p in /p on couch, up to date"
