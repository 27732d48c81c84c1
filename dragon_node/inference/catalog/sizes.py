"""The sizes of models on disk, read once for each state of their files."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from common.errors import PostDevAIError
from common.model.llm import Model
from dragon_node.inference.catalog.shape import Shape

KEPT_MAX = 400
Stamp = tuple[int, ...]


class Sizes:
    """A shape is read again when config.json or the directory has changed. Any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[Path, int], tuple[Stamp, Shape]] = {}

    def shape(self, directory: Path, kv_bits: int) -> Shape:
        """Raises as Shape.read does."""
        stamp = _stamp(directory)
        with self._lock:
            kept = self._kept.get((directory, kv_bits))
        if kept and kept[0] == stamp:
            return kept[1]
        shape = Shape.read(directory, kv_bits=kv_bits)
        with self._lock:
            if len(self._kept) >= KEPT_MAX:
                self._kept.clear()
            self._kept[directory, kv_bits] = (stamp, shape)
        return shape

    def filled(self, model: Model, directory: Path) -> Model:
        """A model on disk with its sizes; `failed` with the reason when its files say none."""
        if (directory / "model.onnx").is_file():
            size = _disk_bytes(directory)
            return replace(model, disk_bytes=size, needs_bytes=size)
        try:
            shape = self.shape(directory, model.kv_bits)
        except PostDevAIError as why:
            return replace(model, state="failed", detail=f"{why.message}; {why.hint}")
        return replace(
            model,
            parameters=model.parameters or shape.parameters,
            context=model.context or shape.context,
            disk_bytes=shape.disk_bytes,
            needs_bytes=shape.weight_bytes,
            kv_bytes_per_token=shape.kv_bytes_per_token,
            tools=_shows_tools(directory),
        )


def _stamp(directory: Path) -> Stamp:
    """() for what is not there; reading it will say so."""
    try:
        times = (directory.stat().st_mtime_ns, (directory / "config.json").stat().st_mtime_ns)
        weights = sorted(directory.glob("model*.safetensors"))
        return (*times, *(w.stat().st_size for w in weights))
    except FileNotFoundError:
        return ()


def _disk_bytes(directory: Path) -> int:
    return sum(f.stat().st_size for f in directory.iterdir() if f.is_file())


def _shows_tools(directory: Path) -> bool:
    """Its template mentions tools; whether it can take them is the reader's to say."""
    for name in ("chat_template.jinja", "chat_template.json", "tokenizer_config.json"):
        try:
            if "tools" in (directory / name).read_text("utf-8"):
                return True
        except FileNotFoundError:
            continue
    return False
