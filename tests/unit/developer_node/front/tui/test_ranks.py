"""Why a hit stands where it does: in words that claim no more than the lake said."""

from __future__ import annotations

from dataclasses import replace

from common.model.answer import Freshness, Hit
from common.model.lake import SearchResult
from developer_node.front.tui.ranks import counted, explained, hit_rows, where

FIRST = Hit(
    "ledger", "/w", "money.py", 1, 4, "split", "3f2a91c07", score=2.0,
    why=("symbol: split", "meaning", "words: money, split"), text="def split():\n    pass",
)  # fmt: skip
SECOND = replace(FIRST, path="other.py", score=1.0, why=("exact text: fee",), dirty=True)
EVENT = replace(FIRST, path="", kind="event", score=0.5, why=("event: pytest -q", "words"))
FOUND = SearchResult((FIRST, SECOND, EVENT))


def test_a_rank_is_said_with_its_score_and_the_best_one() -> None:
    said = explained(2, FOUND, "fused").plain
    assert "Rank 2 of 3, score 1.000, the first has 2.000" in said
    assert "with changes that are not committed" in said
    assert "The characters stand there exactly: fee" in said


def test_every_reason_is_a_sentence_with_what_it_rests_on() -> None:
    said = explained(1, FOUND, "fused").plain
    assert "symbol  It defines or is what the query names: split" in said
    assert "words  Words of the query stand in it: money, split" in said
    assert "def split():" in said


def test_lines_that_are_only_in_order_have_no_rank_and_no_bar() -> None:
    assert "no rank" in explained(1, FOUND, "literal").plain
    assert "score" not in explained(1, FOUND, "literal").plain
    assert "█" not in hit_rows(FOUND, "literal")[0].left.plain
    assert "████████" in hit_rows(FOUND, "fused")[0].left.plain


def test_an_event_is_named_by_what_it_was() -> None:
    assert where(EVENT) == "event: pytest -q"
    assert where(FIRST) == "money.py:1-4"


def test_an_unknown_reason_is_shown_as_the_lake_said_it() -> None:
    odd = SearchResult((replace(FIRST, why=("phase of the moon: full",)),))
    assert "phase of the moon: full" in explained(1, odd, "fused").plain


def test_what_was_not_asked_is_said_with_the_count() -> None:
    fresh = Freshness(not_asked=("vectors are being built",), asleep=("notes",))
    said = counted(SearchResult((), False, fresh), "fused").plain
    assert "nothing found" in said and "there is more" not in said
    assert "vectors are being built" in said and "asleep: notes" in said


def test_a_list_that_was_cut_says_that_there_is_more() -> None:
    assert "3 hits · there is more" in counted(SearchResult(FOUND.hits, False), "fused").plain


def test_a_text_that_steers_terminals_does_not() -> None:
    odd = SearchResult((replace(FIRST, text="\x1b[2Jgone", project="\x1b]0;x\x07p"),))
    assert "\x1b" not in explained(1, odd, "fused").plain
