"""What a menu offers: always to look, to apply only what fits and is known to be the one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.model.failure import Match, RemedyState
from developer_node.front.lsp.actions import offers
from tests.support.editors import BROKEN, KNOWN, REMEDY, SYMPTOM

FILES = {"money.py": BROKEN}


def verbs(known: object = KNOWN, files: dict[str, str] = FILES) -> list[str]:
    return [offer.title.split()[1] for offer in offers(SYMPTOM, known, files.get)]  # type: ignore[arg-type]


def test_a_change_that_fits_may_be_seen_and_applied() -> None:
    assert verbs() == ["show", "apply"]


def test_a_change_that_does_not_fit_any_more_may_only_be_seen() -> None:
    assert verbs(files={"money.py": BROKEN.replace("round", "int")}) == ["show"]


@pytest.mark.parametrize("match", ["similar"])
def test_the_change_of_a_similar_failure_may_only_be_seen(match: Match) -> None:
    assert verbs(replace(KNOWN, match=match)) == ["show"]


@pytest.mark.parametrize(
    ("state", "expected"), [("ambiguous", ["show"]), ("rejected", []), ("confirmed", None)]
)
def test_a_remedy_s_state_decides(state: RemedyState, expected: list[str] | None) -> None:
    known = replace(KNOWN, remedies=(replace(REMEDY, state=state),))
    assert verbs(known) == (["show", "apply"] if expected is None else expected)


def test_a_remedy_without_a_diff_offers_nothing() -> None:
    assert verbs(replace(KNOWN, remedies=(replace(REMEDY, diff=""),))) == []


def test_nothing_known_offers_nothing() -> None:
    assert verbs(None) == []
