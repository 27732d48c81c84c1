"""The sizes of models on disk, read once for each state of their files."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from common.errors import Unavailable
from common.model.llm import Model
from dragon_node.inference.catalog.files import TEXT_BYTES_MAX, read_text, shortened
from dragon_node.inference.catalog.shape import Shape, disk_bytes
from dragon_node.inference.catalog.tensors import AGAIN

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
        if kept and stamp and kept[0] == stamp:
            return kept[1]
        shape = Shape.read(directory, kv_bits=kv_bits)
        with self._lock:
            if len(self._kept) >= KEPT_MAX:
                self._kept.clear()
            self._kept[directory, kv_bits] = (stamp, shape)
        return shape

    def filled(self, model: Model, directory: Path) -> Model:
        """A model on disk with its sizes. Unavailable or Corrupt when its files say none."""
        if (directory / "model.onnx").is_file():
            size = disk_bytes(directory)
            return replace(model, disk_bytes=size, needs_bytes=size)
        shape = self.shape(directory, model.kv_bits)
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
    """() for what cannot be looked at; reading it will say why."""
    try:
        times = (directory.stat().st_mtime_ns, (directory / "config.json").stat().st_mtime_ns)
        weights = sorted(directory.glob("model*.safetensors"))
        return (*times, *(w.stat().st_size for w in weights))
    except OSError:
        return ()


def _shows_tools(directory: Path) -> bool:
    """Its template mentions tools; whether it can take them is the reader's to say."""
    for name in ("chat_template.jinja", "chat_template.json", "tokenizer_config.json"):
        try:
            if "tools" in read_text(directory / name, TEXT_BYTES_MAX):
                return True
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as why:
            raise Unavailable(
                f"{name} of {directory.name} cannot be read: {shortened(why)}", hint=AGAIN
            ) from why
    return False
