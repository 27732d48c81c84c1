"""The bench of redaction, small: CI holds its two bars."""

from __future__ import annotations

from developer_node.text.redaction import redact
from scripts.bench.secrets import _drawn, _missed, _places
from tests.support.planted import PLANTED

CHANGED_MAX = 10
"""Of 1,000 innocent lines."""


def test_nothing_planted_stays() -> None:
    assert len(PLANTED) >= 15
    assert len(_places(PLANTED[0])) == 4
    assert [(each.shape, place) for each in PLANTED for place in _missed(each)] == []


def test_the_control_is_that_the_places_hold_the_secret_before() -> None:
    for planted in PLANTED:
        for place, text in _places(planted).items():
            assert planted.secret in text, place


def test_few_of_a_thousand_innocent_lines_of_real_logs_are_changed() -> None:
    lines = _drawn(1000)
    assert len(lines) == 1000
    assert sum(redact(line) != line for line in lines) <= CHANGED_MAX
