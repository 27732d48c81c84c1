"""What a model's files say of its size, beside what MLX takes for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from common.errors import Corrupt, Unavailable
from dragon_node.inference import mlx_modules
from dragon_node.inference.catalog.layers import layers_of
from dragon_node.inference.catalog.shape import Shape
from tests.support.families import FAMILIES
from tests.support.tiny_models import tiny_model

PROMPTS, ANSWER = (5, 300, 40, 520), 6


def shape_of(config: dict[str, Any], item_bytes: int = 4) -> Shape:
    return Shape("", 0, 0, 0, 0, "", layers_of(config, item_bytes, 0))


def test_a_model_says_how_large_it_is(tmp_path: Path):
    directory = tiny_model(tmp_path / "m", layers=3, hidden=32)
    shape = Shape.read(directory)
    weights = (directory / "model.safetensors").stat().st_size
    assert 0.9 * weights < shape.weight_bytes < weights
    assert shape.parameters * 4 == shape.weight_bytes
    assert shape.disk_bytes == sum(f.stat().st_size for f in directory.iterdir())
    assert (shape.context, shape.quantisation, shape.model_type) == (2_048, "float32", "llama")


def test_a_token_takes_keys_and_values_of_every_layer(tmp_path: Path):
    shape = Shape.read(tiny_model(tmp_path / "m", layers=3, hidden=32))
    assert shape.kv_bytes_per_token == 3 * 2 * 2 * 8 * 4  # layers, keys and values, heads, head


@pytest.mark.parametrize("family", FAMILIES)
def test_what_mlx_keeps_never_exceeds_what_the_files_promise(family: str):
    """For each kind of model, with requests of unlike length that join and leave a batch."""
    config = {"model_type": family} | FAMILIES[family]
    shape = shape_of(config)
    kept = _most_of(_generator(config))
    promised = shape.kv_bytes([n + ANSWER for n in PROMPTS])
    assert kept <= promised
    assert promised < 4 * kept + (1 << 20), "an overestimate, but one that can be planned with"


def test_joining_a_batch_stays_below_the_promise_too():
    """mlx-lm copies a layer when a request joins: MLX's own count at its peak, less weights."""
    wide = {"num_hidden_layers": 8, "num_attention_heads": 2, "head_dim": 256}
    config = {"model_type": "llama"} | FAMILIES["llama"] | wide
    mx = mlx_modules.module("mlx.core")
    generator = _generator(config)
    mx.clear_cache()
    before = mx.get_active_memory()
    mx.reset_peak_memory()
    kept = _most_of(generator)
    assert kept < mx.get_peak_memory() - before
    assert mx.get_peak_memory() - before < shape_of(config).kv_bytes([n + ANSWER for n in PROMPTS])


def test_a_batch_costs_as_much_as_if_all_were_as_long_as_the_longest(tmp_path: Path):
    shape = Shape.read(tiny_model(tmp_path / "m"))
    assert shape.kv_bytes([1_000, 10]) == shape.kv_bytes([1_000, 1_000])
    assert shape.kv_bytes([]) == 0


def test_a_quantised_cache_is_smaller_by_its_bits(tmp_path: Path):
    directory = tiny_model(tmp_path / "m", hidden=256)
    plain, eight, four = (Shape.read(directory, kv_bits=b) for b in (0, 8, 4))
    assert plain.kv_bytes_per_token > 3 * eight.kv_bytes_per_token
    assert eight.kv_bytes_per_token > 1.5 * four.kv_bytes_per_token


def test_a_window_that_cannot_be_quantised_is_refused_before_anything_loads(tmp_path: Path):
    directory = tiny_model(tmp_path / "m")
    sliding = {"layer_types": ["sliding_attention"] * 2, "sliding_window": 64}
    _reconfigure(directory, sliding)
    assert Shape.read(directory).layers[0].window == 64
    with pytest.raises(Unavailable, match="cannot quantise") as why:
        Shape.read(directory, kv_bits=4)
    assert "models.toml" in why.value.hint


def test_packed_weights_are_counted_as_what_they_stand_for(tmp_path: Path):
    directory = tiny_model(tmp_path / "m")
    _reconfigure(directory, {"quantization": {"group_size": 64, "bits": 4}})
    weights = {
        "model.embed_tokens.weight": np.zeros((300, 16), np.uint32),
        "model.embed_tokens.scales": np.zeros((300, 2), np.float16),
        "model.embed_tokens.biases": np.zeros((300, 2), np.float16),
        "model.norm.weight": np.ones(128, np.float16),
    }
    save_file(weights, directory / "model.safetensors")
    shape = Shape.read(directory)
    assert (shape.parameters, shape.quantisation) == (300 * 128 + 128, "4-bit")
    assert shape.weight_bytes == 300 * 16 * 4 + 2 * 300 * 2 * 2 + 128 * 2


