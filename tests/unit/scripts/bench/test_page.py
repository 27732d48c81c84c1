"""The page of figures."""

from __future__ import annotations

from scripts.bench.__main__ import BENCHES, LONG
from scripts.bench.page import BY_HAND, PAGE, renewed, sections

ORDER = ("first", "second")
TABLE = "| what | figure |\n| --- | --- |\n| a | {} |\n"


def test_a_section_is_measured_anew_and_the_others_stay() -> None:
    page = renewed("", "second", TABLE.format(2), ORDER)
    page = renewed(page, "first", TABLE.format(1), ORDER)
    page = renewed(page, "first", TABLE.format(3), ORDER)
    assert sections(page) == {"first": TABLE.format(3), "second": TABLE.format(2)}


def test_what_was_written_below_a_table_stays_below_it() -> None:
    page = renewed("", "first", TABLE.format(1), ORDER)
    page = renewed(page + "\nIt is slow.\nIt was slower.\n", "first", TABLE.format(2), ORDER)
    assert sections(page)["first"] == TABLE.format(2) + "\nIt is slow.\nIt was slower.\n"
    assert renewed(page, "first", TABLE.format(2), ORDER) == page


def test_each_section_of_the_page_has_a_command_that_measures_it_again() -> None:
    assert set(sections(PAGE.read_text())) <= {*BENCHES, *LONG, *BY_HAND}
