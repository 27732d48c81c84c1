"""What an embedder reads of a text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from common.errors import Unavailable
from dragon_node.inference.embedding.tokens import TextTokens
from tests.support.tiny_bert import tiny_bert
from tests.support.tiny_models import tiny_model

CLS, SEP = 2, 3
END = 258
"""<|im_end|> of the tiny language models."""


def says_that_it_ends_texts(directory: Path, named: object = "<|im_end|>") -> Path:
    """A language model whose tokenizer appends the token that ends a text."""
    file = directory / "tokenizer_config.json"
    said = json.loads(file.read_text()) | {"add_eos_token": True, "eos_token": named}
    file.write_text(json.dumps(said))
    return directory


def test_what_the_tokenizer_puts_around_a_text_is_there_after_cutting_too(tmp_path: Path):
    tokens = TextTokens(tiny_bert(tmp_path), 6)
    short, long = tokens.read(["cat", "the cat " * 20])
    assert (short[0], short[-1], len(short)) == (CLS, SEP, 3)
    assert (long[0], long[-1], len(long)) == (CLS, SEP, 6)


def test_a_tokenizer_that_ends_texts_ends_those_that_were_cut_too(tmp_path: Path):
    tokens = TextTokens(says_that_it_ends_texts(tiny_model(tmp_path)), 6)
    short, long = tokens.read(["ab", "abcdefghij"])
    assert (short[-1], len(short)) == (END, 3)
    assert (long[-1], len(long)) == (END, 6)


def test_the_end_may_be_named_with_its_properties(tmp_path: Path):
    named = {"content": "<|im_end|>", "lstrip": False}
    (read,) = TextTokens(says_that_it_ends_texts(tiny_model(tmp_path), named), 6).read(["ab"])
    assert read[-1] == END


def test_a_tokenizer_that_says_nothing_adds_nothing(tmp_path: Path):
    """The control."""
    (read,) = TextTokens(tiny_model(tmp_path), 6).read(["ab"])
    assert len(read) == 2
    assert END not in read


def test_an_empty_text_is_the_end_of_a_text(tmp_path: Path):
    assert TextTokens(tiny_model(tmp_path), 6).read([""]) == [[END]]


def test_a_tokenizers_own_padding_and_cuts_are_not_taken(tmp_path: Path):
    directory = tiny_bert(tmp_path)
    said = json.loads((directory / "tokenizer.json").read_text())
    said["padding"] = {
        "strategy": {"Fixed": 30},
        "direction": "Right",
        "pad_to_multiple_of": None,
        "pad_id": 0,
        "pad_type_id": 0,
        "pad_token": "[PAD]",
    }
    said["truncation"] = {
        "direction": "Right",
        "max_length": 3,
        "strategy": "LongestFirst",
        "stride": 0,
    }
    (directory / "tokenizer.json").write_text(json.dumps(said))
    (read,) = TextTokens(directory, 8).read(["the journal is synced"])
    assert len(read) == 6


def test_a_directory_without_a_tokenizer_is_unavailable(tmp_path: Path):
    with pytest.raises(Unavailable, match="tokenizer"):
        TextTokens(tmp_path, 8)
