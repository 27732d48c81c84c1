"""Language models as embedders."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from common.errors import Unavailable
from dragon_node.inference import mlx_modules
from dragon_node.inference.embedding.embedder import Vectors
from dragon_node.inference.embedding.tokens import TextTokens
from dragon_node.inference.fetching.pins import SMOLLM2
from tests.support.tiny_models import Kind, tiny_model
from tests.support.vector_engines import embedding_entry, opened

TEXTS = ["def close(self): pass", "a", "", "a journal is synced " * 9, "what"]
INSTRUCTION = "Instruct: find the code that answers\nQuery:"


def vectors(directory: Path, texts: list[str], *, query: bool = False, prefix: str = "") -> Vectors:
    engine, _ = opened(embedding_entry(directory, query_prefix=prefix), directory)
    return engine.vectors(texts, query=query)


def last_states(directory: Path, texts: list[str]) -> Vectors:
    """Each text alone through the whole model of mlx-lm: its body's last state, unit length."""
    mx = mlx_modules.module("mlx.core")
    model, _ = mlx_modules.module("mlx_lm.utils").load_model(directory)
    read = TextTokens(directory, 512).read(texts)
    last = [np.array(model.model(mx.array([ids]))[0, -1].astype(mx.float32)) for ids in read]
    return np.stack([state / np.linalg.norm(state) for state in last]).astype(np.float32)


@pytest.mark.parametrize("kind", ["llama", "qwen3"])
def test_a_vector_is_the_state_of_the_last_token(tmp_path: Path, kind: Kind):
    directory = tiny_model(tmp_path / "tiny", kind=kind)
    found = vectors(directory, TEXTS)
    assert np.abs(found - last_states(directory, TEXTS)).max() < 1e-5
    assert np.allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-6)


def test_what_pads_a_text_changes_nothing(tmp_path: Path):
    directory = tiny_model(tmp_path / "tiny", kind="qwen3")
    alone = np.concatenate([vectors(directory, [text]) for text in TEXTS])
    assert np.abs(vectors(directory, TEXTS) - alone).max() < 1e-5


def test_only_a_question_gets_the_instruction(tmp_path: Path):
    directory = tiny_model(tmp_path / "tiny", kind="qwen3")
    as_question = vectors(directory, ["what"], query=True, prefix=INSTRUCTION)
    assert np.array_equal(as_question, vectors(directory, [INSTRUCTION + "what"]))
    as_text = vectors(directory, ["what"], prefix=INSTRUCTION)
    assert np.array_equal(as_text, vectors(directory, ["what"]))


def test_an_embedder_that_was_saved_without_a_head_is_taken(tmp_path: Path):
    """As Qwen3-Embedding is: its names lack "model."."""
    directory = tiny_model(tmp_path / "tiny", kind="qwen3")
    before = vectors(directory, TEXTS)
    weights = load_file(directory / "model.safetensors")
    bare = {name.removeprefix("model."): tensor for name, tensor in weights.items()}
    save_file(bare, directory / "model.safetensors")
    assert np.array_equal(vectors(directory, TEXTS), before)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"model_type": "no_such_model"}, "no_such_model not supported"),
        ({"use_bidirectional_attention": True}, "both directions"),
        ({"num_hidden_layers": 3}, "tiny cannot be loaded"),
    ],
)
def test_a_model_that_cannot_embed_is_refused(
    tmp_path: Path, changed: dict[str, object], said: str
):
    directory = tiny_model(tmp_path / "tiny", kind="qwen3")
    config = json.loads((directory / "config.json").read_text())
    (directory / "config.json").write_text(json.dumps(config | changed))
    with pytest.raises(Unavailable, match=said) as why:
        vectors(directory, TEXTS)
    assert "postdevai models pull tiny" in why.value.hint


def test_a_real_language_model_gives_each_text_its_own_vector(models_dir: Path):
    directory = models_dir / SMOLLM2.model
    engine, _ = opened(embedding_entry(directory), directory)
    texts = ["a journal", "def close(self): pass"]
    together = engine.vectors(texts, query=False)
    alone = np.concatenate([engine.vectors([text], query=False) for text in texts])
    engine.close()
    assert together.shape == (2, 576)
    assert np.abs(together - alone).max() < 1e-5
    assert np.abs(together[0] - together[1]).max() > 0.01
