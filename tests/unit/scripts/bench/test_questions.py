"""A question that another has warmed the cache for would measure the cache."""

from __future__ import annotations

from itertools import pairwise

from scripts.bench.material.questions import reading, story
from scripts.bench.serving import load


def test_no_two_questions_of_any_round_begin_alike():
    questions = [question for number in range(4) for question in load(number, 24)]
    beginnings = sorted(question.split(maxsplit=1)[0] for question in questions)
    assert all(a != b for a, b in pairwise(beginnings))


def test_a_load_mixes_lengths_and_is_the_same_on_every_machine():
    lengths = [len(question.split()) for question in load(1, 24)]
    assert min(lengths) < 30
    assert max(lengths) > 400
    assert load(1, 24) == load(1, 24)


def test_another_question_about_a_text_shares_the_text_and_not_the_question():
    one, other = reading(7, 300, asked=1), reading(7, 300, asked=2)
    text, question = one.split("\n\n")
    assert other.startswith(text)
    assert question == story(1)
    assert one != other
