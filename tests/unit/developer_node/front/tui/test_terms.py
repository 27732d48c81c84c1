"""What is typed into the filter, and which events it means."""

from __future__ import annotations

import pytest

from common.errors import Invalid
from developer_node.front.tui.notebook import Entry
from developer_node.front.tui.terms import Terms, admitted, read_terms
from tests.support.tui_scenes import command, commit, saved

ENTRIES = [
    Entry(command(1, 10, "pytest", 1), "ledger"),
    Entry(command(2, 20, "make"), "shop"),
    Entry(commit(3, 30, "abc", "money"), "ledger"),
    Entry(saved(4, 4_000, "a.py"), "ledger"),
]


def since(said: str) -> int:
    if said != "1h":
        raise Invalid("no", hint="Write 2h.")
    return ENTRIES[0].event.at_ms - 3_600_000


def found(typed: str) -> list[int]:
    """Which of the entries."""
    terms = read_terms(typed, since)
    return [ENTRIES.index(entry) for entry in admitted(ENTRIES, terms)]


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("", [0, 1, 2, 3]),
        ("kind:command", [0, 1]),
        ("kind:com", [0, 1]),
        ("KIND:git", [2]),
        ("project:led", [0, 2, 3]),
        ("failed", [0]),
        ("since:1h", [0, 1, 2]),
        ("project:ledger since:1h kind:git", [2]),
        ("project:nobody", []),
    ],
)
def test_terms_narrow_and_stand_together(typed: str, numbers: list[int]) -> None:
    assert found(typed) == numbers


def test_other_words_are_words_also_with_a_colon_in_them() -> None:
    terms = read_terms("pytest tests/a.py::test_b https://x failed", since)
    assert terms.words == "pytest tests/a.py::test_b https://x"
    assert terms.failed


@pytest.mark.parametrize(
    ("typed", "says"), [("kind:meal", "no kind meal"), ("since:soon", "Write 2h")]
)
def test_a_term_that_means_nothing_says_so_and_leaves_nothing_out(typed: str, says: str) -> None:
    assert says in read_terms(typed, since).fault
    assert len(found(typed)) == len(ENTRIES)


def test_nothing_typed_means_everything() -> None:
    assert read_terms("  ", since) == Terms()
