"""An embedder's id: the same for the same vectors, another for others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from common.errors import PostDevAIError
from dragon_node.inference.embedding.identity import Identity, identity
from tests.support.tiny_bert import tiny_bert
from tests.support.tiny_models import tiny_model
from tests.support.vector_engines import embedding_entry, opened


def known(directory: Path, **said: Any) -> Identity:
    return identity(embedding_entry(directory, **said), directory)


def test_it_names_model_quantisation_pooling_prefix_and_length(tmp_path: Path):
    found = known(tiny_bert(tmp_path / "bert"), pooling="mean", embed_tokens=24)
    assert found.id.split("/")[:-1] == ["bert", "mlx-float32", "mean", "no-prefix", "24"]


def test_it_names_no_more_tokens_than_the_model_takes(tmp_path: Path):
    assert known(tiny_bert(tmp_path / "bert", positions=16)).id.split("/")[4] == "16"


def test_the_same_files_elsewhere_have_the_same_id(tmp_path: Path):
    assert known(tiny_bert(tmp_path / "a" / "m")) == known(tiny_bert(tmp_path / "b" / "m"))


@pytest.mark.parametrize(
    "said", [{"pooling": "cls"}, {"query_prefix": "query: "}, {"embed_tokens": 8}]
)
def test_another_use_of_it_has_another_id(tmp_path: Path, said: dict[str, Any]):
    directory = tiny_bert(tmp_path / "bert")
    assert known(directory, **said).id != known(directory).id


def test_other_weights_of_the_same_shape_have_another_id(tmp_path: Path):
    one, other = tiny_bert(tmp_path / "a" / "m"), tiny_bert(tmp_path / "b" / "m", seed=1)
    assert known(one).id != known(other).id


def test_another_tokenizer_configuration_has_another_id(tmp_path: Path):
    directory = tiny_bert(tmp_path / "bert")
    before = known(directory).id
    (directory / "tokenizer_config.json").write_text(json.dumps({"add_eos_token": True}))
    assert known(directory).id != before


@pytest.mark.parametrize("bert", [True, False])
def test_its_dimension_is_that_of_the_vectors(tmp_path: Path, bert: bool):
    directory = tiny_bert(tmp_path / "m") if bert else tiny_model(tmp_path / "m", kind="qwen3")
    engine, _ = opened(embedding_entry(directory), directory)
    assert engine.vectors(["text"], query=False).shape == (1, known(directory).dimension)


def test_a_model_that_is_not_whole_has_none(tmp_path: Path):
    directory = tiny_bert(tmp_path / "bert")
    (directory / "config.json").unlink()
    with pytest.raises(PostDevAIError):
        known(directory)
