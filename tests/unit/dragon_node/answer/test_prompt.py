"""What a model is asked fits its budget, whatever the passages are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from common.model.answer import AskTurn, Hit
from dragon_node.answer.prompt import (
    INSTRUCTION,
    TEMPLATE_TOKENS,
    TURN_TOKENS,
    as_text,
    build_prompt,
)


def count(text: str) -> int:
    """A token a word and a token a line: simple enough to reckon with."""
    return len(text.split()) + text.count("\n")


def hit(lines: int, path: str = "a/journal.py") -> Hit:
    text = "\n".join(f"line {n} of the passage" for n in range(lines))
    return Hit("thing", "/code", path, 1, lines, symbol="Journal.append", text=text)


def test_passages_are_numbered_with_their_place_and_the_question_comes_last():
    built = build_prompt("why?", [hit(2), hit(1, "b.py")], 900, count)
    system, user = built.messages
    assert (system.role, system.content) == ("system", INSTRUCTION)
    assert user.role == "user"
    assert "[1] a/journal.py:1-2 Journal.append\nline 0" in user.content
    assert "[2] b.py:1-1" in user.content
    assert user.content.endswith("Question: why?")
    assert built.used == 2


def test_a_long_passage_is_cut_and_leaves_room_for_the_others():
    built = build_prompt("why?", [hit(5_000), hit(3)], 400, count)
    assert built.used == 2
    assert "    ..." in built.messages[1].content


def test_what_does_not_fit_is_not_used():
    built = build_prompt("why?", [hit(40) for _ in range(50)], 200, count)
    assert 1 <= built.used < 50
    assert f"[{built.used}]" in built.messages[1].content
    assert f"[{built.used + 1}]" not in built.messages[1].content


def test_a_line_longer_than_the_budget_is_left_out_whole():
    wide = Hit("thing", "/code", "a.min.js", 1, 1, text="word " * 10_000)
    built = build_prompt("why?", [wide], 300, count)
    assert built.used == 0


@given(
    st.lists(st.integers(0, 400), max_size=8),
    st.integers(150, 1_200),
    st.integers(1, 2_000),
)
def test_the_budget_is_never_exceeded(lines: list[int], budget: int, words: int):
    built = build_prompt("word " * words, [hit(n) for n in lines], budget, count)
    asked = sum(count(m.content) for m in built.messages) + TEMPLATE_TOKENS
    assert asked <= budget


def turns(*answers: str) -> tuple[AskTurn, ...]:
    return tuple(AskTurn(f"question {n}", answer) for n, answer in enumerate(answers))


def test_earlier_turns_stand_between_the_instruction_and_the_question_oldest_first():
    built = build_prompt("why?", [hit(2)], 900, count, before=turns("one", "two"))
    assert [(m.role, m.content) for m in built.messages[1:5]] == [
        ("user", "question 0"),
        ("assistant", "one"),
        ("user", "question 1"),
        ("assistant", "two"),
    ]
    assert built.messages[-1].content.endswith("Question: why?")


def test_markers_of_earlier_answers_are_taken_out_for_they_named_other_passages():
    built = build_prompt("why?", [hit(2)], 900, count, before=turns("It syncs [2]. Then [1][3]."))
    assert built.messages[2].content == "It syncs. Then."


def test_the_oldest_turns_give_way_first():
    before = turns("old " * 60, "newer " * 60, "newest " * 60)
    built = build_prompt("why?", [hit(2)], 600, count, before=before)
    said = [m.content for m in built.messages if m.role == "assistant"]
    assert len(said) < 3
    assert said[-1].startswith("newest")
    assert not any("old " in each for each in said)


def test_of_the_newest_turn_as_much_stays_as_there_is_room_for():
    built = build_prompt("why?", [hit(3)], 400, count, before=turns("word " * 5_000))
    (said,) = [m.content for m in built.messages if m.role == "assistant"]
    assert 0 < count(said) < 200
    assert built.used == 1


def test_a_note_is_told_with_the_instruction():
    system = build_prompt("why?", [hit(1)], 900, count, note=" We use tabs. ").messages[0].content
    assert system.startswith(INSTRUCTION)
    assert system.endswith("We use tabs.")


@given(
    st.lists(st.integers(0, 400), max_size=8),
    st.integers(150, 1_200),
    st.integers(1, 2_000),
    st.lists(st.integers(1, 900), max_size=8),
    st.integers(0, 900),
)
def test_with_turns_and_a_note_the_budget_holds(
    lines: list[int], budget: int, words: int, answers: list[int], note: int
):
    built = build_prompt(
        "word " * words,
        [hit(n) for n in lines],
        budget,
        count,
        before=turns(*("said " * n for n in answers)),
        note="know " * note,
    )
    pairs = (len(built.messages) - 2) // 2
    asked = sum(count(m.content) for m in built.messages) + TEMPLATE_TOKENS + pairs * TURN_TOKENS
    assert asked <= budget


def test_the_text_of_a_prompt_names_who_says_what():
    text = as_text(build_prompt("why?", [hit(1)], 900, count).messages)
    assert text.startswith(f"--- system ---\n{INSTRUCTION}")
    assert "--- user ---\n[1] a/journal.py" in text
