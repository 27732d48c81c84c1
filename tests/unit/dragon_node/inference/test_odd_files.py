"""What lies in one model's directory is that model's alone: the Dragon and the others go on."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.errors import PostDevAIError
from dragon_node.inference import models as models_room
from dragon_node.inference.catalog.catalog import Catalog
from tests.support.opened_models import asked, listed, models_over, tiny_pair, whole


def config(directory: Path, **changes: Any) -> None:
    path = directory / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def directory_in_place_of(file: Path) -> None:
    file.unlink()
    file.mkdir()


def replaced(file: Path, old: str, new: str) -> None:
    file.write_text(file.read_text().replace(old, new))


ODD: dict[str, Callable[[Path], Any]] = {
    "config is a directory": lambda d: directory_in_place_of(d / "config.json"),
    "config is a list": lambda d: (d / "config.json").write_text("[]"),
    "config is deep": lambda d: (d / "config.json").write_text('{"a":' * 5000 + "1" + "}" * 5000),
    "layers are many": lambda d: config(d, num_hidden_layers=10**12),
    "layers are infinite": lambda d: config(d, num_hidden_layers=float("inf")),
    "layers are a list": lambda d: config(d, num_hidden_layers=[1]),
    "layer types are a number": lambda d: config(d, layer_types=5, quantization=[1]),
    "the inner configuration is text": lambda d: config(d, text_config="x"),
    "the end of text is text": lambda d: config(d, eos_token_id="x"),
    "tokenizer config is no UTF-8": lambda d: (d / "tokenizer_config.json").write_bytes(
        b"\xff\xfe\x00tools"
    ),
    "tokenizer is half there": lambda d: (d / "tokenizer.json").write_text("{"),
    "template divides by zero": lambda d: replaced(
        d / "tokenizer_config.json", "{% endfor %}", "{{ 1/0 }}{% endfor %}"
    ),
    "template is half there": lambda d: replaced(d / "tokenizer_config.json", "{% endfor %}", ""),
    "header is huge": lambda d: (d / "model.safetensors").write_bytes(b"\xff" * 8 + b"{}"),
    "header is a list": lambda d: (d / "model.safetensors").write_bytes(
        (2).to_bytes(8, "little") + b"[]"
    ),
    "weights are a directory": lambda d: directory_in_place_of(d / "model.safetensors"),
    "weights are empty": lambda d: (d / "model.safetensors").write_bytes(b""),
    "the directory is a file": lambda d: (shutil.rmtree(d), d.write_text("x")),
}


@pytest.mark.parametrize("what", ODD)
async def test_an_odd_file_ends_neither_the_dragon_nor_another_model(tmp_path: Path, what: str):
    tiny_pair(tmp_path)
    ODD[what](tmp_path / "tiny")
    async with models_over(tmp_path) as models, asyncio.timeout(60):
        assert "tiny" in await listed(models)
        try:  # some of it is harmless
            await whole(models.generate(asked("tiny")))
        except PostDevAIError as why:
            assert why.message
        assert (await whole(models.generate(asked("other"))))[-1].finish
        assert not models.fault


async def test_a_disk_that_cannot_be_looked_at_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    tiny_pair(tmp_path)
    looked, look = 0, Catalog.models
    three_times = asyncio.Event()
    loop = asyncio.get_running_loop()

    def odd(self: Catalog) -> Any:
        nonlocal looked
        looked += 1
        if looked <= 3:
            raise ZeroDivisionError("what no catalogue has thought of")
        loop.call_soon_threadsafe(three_times.set)
        return look(self)

    monkeypatch.setattr(Catalog, "models", odd)
    monkeypatch.setattr(models_room, "LOOK_AGAIN_S", 0.0)
    async with models_over(tmp_path) as models, asyncio.timeout(60):
        await three_times.wait()
        assert (await whole(models.generate(asked("other"))))[-1].finish
        assert "tiny" in await listed(models)
