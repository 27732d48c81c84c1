"""A model comes into memory in slices, or a sentence says why it does not."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from common.errors import Corrupt, PostDevAIError, Unavailable
from dragon_node.inference import weights
from dragon_node.inference.catalog.entries import Directory, Entry
from dragon_node.inference.catalog.shape import Shape
from dragon_node.inference.engines import opening
from dragon_node.inference.engines.loaded import stop_tokens
from dragon_node.inference.mlx_modules import module
from tests.support.spoken import alone, engine_of, opened, prompted
from tests.support.tiny_models import tiny_model


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return tiny_model(tmp_path / "tiny")


def changed(directory: Path, **said: Any) -> None:
    config = directory / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | said))


def open_(directory: Path, shape: Shape | None = None) -> Any:
    entry = Entry("tiny", "fast", Directory(directory))
    return opening.open_engine(entry, directory, shape or Shape.read(directory))


def test_others_get_their_turn_between_slices(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "SLICE_BYTES_MAX", 20_000)
    shares = list(open_(tiny))
    assert len(shares) > 5
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


def test_its_weights_are_what_the_files_say(tiny: Path) -> None:
    assert engine_of(tiny).weight_bytes == Shape.read(tiny).weight_bytes


def test_a_load_that_is_given_up_leaves_nothing(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "SLICE_BYTES_MAX", 20_000)
    before = module("mlx.core").get_active_memory()
    load = open_(tiny)
    for _ in range(3):
        next(load)
    assert module("mlx.core").get_active_memory() > before
    load.close()
    del load
    assert module("mlx.core").get_active_memory() == before


def cut_in_half(directory: Path) -> None:
    weights = directory / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])


def no_header(directory: Path) -> None:
    (directory / "model.safetensors").write_bytes(b"\xff" * 4_000)


def no_weights(directory: Path) -> None:
    (directory / "model.safetensors").unlink()


def one_weight_less(directory: Path) -> None:
    weights = load_file(directory / "model.safetensors")
    del weights["model.norm.weight"]
    save_file(weights, directory / "model.safetensors")


def another_shape(directory: Path) -> None:
    weights = load_file(directory / "model.safetensors")
    weights["model.norm.weight"] = np.ones(7, np.float32)
    save_file(weights, directory / "model.safetensors")


def unknown_kind(directory: Path) -> None:
    changed(directory, model_type="oracle")


def a_config_of_no_use(directory: Path) -> None:
    (directory / "config.json").write_text("{")


@pytest.mark.parametrize(
    ("breaks", "error"),
    [
        (cut_in_half, Corrupt),
        (no_header, Corrupt),
        (no_weights, Unavailable),
        (one_weight_less, Unavailable),
        (another_shape, Unavailable),
        (unknown_kind, Unavailable),
        (a_config_of_no_use, Corrupt),
    ],
)
def test_a_model_that_is_broken_says_which_and_what_to_do(
    tiny: Path, breaks: Any, error: type[PostDevAIError]
) -> None:
    shape = Shape.read(tiny)
    breaks(tiny)
    with pytest.raises(error) as refused:
        opened(open_(tiny, shape))
    assert "tiny" in refused.value.message
    assert refused.value.hint


def test_a_broken_model_does_not_harm_the_one_beside_it(tiny: Path, tmp_path: Path) -> None:
    engine = engine_of(tiny)
    expected = alone(engine, prompted([1, 2, 3]))
    broken = tiny_model(tmp_path / "broken")
    shape = Shape.read(broken)
    cut_in_half(broken)
    with pytest.raises(Corrupt):
        opened(open_(broken, shape))
    assert [m.token for m in alone(engine, prompted([1, 2, 3]))] == [m.token for m in expected]


def test_a_thread_that_died_is_followed_by_one_that_speaks(tiny: Path) -> None:
    """MLX's streams are a thread's own: the next owner loads again and owes nothing to the last."""
    said: list[list[int | None]] = []

    def owner() -> None:
        engine = engine_of(tiny)
        said.append([m.token for m in alone(engine, prompted([1, 2, 3]))])
        engine.insert(prompted([4, 5, 6]))
        engine.step(512)  # and dies in the middle of an answer

    for _ in range(2):
        thread = threading.Thread(target=owner)
        thread.start()
        thread.join()
    assert len(said) == 2
    assert said[0] == said[1]


@pytest.mark.parametrize(
    ("config", "generation", "expected"),
    [
        ({"eos_token_id": 5}, {}, {5, 258}),
        ({"eos_token_id": [5, 6]}, {}, {5, 6, 258}),
        ({"eos_token_id": 5}, {"eos_token_id": [7, 8]}, {7, 8, 258}),
        ({"eos_token_id": None}, {}, {258}),
    ],
)
def test_an_answer_ends_where_mlx_lm_says_it_ends(
    tiny: Path, config: dict[str, Any], generation: dict[str, Any], expected: set[int]
) -> None:
    changed(tiny, **config)
    (tiny / "generation_config.json").write_text(json.dumps(generation))
    utils = module("mlx_lm.utils")
    said = utils.load_config(tiny).get("eos_token_id")
    assert stop_tokens(tiny) == expected
    assert utils.load_tokenizer(tiny, eos_token_ids=said).eos_token_ids == expected
