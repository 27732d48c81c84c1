"""An answer that this laptop gave says so before anything else, in every text that is printed."""

from __future__ import annotations

from collections.abc import Sequence

from common.model.answer import AskPassages, Away, Freshness, Hit, ProjectFreshness
from common.model.failure import Recollection
from common.model.lake import HistoryPage, SearchResult
from developer_node.front import output_answer, output_card, output_events, output_json
from developer_node.front.output_page import Line
from developer_node.front.output_words import freshness_sentence

SAID = "The Dragon is away since 14:05. From the files on this laptop; 12 records wait."
PROJECT = ProjectFreshness("thing", "/w", "a" * 40, "a" * 40)
AWAY = Freshness((PROJECT,), not_asked=("No meaning.",), away=Away("files", SAID, 0, 12))
HERE = Freshness((PROJECT,), vectors_share=1.0)
HIT = Hit("thing", "/w", "a.py", 1, 2, text="one\ntwo")


def texts(lines: Sequence[Line]) -> list[str]:
    return ["".join(span.text for span in spans) for spans in lines]


def all_of(fresh: Freshness) -> list[list[str]]:
    """Each kind of answer, empty ones too."""
    found = [
        output_answer.found(SearchResult(hits, freshness=fresh), cwd="/", exact=False, terminal=on)
        for hits in ((HIT,), ())
        for on in (True, False)
    ]
    found += [
        output_answer.found(
            SearchResult((HIT,), freshness=fresh), cwd="/", exact=True, terminal=True
        ),
        output_answer.passages(AskPassages((HIT,), fresh), cwd="/"),
        output_card.card(Recollection("none", freshness=fresh), 0),
        output_events.events(HistoryPage((), fresh)),
    ]
    return [texts(lines) for lines in found]


def test_the_label_is_the_first_line_of_every_answer() -> None:
    assert {lines[0] for lines in all_of(AWAY)} == {SAID}


def test_an_answer_of_the_dragon_has_none() -> None:
    """The control case."""
    assert not [text for lines in all_of(HERE) for text in lines if "away" in text]


def test_lines_for_a_pipe_are_what_grep_prints_and_nothing_else() -> None:
    result = SearchResult((HIT,), freshness=AWAY)
    lines = output_answer.found(result, cwd="/", exact=True, terminal=False)
    assert texts(lines) == ["w/a.py:1-2: one\ntwo"]


def test_below_it_stands_what_was_read_and_what_was_not_asked() -> None:
    assert freshness_sentence(AWAY) == "As of thing aaaaaaa. No meaning"
    bare = Freshness(away=AWAY.away)
    assert freshness_sentence(bare) == "Nothing newer is known without the Dragon"


def test_what_could_not_be_asked_is_not_taken_for_more_hits() -> None:
    partly = SearchResult((HIT,), complete=False, freshness=AWAY)
    cut = SearchResult((HIT,), complete=False, freshness=HERE)
    said = [
        texts(output_answer.found(r, cwd="/", exact=False, terminal=False)) for r in (partly, cut)
    ]
    assert not any("More than" in text for text in said[0])
    assert any("More than 1 hit" in text for text in said[1])


def test_scripts_read_it_beside_the_rest_of_freshness() -> None:
    assert output_json.freshness(AWAY)["away"] == {
        "source": "files",
        "sentence": SAID,
        "as_of": None,
        "waiting": 12,
    }
    assert output_json.freshness(HERE)["away"] is None
