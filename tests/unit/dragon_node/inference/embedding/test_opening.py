"""Loading an embedder: in slices, given up at any of them, and gone when it is closed."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from common.errors import Unavailable
from dragon_node.inference import mlx_modules, weights
from dragon_node.inference.embedding.opening import open_vectors
from tests.support.tiny_bert import tiny_bert
from tests.support.tiny_models import tiny_model
from tests.support.vector_engines import embedding_entry, opened


def active_bytes() -> int:
    """What MLX holds in arrays."""
    gc.collect()
    return int(mlx_modules.module("mlx.core").get_active_memory())


def large_bert(directory: Path) -> Path:
    """Of about 4 MB."""
    return tiny_bert(directory, hidden=256, layers=3)


@pytest.fixture(autouse=True)
def slices_of_half_a_megabyte(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(weights, "SLICE_BYTES_MAX", 1 << 19)


def test_the_share_grows_slice_by_slice_to_the_whole(tmp_path: Path):
    directory = large_bert(tmp_path / "bert")
    _, shares = opened(embedding_entry(directory, pooling="mean"), directory)
    assert shares[0] == 0.0
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    assert len(shares) > 4


def test_nothing_is_in_memory_that_was_not_told(tmp_path: Path):
    """A lazy load that evaluated everything at its first slice would stop the others."""
    directory = large_bert(tmp_path / "bert")
    before = active_bytes()
    opening = open_vectors(embedding_entry(directory, pooling="mean"), directory)
    told = [(next(opening), active_bytes() - before) for _ in range(4)]
    whole = (directory / "model.safetensors").stat().st_size
    for share, held in told:
        assert held <= share * whole + (1 << 16)
    opening.close()


def test_closing_it_halfway_frees_what_was_read(tmp_path: Path):
    directory = large_bert(tmp_path / "bert")
    before = active_bytes()
    opening = open_vectors(embedding_entry(directory, pooling="mean"), directory)
    for _ in range(3):
        next(opening)
    assert active_bytes() > before
    opening.close()
    assert active_bytes() == before


@pytest.mark.parametrize("bert", [True, False])
def test_a_closed_engine_holds_nothing(tmp_path: Path, bert: bool):
    directory = large_bert(tmp_path / "a") if bert else tiny_model(tmp_path / "a", hidden=64)
    entry = embedding_entry(directory, pooling="mean")
    engine, _ = opened(entry, directory)
    engine.vectors(["text"], query=False)
    engine.close()
    del engine
    before = active_bytes()
    engine, _ = opened(entry, directory)
    engine.vectors(["text"], query=False)
    assert active_bytes() - before >= engine.weight_bytes > 0
    engine.close()
    assert active_bytes() == before


def test_a_directory_without_a_configuration_says_what_to_do(tmp_path: Path):
    with pytest.raises(Unavailable) as why:
        opened(embedding_entry(tmp_path / "none"), tmp_path / "none")
    assert "config.json" in why.value.message
    assert "postdevai models pull none" in why.value.hint
