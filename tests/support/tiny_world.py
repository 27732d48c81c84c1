"""Tiny real models behind the scheduler's port, and what they say when they are alone."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dragon_node.inference.catalog.entries import Directory, Entry
from dragon_node.inference.catalog.shape import Shape
from dragon_node.inference.embedding.opening import open_vectors
from dragon_node.inference.engines.engine import Opening, VectorOpening
from dragon_node.inference.engines.opening import open_engine
from dragon_node.inference.mlx_modules import module
from dragon_node.inference.reading.prompted import Prompted
from dragon_node.inference.scheduling.source import Needs
from tests.support.paper_engines import PaperSpeech
from tests.support.spoken import alone, engine_of, prompted, said
from tests.support.tiny_models import tiny_model

STEP_BYTES = 6 << 20
"""What a step takes while it lasts: activations of 300 tokens, of 16 texts, and a batch that is
copied when somebody joins (3.7 MB were seen). In the product the reserve is for that."""
KEPT_BYTES = 256 << 10
"""What may be in use beside the ledger while nothing runs: a batch's last tokens and likelihoods
(72 KB were seen, and they come and go)."""


class TinyWorld:
    """Two models that speak and one that embeds, of about a megabyte each."""

    speakers: tuple[str, ...] = ("a", "b")
    embedder = "e"

    def __init__(self, directory: Path, memory_bytes: int) -> None:
        self.memory_bytes = memory_bytes
        self._entries = {
            "a": self._entry(directory, "a", 1, slots=4),
            "b": self._entry(directory, "b", 2, slots=2),
            "e": self._entry(directory, "e", 3, slots=1),
        }
        rng = np.random.default_rng(7)
        self.prompts: Sequence[Prompted] = [
            prompted(rng.integers(0, 200, length).tolist(), max_tokens=say)
            for length, say in ((1, 5), (30, 12), (90, 4), (200, 8), (300, 30))
        ]
        self._says = {name: self._alone(name) for name in self.speakers}
        gc.collect()
        module("mlx.core").clear_cache()
        self._before_bytes = self.active_bytes()

    def source(self) -> TinyWorld:
        """See World."""
        return self

    def says(self, name: str, prompt: int) -> str:
        """See World."""
        return self._says[name][prompt]

    def harm(self, name: str, how: str) -> None:
        """Nothing can be harmed here."""

    def over(self) -> str:
        """See World."""
        return self._over(self.memory_bytes + STEP_BYTES)

    def kept_over(self, ledger_bytes: int) -> str:
        """See World."""
        return self._over(ledger_bytes + KEPT_BYTES)

    def active_bytes(self) -> int:
        """Of all arrays in this process."""
        return int(module("mlx.core").get_active_memory())

    def _over(self, most_bytes: int) -> str:
        taken = self.active_bytes() - self._before_bytes
        return f"{taken} bytes are in use, not {most_bytes}" if taken > most_bytes else ""

    def slots(self, name: str) -> int:
        """See Source."""
        return self._entries[name].slots

    def needs(self, name: str) -> Needs:
        """See Source."""
        shape = Shape.read(_path(self._entries[name]))
        return Needs(shape.weight_bytes, shape.kv_bytes)

    def stamp(self, name: str) -> str:
        """See Source and World: nothing changes here."""
        return ""

    def opening(self, name: str) -> Opening | VectorOpening:
        """See Source."""
        entry = self._entries[name]
        path = _path(entry)
        if name == self.embedder:
            return open_vectors(entry, path)
        return open_engine(entry, path, Shape.read(path))

    def speech(self, name: str, prompted: Prompted) -> PaperSpeech:
        """See Source: numbers are easier to compare than bytes."""
        return PaperSpeech(prompted)

    def _entry(self, directory: Path, name: str, seed: int, slots: int) -> Entry:
        path = tiny_model(directory / name, seed=seed, hidden=128, kind="qwen3")
        return Entry(name, "fast", Directory(path), slots=slots)

    def _alone(self, name: str) -> list[str]:
        engine = engine_of(_path(self._entries[name]))
        answers = ["".join(f"{t} " for t in said(alone(engine, p))) for p in self.prompts]
        engine.close()
        return answers


def _path(entry: Entry) -> Path:
    assert isinstance(entry.source, Directory)
    return entry.source.path
