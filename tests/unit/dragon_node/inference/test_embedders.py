"""The lake's embedder: one identity, one kind of vector, and the same one until its owner says."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from common.errors import Unavailable
from dragon_node.inference.fetching import pins
from dragon_node.inference.models import Models
from dragon_node.inference.opened import CATALOG, open_models
from tests.support.opened_models import LAKE_BYTES, TWO, edit, listed, models_over, tiny_pair
from tests.support.tiny_models import tiny_model

EMBEDS = """
[models.emb]
source = "directory:{here}/tiny"
purpose = "embedding"
priority = 1
"""
SECOND = """
[models.second]
source = "directory:{here}/other"
purpose = "embedding"
priority = 50
"""
NO_BGE = f'[models."{pins.BGE.model}"]\nremove = true\n'
TEXTS = ["hello world, a text"]


def active(models: dict[str, object]) -> list[str]:
    return [name for name, model in models.items() if getattr(model, "active", False)]


async def test_an_entry_that_is_edited_while_it_runs_gives_no_other_vectors_under_the_same_id(
    tmp_path: Path,
):
    tiny_pair(tmp_path)
    async with models_over(tmp_path, EMBEDS) as models:
        before = await models.embedder.embed(TEXTS)
        edit(tmp_path, EMBEDS + 'pooling = "mean"\n')
        assert np.array_equal(await models.embedder.embed(TEXTS), before)  # as it was loaded
        await models.unload("emb", now=False)
        with pytest.raises(Unavailable, match="emb has changed since the Dragon started: restart"):
            await models.embedder.embed(TEXTS)
        edit(tmp_path, EMBEDS)
        assert np.array_equal(await models.embedder.embed(TEXTS), before)


async def test_other_weights_in_its_directory_give_no_vectors_under_the_same_id(tmp_path: Path):
    tiny_pair(tmp_path)
    async with models_over(tmp_path, EMBEDS) as models:
        await models.embedder.embed(TEXTS)
        first = models.embedder.id
        tiny_model(tmp_path / "tiny", seed=5)
        await models.unload("emb", now=False)
        with pytest.raises(Unavailable, match="has changed"):
            await models.embedder.embed(TEXTS)
    async with models_over(tmp_path, EMBEDS) as models:
        assert (await models.embedder.embed(TEXTS)).shape[0] == 1
        assert models.embedder.id != first


async def test_a_change_between_a_load_and_the_first_text_is_seen(tmp_path: Path):
    tiny_pair(tmp_path)
    async with models_over(tmp_path, EMBEDS + SECOND) as models:
        assert [model.state async for model in models.load("second")][-1] == "loaded"
        edit(tmp_path, EMBEDS + SECOND + 'pooling = "mean"\n')
        with pytest.raises(Unavailable, match="second has changed"):
            models.embedder_named("second")


async def test_files_that_change_while_it_is_loaded_are_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from dragon_node.inference import stock as stock_room

    real = stock_room.open_vectors

    def changing(entry: object, directory: Path) -> object:
        made = yield from real(entry, directory)  # pyright: ignore[reportArgumentType]
        tiny_model(directory, seed=7)
        return made

    tiny_pair(tmp_path)
    monkeypatch.setattr(stock_room, "open_vectors", changing)
    async with models_over(tmp_path, EMBEDS) as models:
        with pytest.raises(Unavailable, match="changed while it was loaded"):
            await models.embedder.embed(TEXTS)


async def test_weights_that_are_not_mounted_leave_the_lake_its_embedder_without_vectors(
    tmp_path: Path, models_dir: Path
):
    tiny_pair(tmp_path)
    text = EMBEDS + SECOND
    async with models_over(tmp_path, text) as models:
        first = models.embedder.id
    (tmp_path / "tiny").rename(tmp_path / "not mounted")
    async with open_models(models_dir, tmp_path, lake_bytes=LAKE_BYTES) as models:
        assert active(dict(await listed(models))) == ["emb"]
        with pytest.raises(Unavailable, match="emb"):
            await models.embedder.embed(TEXTS)
        with pytest.raises(Unavailable, match="emb"):
            _ = models.embedder.id
        (tmp_path / "not mounted").rename(tmp_path / "tiny")
        await models.embedder_arrived()
        assert (await models.embedder.embed(TEXTS)).shape[0] == 1
        assert models.embedder.id == first


async def test_a_slip_in_the_file_leaves_the_lake_its_embedder(tmp_path: Path, models_dir: Path):
    tiny_pair(tmp_path)
    async with models_over(tmp_path, EMBEDS) as models:
        first = models.embedder.id
    edit(tmp_path, EMBEDS + '\n[models.x]\nsorce = "hub:a/b"\n')
    async with open_models(models_dir, tmp_path, lake_bytes=LAKE_BYTES) as models:
        assert models.embedder.id == first
    (tmp_path / CATALOG).with_name("models.last-good.toml").unlink()
    async with open_models(models_dir, tmp_path, lake_bytes=LAKE_BYTES) as models:
        with pytest.raises(Unavailable, match="emb, which made the lake's vectors"):
            await models.embedder.embed(TEXTS)
        edit(tmp_path, EMBEDS)
        await models.embedder_arrived()
        assert models.embedder.id == first


@pytest.mark.parametrize("file", ["config.json", "model.safetensors"])
async def test_broken_files_leave_the_lake_without_vectors_and_end_nothing(
    tmp_path: Path, file: str
):
    tiny_pair(tmp_path)
    whole = (tmp_path / "tiny" / file).read_bytes()
    async with models_over(tmp_path, EMBEDS):
        pass
    (tmp_path / "tiny" / file).write_bytes(b"{")
    async with models_over(tmp_path, EMBEDS) as models:
        with pytest.raises(Unavailable, match="emb"):
            _ = models.embedder.id
        with pytest.raises(Unavailable, match="emb"):
            await models.embedder.embed(TEXTS)
        (tmp_path / "tiny" / file).write_bytes(whole)
        assert (await models.embedder.embed(TEXTS)).shape[0] == 1


async def test_a_catalogue_without_an_embedder_keeps_nobody_from_starting(tmp_path: Path):
    tiny_pair(tmp_path)
    async with models_over(tmp_path, TWO + NO_BGE) as models:
        assert active(dict(await listed(models))) == []
        with pytest.raises(Unavailable, match="no embedder"):
            await models.embedder.embed(TEXTS)
        edit(tmp_path, TWO + NO_BGE + SECOND)
        await models.embedder_arrived()
        assert (await models.embedder.embed(TEXTS)).shape[0] == 1


async def test_its_owner_changes_it_by_a_lower_number_at_the_next_start(tmp_path: Path):
    tiny_pair(tmp_path)
    async with models_over(tmp_path, SECOND) as models:
        assert active(dict(await listed(models))) == ["second"]
        edit(tmp_path, SECOND + EMBEDS)
        assert active(dict(await listed(models))) == ["second"]
    async with models_over(tmp_path, SECOND + EMBEDS) as models:
        assert active(dict(await listed(models))) == ["emb"]


async def test_what_is_on_onnxruntime_is_counted_whoever_uses_it(tmp_path: Path, models_dir: Path):
    tiny_pair(tmp_path)
    (tmp_path / CATALOG).write_text(EMBEDS.format(here=tmp_path))
    async with open_models(models_dir, tmp_path, lake_bytes=LAKE_BYTES) as models:
        assert await _embedder_bytes(models) == 0
        await models.embedder_named(pins.BGE.model).embed(["text"])
        assert await _embedder_bytes(models) == 100_000_000
        assert (await listed(models))[pins.BGE.model].bytes == 100_000_000


async def test_what_does_not_load_on_onnxruntime_is_not_counted(tmp_path: Path):
    tiny_pair(tmp_path)
    async with models_over(tmp_path, EMBEDS) as models:
        with pytest.raises(Unavailable):
            await models.embedder_named(pins.BGE.model).embed(["text"])
        assert await _embedder_bytes(models) == 0
    shutil.rmtree(tmp_path / "weights")


async def _embedder_bytes(models: Models) -> int:
    return {s.name: s.bytes for s in (await models.stats()).shares}["embedder"]
