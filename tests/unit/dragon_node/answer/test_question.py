"""What is read out of a question before anything is looked for."""

from __future__ import annotations

import pytest

from dragon_node.answer.question import content_words, covered, named, quoted


def test_content_words_leave_out_what_every_question_has():
    assert content_words("How does the journal acknowledge a batch?") == (
        "journal",
        "acknowledge",
        "batch",
    )


def test_identifiers_are_taken_apart():
    assert content_words("syncJournal and max_batch_bytes") == (
        "sync",
        "journal",
        "max",
        "batch",
        "bytes",
    )


def test_a_question_of_stop_words_alone_keeps_them():
    assert content_words("what is it") == ("what", "is", "it")


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("where is Journal.append called from the pipeline?", ("Journal.append", "append")),
        ("who calls open_node during the start of a daemon", ("open_node",)),
        ("does close() wait for the threads to end", ("close",)),
        ("what does HTTPServer do when the socket is gone", ("HTTPServer",)),
        ("how are cancelled requests removed from a batch", ()),
        ("fsync", ("fsync",)),
        ("group commit?", ("group", "commit")),
    ],
)
def test_names_are_what_looks_like_code_and_every_word_of_a_short_question(
    question: str, names: tuple[str, ...]
):
    assert named(question) == names


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        ('where is "no such table" raised in the store', ("no such table",)),
        ("what does `PRAGMA synchronous` do here in the code", ("PRAGMA synchronous",)),
        ("it doesn't work and I don't know why that is", ()),
        ("who calls open_node during the start of a daemon", ("open_node",)),
        ("disk full?", ("disk full",)),
        ("and the in", ()),
        ("===", ("===",)),
        ("how are cancelled requests removed from a batch", ()),
    ],
)
def test_text_to_be_found_is_what_is_quoted_or_spelled_like_code(
    question: str, texts: tuple[str, ...]
):
    assert quoted(question) == texts


def test_words_are_covered_by_their_stems_and_inside_identifiers():
    words = ("acknowledged", "journals", "bread")
    assert covered(words, "def acknowledgeJournal(): ...") == ("acknowledged", "journals")


def test_a_question_full_of_names_asks_for_a_bounded_number():
    many = " ".join(f"a_name_{n}" for n in range(100))
    assert len(named(many)) <= 8
    assert len(quoted(many)) <= 3
