"""The index of one project: what it finds, how it is left, and how another takes its place."""

from __future__ import annotations

from pathlib import Path

from dragon_node.lake.words.index import Batch, Words
from dragon_node.lake.words.splitting import document, query_terms


def batch(documents: dict[int, str], lsn: int, dead: tuple[int, ...] = ()) -> Batch:
    """Documents as "head|body" by their chunk."""
    cut = [(i, document(*text.split("|"))) for i, text in documents.items()]
    return Batch(cut, list(dead), lsn, more=False)


def found(words: Words, query: str, k: int = 5, allow: list[int] | None = None) -> list[int]:
    return [chunk for chunk, _ in words.view.search(query_terms(query), k, allow)]


def test_a_name_counts_more_than_a_mention(tmp_path: Path) -> None:
    words = Words.open(tmp_path / "w", "g")
    named = "parse_date. a.py|def parse_date(text): return text"
    mention = "other. b.py|def other(): return 1 # like parse_date, but not"
    words.take(batch({1: mention, 2: named}, 1))
    assert found(words, "parse date") == [2, 1]
    words.close()


def test_words_are_stemmed_and_operators_are_words(tmp_path: Path) -> None:
    words = Words.open(tmp_path / "w", "g")
    words.take(batch({1: "a.py|parsing of files", 2: "b.py|and or not"}, 1))
    assert found(words, "parsed file") == [1]
    assert found(words, 'NOT "(') == [2]
    assert found(words, "()") == []
    words.close()


def test_it_knows_how_far_it_has_come_and_from_which_file(tmp_path: Path) -> None:
    words = Words.open(tmp_path / "w", "g")
    words.take(batch({1: "a.py|alpha"}, 7))
    words.close()
    again = Words.open(tmp_path / "w", "g")
    assert again.reached == 7
    assert found(again, "alpha") == [1]
    again.close()
    rebuilt = Words.open(tmp_path / "w", "another file")
    assert rebuilt.reached == 0
    assert found(rebuilt, "alpha") == []
    rebuilt.close()


def test_a_chunk_that_is_taken_twice_is_found_once(tmp_path: Path) -> None:
    """A crash between the commit and the note of it takes the batch again."""
    words = Words.open(tmp_path / "w", "g")
    words.take(batch({1: "a.py|alpha"}, 1))
    words.take(batch({1: "a.py|alpha"}, 1))
    assert found(words, "alpha") == [1]
    words.take(batch({}, 2, dead=(1,)))
    assert found(words, "alpha") == []
    words.close()


def test_a_view_stays_what_it_was_while_more_is_committed(tmp_path: Path) -> None:
    words = Words.open(tmp_path / "w", "g")
    words.take(batch({1: "a.py|alpha"}, 1))
    before = words.view
    words.take(batch({2: "b.py|alpha"}, 2, dead=(1,)))
    assert [c for c, _ in before.search(["alpha"], 5)] == [1]
    assert found(words, "alpha") == [2]
    words.close()


def test_among_those_allowed_order_and_scores_are_those_of_all(tmp_path: Path) -> None:
    words = Words.open(tmp_path / "w", "g")
    words.take(batch({i: f"a.py|alpha {'beta ' * (i % 7)}" for i in range(100)}, 1))
    everything = words.view.search(["alpha", "beta"], 200)
    allow = [3, 50, 77, 98, 1_000]
    by_hand = [hit for hit in everything if hit[0] in allow]
    assert words.view.search(["alpha", "beta"], 10, allow) == by_hand
    assert found(words, "alpha", allow=[]) == []
    words.close()


def test_one_that_cannot_be_opened_is_made_anew(tmp_path: Path) -> None:
    words = Words.open(tmp_path / "w", "g")
    words.take(batch({1: "a.py|alpha"}, 7))
    words.close()
    (tmp_path / "w" / "1" / "meta.json").write_text("not tantivy's")
    again = Words.open(tmp_path / "w", "g")
    assert again.reached == 0
    again.take(batch({1: "a.py|alpha"}, 7))
    assert found(again, "alpha") == [1]
    again.close()
    assert Words.open(tmp_path / "w", "g").reached == 7


def test_one_made_beside_is_found_only_once_it_stands(tmp_path: Path) -> None:
    old = Words.open(tmp_path / "w", "g")
    old.take(batch({1: "a.py|alpha"}, 7))
    fresh = old.beside()
    fresh.take(batch({2: "a.py|alpha"}, 9))
    old.close()
    fresh.rest()
    left = Words.open(tmp_path / "w", "g")
    assert (left.reached, found(left, "alpha")) == (7, [1])
    standing = left.beside()
    standing.take(batch({2: "a.py|alpha"}, 9))
    standing.rest()
    standing.stand()
    again = Words.open(tmp_path / "w", "g")
    assert (again.reached, found(again, "alpha")) == (9, [2])
    assert [p.name for p in (tmp_path / "w").glob("*/")] == ["2"]


def test_a_writer_that_rests_writes_again(tmp_path: Path) -> None:
    words = Words.open(tmp_path / "w", "g")
    words.take(batch({1: "a.py|alpha"}, 1))
    words.rest()
    words.take(batch({2: "a.py|alpha"}, 2))
    words.rest()
    assert sorted(found(words, "alpha")) == [1, 2]
