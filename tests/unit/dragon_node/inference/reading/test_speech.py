"""Tokens read back: nothing is lost, nothing is said twice, and a stop string never shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.model.llm import ChatMessage, GenerationRequest
from dragon_node.inference.reading.prompted import Said
from dragon_node.inference.reading.reader import Reader
from tests.support.tiny_models import tiny_model

HELLO = (ChatMessage("user", "hello"),)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return Reader(tiny_model(tmp_path_factory.mktemp("model")))


def heard(reader: Reader, answer: str, *stop: str, cut: bool = False) -> tuple[list[Said], Said]:
    """What each byte of an answer adds, and its end."""
    prompted = reader.read(GenerationRequest(messages=HELLO, stop=stop))
    speech = reader.speech(prompted)
    said: list[Said] = []
    for token in reader._tokenizer.encode(answer, add_special_tokens=False):
        said.append(speech.feed(token))
        if said[-1].ended:
            break
    return said, speech.end(cut=cut)


def text(said: list[Said], end: Said) -> str:
    return "".join(each.text for each in [*said, end])


def test_what_is_said_is_heard(reader: Reader):
    assert text(*heard(reader, "plain words")) == "plain words"


def test_a_letter_of_several_tokens_comes_whole(reader: Reader):
    said, end = heard(reader, "aé漢🙂b")
    assert text(said, end) == "aé漢🙂b"
    assert not any("\ufffd" in each.text for each in said)


def test_a_stop_string_ends_the_answer_before_it(reader: Reader):
    said, end = heard(reader, "one STOP two", "STOP")
    assert text(said, end) == "one "
    assert said[-1].ended
    assert end == Said()


def test_no_beginning_of_a_stop_string_is_said_before_it_is_known(reader: Reader):
    said, _ = heard(reader, "oneSTOP", "STOP")
    assert [each.text for each in said] == ["o", "n", "e", "", "", "", ""]


def test_what_only_began_like_a_stop_string_is_said(reader: Reader):
    assert text(*heard(reader, "one STOO two", "STOP")) == "one STOO two"
    assert text(*heard(reader, "one STO", "STOP")) == "one STO"


def test_the_first_of_several_stop_strings_counts(reader: Reader):
    assert text(*heard(reader, "a###b\n\nc", "\n\n", "###")) == "a"


def test_nothing_is_heard_after_the_end(reader: Reader):
    speech = reader.speech(reader.read(GenerationRequest(messages=HELLO, stop=("b",))))
    said = [speech.feed(token) for token in reader._tokenizer.encode("abcd")]
    assert "".join(each.text for each in said) == "a"
    assert speech.end(cut=False) == Said()


def test_marks_of_tools_are_text_where_none_were_offered(reader: Reader):
    answer = '<tool_call>{"name": "f", "arguments": {}}</tool_call>'
    assert text(*heard(reader, answer)) == answer


def test_a_row_beyond_the_tokenizer_says_nothing(reader: Reader):
    speech = reader.speech(reader.read(GenerationRequest(messages=HELLO)))
    assert speech.feed(1_000_000) == Said()
    assert speech.feed(reader._tokenizer.encode("a")[0]).text == "a"


def test_two_answers_do_not_hear_each_other(reader: Reader):
    prompted = reader.read(GenerationRequest(messages=HELLO))
    one, other = reader.speech(prompted), reader.speech(prompted)
    heard = ["", ""]
    for a, b in zip("émile", "漢字で話す", strict=True):
        for token in reader._tokenizer.encode(a):
            heard[0] += one.feed(token).text
        for token in reader._tokenizer.encode(b):
            heard[1] += other.feed(token).text
    assert heard == ["émile", "漢字で話す"]


def test_a_word_is_one_token(reader: Reader):
    speech = reader.speech(reader.read(GenerationRequest(messages=HELLO)))
    assert speech.word(reader._tokenizer.encode("x")[0]) == "x"


@settings(max_examples=200, deadline=None)
@given(
    answer=st.text(alphabet="ab\n é🙂", max_size=24),
    stops=st.lists(st.text(alphabet="ab\n é", min_size=1, max_size=4), max_size=3),
)
def test_an_answer_is_its_text_up_to_the_first_stop_string(
    reader: Reader, answer: str, stops: list[str]
):
    """The stop string that is complete first, as one who reads letter by letter finds it."""
    answer = "." + answer  # the detokenizer begins an answer without its first space
    expected = answer
    for end in range(len(answer) + 1):
        hit = [stop for stop in stops if answer[:end].endswith(stop)]
        if hit:
            expected = answer[: end - max(len(stop) for stop in hit)]
            break
    said, end_said = heard(reader, answer, *stops)
    assert text(said, end_said) == expected
    assert any(each.ended for each in [*said, end_said]) == (expected != answer)
    shown = ""
    for each in said:
        shown += each.text
        assert expected.startswith(shown)


def test_a_smollm_answer_is_heard_as_it_was_written(models_dir: Path):
    from dragon_node.inference.fetching import pins

    reader = Reader(models_dir / pins.SMOLLM2.model)
    answer = "def naïve(x):\n    return '🙂' * x  # 漢字\n"
    assert text(*heard(reader, answer)) == answer
