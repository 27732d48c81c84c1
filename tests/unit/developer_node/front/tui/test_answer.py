"""An answer as it grows."""

from __future__ import annotations

from dataclasses import replace

from common.model.answer import AskEnd, AskPart, AskPassages, AskText, AskTurn, Hit
from developer_node.front.tui.answer import (
    WORDS_MAX,
    Answer,
    conversation,
    grown,
    passage_rows,
    prose,
)

HIT = Hit("thing", "/t", "a.py", 3, 9, "f", "abcdef0123", why=("words",))
FOUND = AskPassages((HIT,), model="large")


def answer(*parts: AskPart) -> Answer:
    """After these parts."""
    held = Answer("why?")
    for part in parts:
        held = grown(held, part)
    return held


def shown(held: Answer, *, unfolded: bool = False) -> str:
    """The prose without colours."""
    return prose(held, unfolded=unfolded).plain


def test_words_are_appended_and_the_end_replaces_them() -> None:
    """The end has the citations checked: markers that name nothing are gone."""
    held = answer(FOUND, AskText("By f [1]"), AskText(" and [7]."))
    assert shown(held) == "By f [1] and [7]."
    assert shown(grown(held, AskEnd("By f [1] and.", (HIT,), "stop"))) == "By f [1] and."


def test_an_end_without_an_answer_keeps_the_words() -> None:
    """A cancelled one may have none."""
    assert "By f" in shown(answer(FOUND, AskText("By f"), AskEnd(finish="cancelled")))


def test_a_model_that_does_not_stop_is_cut() -> None:
    """The screen has a limit."""
    assert len(answer(FOUND, *[AskText("x" * 60_000)] * 3).words) == WORDS_MAX


def test_why_there_are_no_words_is_said_in_each_case() -> None:
    """Asking, reading, no model, nothing found, cancelled, refused."""
    assert shown(answer()) == "Looking through the lake…"
    assert shown(answer(FOUND)).startswith("The passages are here")
    arriving = AskPassages((HIT,), without_model="model 40 %")
    assert shown(answer(arriving, AskEnd())).startswith("model 40 %")
    assert shown(answer(AskPassages(), AskEnd("not found in thing"))).startswith(
        "not found in thing"
    )
    assert shown(replace(answer(FOUND), phase="cancelled")).startswith("Cancelled.")
    assert shown(Answer("q", "failed", trouble="It is away.")) == "It is away."
    assert shown(answer(FOUND, AskEnd(finish="stop"))).startswith("The model said nothing.")


def test_a_demonstration_model_is_folded_even_while_it_speaks() -> None:
    """Its first words are no better than its last."""
    small = AskPassages((HIT,), model="small", demonstration=True)
    held = answer(small, AskText("Invented."))
    assert "Invented" not in shown(held)
    assert "Too small to be trusted" in shown(held)
    assert "Invented." in shown(held, unfolded=True)


def test_a_passage_names_its_lines_and_that_it_had_changes() -> None:
    """A plus after the commit: what is cited is not what is committed."""
    row = passage_rows(answer(AskPassages((replace(HIT, dirty=True),))))[0]
    assert "a.py:3-9" in row.left.plain and row.right.plain.endswith("abcdef0+")


LONG = replace(
    HIT,
    path="tests/unit/coordinator_node/gateway/test_enrolment.py",
    start_line=120,
    end_line=148,
    symbol="test_a_code_is_spent_once",
    why=("meaning", "words: certificate, code"),
)


def narrow(width: int) -> str:
    """The row of a long place in so many cells."""
    row = passage_rows(grown(Answer("why?"), AskPassages((LONG,))))[0]
    assert row.narrow is not None
    return row.narrow(width).plain


def test_a_narrow_passage_gives_up_its_reason_then_its_name_and_never_its_lines() -> None:
    """What it cites is what it is there for."""
    assert narrow(120).endswith(":120-148  test_a_code_is_spent_once  meaning, words")
    assert narrow(85).endswith(":120-148  meaning, words")
    assert narrow(74).endswith("test_enrolment.py:120-148  meaning")
    assert narrow(64).endswith("test_enrolment.py:120-148")
    assert "…" in narrow(56) and narrow(56).endswith("test_enrolment.py:120-148")


def test_markers_of_an_earlier_answer_open_nothing() -> None:
    """They named other passages than those that are listed now."""
    earlier = answer(FOUND, AskText("Old [1]."), AskEnd("Old [1].", (HIT,), "stop"))
    now = replace(earlier, question="and?", words="New [1].")
    both = conversation(now, [earlier], 76, unfolded=False)
    opened = [
        both.plain[: span.start].count("\n")
        for span in both.spans
        if not isinstance(span.style, str) and "@click" in span.style.meta
    ]
    new = next(n for n, line in enumerate(both.plain.split("\n")) if "New" in line)
    assert opened == [new]
    assert "Old [1]." in both.plain


def test_the_dragons_answer_takes_the_place_of_the_laptops() -> None:
    """Words never mix."""
    held = answer(FOUND, AskText("Old."), FOUND, AskText("New."))
    assert held.words == "New."


def test_only_an_answer_that_came_to_its_end_is_a_turn() -> None:
    """What was cut short says nothing that one can rely on."""
    done = answer(FOUND, AskText("Yes."), AskEnd("Yes.", (), "stop", 12))
    assert done.turn == AskTurn("why?", "Yes.")
    assert replace(done, phase="cancelled").turn is None
    assert answer(AskPassages(), AskEnd()).turn is None
    assert replace(done, speaking_s=2.0).tokens_per_s == 6.0