def test_caches_are_as_wide_as_the_widest_type_that_computes_keys(tmp_path: Path):
    directory = tiny_model(tmp_path / "m")
    half, single = np.ones((4, 4), np.float16), np.ones((4, 4), np.float32)
    named = {"model.layers.0.self_attn.k_proj.weight": half, "model.layers.0.router.weight": single}
    save_file(named, directory / "model.safetensors")
    narrow = Shape.read(directory).kv_bytes_per_token
    save_file(named | {"model.norm.weight": single}, directory / "model.safetensors")
    assert Shape.read(directory).kv_bytes_per_token == 2 * narrow


@pytest.mark.parametrize("width", ["hidden_size", "n_embd", "d_model", "hidden_dim", "model_dim"])
@pytest.mark.parametrize("heads", ["num_attention_heads", "n_heads", "n_head", "num_heads"])
def test_families_have_other_words_for_the_same_numbers(width: str, heads: str):
    shape = shape_of({"num_layers": 3, width: 64, heads: 4})
    assert shape.kv_bytes_per_token == 3 * 2 * 64 * 4


def test_an_encoder_keeps_nothing(tmp_path: Path):
    directory = tiny_model(tmp_path / "m")
    _reconfigure(directory, {"model_type": "bert"})
    assert Shape.read(directory).kv_bytes([512, 512]) == 0


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("", "cannot be read"),
        ("[]", "holds no object"),
        ('{"model_type": "llama"}', "num_hidden_layers"),
        ('{"num_hidden_layers": "many", "num_attention_heads": 2}', "does not say how"),
        ('{"num_hidden_layers": 2, "num_attention_heads": 0, "hidden_size": 8}', "does not say"),
    ],
)
def test_a_config_that_says_nothing_usable_is_named(tmp_path: Path, broken: str, said: str):
    directory = tiny_model(tmp_path / "m")
    (directory / "config.json").write_text(broken)
    with pytest.raises(Unavailable, match=said) as why:
        Shape.read(directory)
    assert why.value.hint


def test_missing_files_are_named(tmp_path: Path):
    directory = tiny_model(tmp_path / "m")
    index = {"weight_map": {"a": "model.safetensors", "b": "model-2.safetensors"}}
    (directory / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(Unavailable, match=r"lacks model-2\.safetensors"):
        Shape.read(directory)
    (directory / "model.safetensors.index.json").unlink()
    (directory / "model.safetensors").unlink()
    with pytest.raises(Unavailable, match="no weights"):
        Shape.read(directory)
    (directory / "config.json").unlink()
    with pytest.raises(Unavailable, match=r"no config\.json"):
        Shape.read(directory)


def test_weights_that_were_cut_are_corrupt(tmp_path: Path):
    directory = tiny_model(tmp_path / "m")
    weights = directory / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1])
    with pytest.raises(Corrupt, match="was cut") as why:
        Shape.read(directory)
    assert "again" in why.value.hint
    for garbage in (b"", b"\xff" * 64, whole[:40]):
        weights.write_bytes(garbage)
        with pytest.raises(Corrupt, match="no safetensors"):
            Shape.read(directory)


def _reconfigure(directory: Path, change: dict[str, Any]) -> None:
    path = directory / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))


def _generator(config: dict[str, Any]) -> Any:
    model_class, arguments = mlx_modules.module("mlx_lm.utils")._get_classes(config)
    model = model_class(arguments.from_dict(config))
    mlx_modules.module("mlx.core").eval(model.parameters())
    return mlx_modules.module("mlx_lm.generate").BatchGenerator(
        model, completion_batch_size=len(PROMPTS), prefill_batch_size=2, prefill_step_size=256
    )


def _most_of(generator: Any) -> int:
    """Bytes in mlx-lm's caches, at their most, while requests join and leave."""
    most = 0
    for length in PROMPTS:
        generator.insert([[7] * length], max_tokens=[ANSWER])
        for _ in range(3):
            generator.next()
            most = max(most, generator.prompt_cache_nbytes)
    while generator.next() != ([], []):
        most = max(most, generator.prompt_cache_nbytes)
    return most
