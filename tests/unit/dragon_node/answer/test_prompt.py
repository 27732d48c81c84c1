"""What a model is asked fits its budget, whatever the passages are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from common.model.answer import Hit
from dragon_node.answer.prompt import INSTRUCTION, TEMPLATE_TOKENS, build_prompt


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
