"""Filters as they are typed: understood, or refused with what there is."""

from __future__ import annotations

import pytest

from common.errors import Invalid
from common.model.lake import SearchQuery
from developer_node.front.tui.filters import Filters, K, filters_of, query_of


def test_each_filter_is_a_word_and_quotation_marks_hold_spaces() -> None:
    typed = "project=ledger path='my src/**/*.py' language=python kind=code copy=/w/ledger"
    assert filters_of(typed) == Filters("ledger", "my src/**/*.py", "python", "code", "/w/ledger")


def test_nothing_typed_is_everywhere() -> None:
    assert filters_of("  ") == Filters()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("ledger", "is no filter"),
        ("colour=red", "is no filter"),
        ("kind=poem", "There is no kind"),
        ("path='src", "not closed"),
    ],
)
def test_what_is_not_understood_is_refused_in_words(typed: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        filters_of(typed)


def test_a_query_carries_all_of_them() -> None:
    filters = Filters("ledger", "src/*", "python", "code", "/w")
    assert query_of("money", "regex", filters) == SearchQuery(
        "money", "regex", K, "ledger", "/w", "src/*", "python", "code"
    )
