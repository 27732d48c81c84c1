"""BERT on MLX against BERT in numpy, and MiniLM against what its makers publish."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from common.errors import Corrupt, Unavailable
from dragon_node.inference import mlx_modules
from dragon_node.inference.catalog.entries import Pooling
from dragon_node.inference.embedding.embedder import Vectors
from dragon_node.inference.embedding.tokens import TextTokens
from tests.support.tiny_bert import reference_states, reference_weights, tiny_bert
from tests.support.vector_engines import embedding_entry, opened

TEXTS = ["the journal is synced before an answer", "", "cats", "the cat " * 40, "Runs, runs!"]
SENTENCES = [
    "The weather is lovely today.",
    "It's so sunny outside!",
    "He drove to the stadium.",
]
SIMILARITIES = {(0, 1): 0.6660, (0, 2): 0.1046, (1, 2): 0.1411}
"""As the page of all-MiniLM-L6-v2 and the start page of sentence-transformers print them."""


def vectors(directory: Path, texts: list[str], pooling: Pooling = "mean") -> Vectors:
    engine, _ = opened(embedding_entry(directory, pooling=pooling), directory)
    return engine.vectors(texts, query=False)


def reference(directory: Path, texts: list[str], pooling: Pooling = "mean") -> Vectors:
    positions = json.loads((directory / "config.json").read_text())["max_position_embeddings"]
    weights = reference_weights(directory)
    read = TextTokens(directory, positions).read(texts)
    states = [reference_states(directory, weights, ids) for ids in read]
    pooled = np.stack([s[0] if pooling == "cls" else s.mean(axis=0) for s in states])
    return (pooled / np.linalg.norm(pooled, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_its_vectors_are_those_of_the_reference(tmp_path: Path, pooling: Pooling):
    directory = tiny_bert(tmp_path / "bert")
    found = vectors(directory, TEXTS, pooling)
    assert found.dtype == np.float32
    assert np.abs(found - reference(directory, TEXTS, pooling)).max() < 1e-5
    assert np.allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-6)


def test_the_two_poolings_differ(tmp_path: Path):
    """The control: a reference that agreed with both would agree with anything."""
    directory = tiny_bert(tmp_path / "bert")
    assert np.abs(vectors(directory, TEXTS, "mean") - vectors(directory, TEXTS, "cls")).max() > 0.01


def test_a_vector_does_not_depend_on_the_texts_beside_it(tmp_path: Path):
    directory = tiny_bert(tmp_path / "bert")
    together = vectors(directory, TEXTS)
    alone = np.concatenate([vectors(directory, [text]) for text in TEXTS])
    assert np.abs(together - alone).max() < 1e-5


def test_names_of_a_model_with_a_head_are_taken_too(tmp_path: Path):
    directory = tiny_bert(tmp_path / "bert")
    before = vectors(directory, TEXTS)
    weights = {f"bert.{name}": w for name, w in load_file(directory / "model.safetensors").items()}
    head = {"bert.pooler.dense.weight": np.ones((2, 2), np.float32)}
    save_file(weights | head, directory / "model.safetensors")
    assert np.array_equal(vectors(directory, TEXTS), before)


def test_quantised_weights_give_nearly_the_same_direction(tmp_path: Path):
    directory = tiny_bert(tmp_path / "bert")
    before = vectors(directory, TEXTS)
    _quantise(directory)
    after = vectors(directory, TEXTS)
    assert (before * after).sum(axis=1).min() > 0.99
    assert not np.array_equal(before, after)


def test_a_missing_tensor_is_named(tmp_path: Path):
    directory = tiny_bert(tmp_path / "bert")
    weights = load_file(directory / "model.safetensors")
    del weights["encoder.layer.1.output.dense.bias"]
    save_file(weights, directory / "model.safetensors")
    with pytest.raises(Unavailable, match=r"it has no .*encoder\.layer\.1\.output\.dense\.bias"):
        vectors(directory, TEXTS)


def test_a_bert_of_another_kind_is_refused(tmp_path: Path):
    directory = tiny_bert(tmp_path / "bert")
    config = json.loads((directory / "config.json").read_text())
    (directory / "config.json").write_text(json.dumps(config | {"hidden_act": "relu"}))
    with pytest.raises(Unavailable, match="hidden_act is 'relu'"):
        vectors(directory, TEXTS)


@pytest.mark.parametrize("kept", [4, 1_000, 60_000])
def test_a_file_that_was_cut_is_corrupt(tmp_path: Path, kept: int):
    directory = tiny_bert(tmp_path / "bert")
    file = directory / "model.safetensors"
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(Corrupt, match=r"the files of bert .* are broken"):
        vectors(directory, TEXTS)


def test_minilm_gives_the_similarities_that_its_makers_publish(minilm: Path):
    found = vectors(minilm, SENTENCES)
    for (one, other), similarity in SIMILARITIES.items():
        assert found[one] @ found[other] == pytest.approx(similarity, abs=6e-5)


def test_minilm_gives_the_vectors_of_the_reference(minilm: Path):
    texts = [*SENTENCES, "def append(row): write(row); os.fsync(journal)"]
    assert (vectors(minilm, texts) * reference(minilm, texts)).sum(axis=1).min() >= 0.99999


def test_minilm_does_not_see_what_pads_a_text(minilm: Path):
    texts = ["a", *SENTENCES, "some words " * 60]
    alone = np.concatenate([vectors(minilm, [text]) for text in texts])
    assert np.abs(vectors(minilm, texts) - alone).max() < 1e-5


def _quantise(directory: Path) -> None:
    mx = mlx_modules.module("mlx.core")
    packed = {}
    for name, weight in mx.load(str(directory / "model.safetensors")).items():
        if not name.endswith("weight") or weight.ndim != 2:
            packed[name] = weight
            continue
        stem = name.removesuffix(".weight")
        quantised = mx.quantize(weight, group_size=32, bits=8)
        names = (f"{stem}.weight", f"{stem}.scales", f"{stem}.biases")
        packed |= dict(zip(names, quantised, strict=True))
    mx.save_safetensors(str(directory / "model.safetensors"), packed)
    config = json.loads((directory / "config.json").read_text())
    config["quantization"] = {"group_size": 32, "bits": 8}
    (directory / "config.json").write_text(json.dumps(config))
