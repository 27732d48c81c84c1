"""A card never claims more than the recollection does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from common.model.failure import Failure, Frame, Occurrence, Recollection, Remedy, Suggestion
from common.model.ids import EventId, Fingerprint
from developer_node.front.tui.card import (
    Fact,
    card_row,
    facts_of_failure,
    facts_of_remedy,
    headline,
    see_command,
    state_of,
)

NOW_MS = 1_772_546_700_000
FAILURE = Failure(
    "pytest", "KeyError", "test", "KeyError: 'a'", "KeyError: 'S'", "tests/test_a.py::test_it",
    (Frame("tests/test_a.py", "test_it", 7, True), Frame("lib/b.py", "look", 3, True)),
)  # fmt: skip
SEEN = Occurrence(EventId("e"), NOW_MS - 86_400_000, "thing", "/t", "abcdef0123", "pytest", "")
REMEDY = Remedy("r1", "observed", "code", "abcdef0123", "abcdef0 fix it", paths=("lib/b c.py",))
CARD = Suggestion(
    "s1", 1, NOW_MS, EventId("e"), "thing", "", Recollection("same", FAILURE, (SEEN,), (REMEDY,))
)


def said(facts: list[Fact], label: str) -> str:
    """What stands beside a label."""
    return next(fact.said.plain for fact in facts if fact.label == label)


def test_what_failed_names_the_place_in_the_persons_own_code() -> None:
    """The innermost frame that is theirs, when it is not the test's own file."""
    assert said(facts_of_failure(CARD, NOW_MS, UTC), "What failed").splitlines() == [
        "KeyError: 'a'",
        "tests/test_a.py::test_it",
        "lib/b.py:3 look",
    ]


def test_a_failure_of_another_project_names_it() -> None:
    """The same symptom in PROJECT, never the same cause."""
    elsewhere = replace(CARD, project="other")
    assert "the same symptom in thing" in said(
        facts_of_failure(elsewhere, NOW_MS, UTC), "Seen before"
    )
    assert "symptom" not in said(facts_of_failure(CARD, NOW_MS, UTC), "Seen before")


def test_no_card_ever_says_cause() -> None:
    """Only symptoms are compared."""
    words = headline(CARD).plain + card_row(CARD, NOW_MS, UTC, unseen=True, verdicts={}).left.plain
    assert "cause" not in words and "same symptom" in words


def test_without_remedies_the_note_says_why() -> None:
    """And the row does not look like one with a remedy."""
    bare = replace(
        CARD, recollection=replace(CARD.recollection, remedies=(), note="Nothing changed.")
    )
    assert said(facts_of_failure(bare, NOW_MS, UTC), "No remedy") == "Nothing changed."
    assert "no remedy" in card_row(bare, NOW_MS, UTC, unseen=False, verdicts={}).right.plain


def test_the_command_can_be_pasted_into_a_shell() -> None:
    """Paths with spaces are quoted; without a commit there is nothing for git to show."""
    assert see_command(REMEDY, None) == "git show abcdef0 -- 'lib/b c.py'"
    bare, known = replace(REMEDY, commit=""), replace(FAILURE, fingerprint=Fingerprint("ab" * 16))
    assert see_command(bare, known) == f"postdevai recall --fingerprint {'ab' * 16}"
    assert see_command(bare, None) == "postdevai recall --last"


def test_the_persons_no_counts_at_once() -> None:
    """Before the Dragon has said it back."""
    assert state_of(REMEDY, {"r1": "rejected"}) == "rejected"
    assert state_of(REMEDY, {"r2": "rejected"}) == "observed"
    assert said(facts_of_remedy(CARD, REMEDY, {"r1": "rejected"}), "Remedy").startswith("rejected")
    row = card_row(CARD, NOW_MS, UTC, unseen=False, verdicts={"r1": "rejected"})
    assert row.right.plain.startswith("rejected")


def test_the_lines_of_a_message_stay_lines() -> None:
    """pytest explains an assertion on the lines beneath it; a long message is cut."""
    failure = replace(FAILURE, message="\n".join(f"line {n}" for n in range(20)))
    long = replace(CARD, recollection=replace(CARD.recollection, failure=failure))
    shown = said(facts_of_failure(long, NOW_MS, UTC), "What failed").splitlines()
    assert shown[:2] == ["line 0", "line 1"] and "line 6" not in shown


def test_a_last_word_says_that_a_project_has_gone_quiet_and_claims_nothing() -> None:
    """Such a card has no failure."""
    said = "3 of the last 9 were accepted: no card is made any more"
    word = Suggestion("w", 9, NOW_MS, EventId("e"), "ledger", said, Recollection("none", note=said))
    row = card_row(word, NOW_MS, UTC, unseen=True, verdicts={})
    assert said in row.left.plain
    assert row.right.plain.startswith("quiet")
    assert headline(word).plain == "No more cards in ledger"
