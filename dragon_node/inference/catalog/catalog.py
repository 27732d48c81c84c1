"""Which models there are, and whether their weights lie in the models directory.

MODELS/NAME/source.json   written last, before the directory gets its name: who has one is whole
MODELS/NAME/...           an MLX directory, or model.onnx and tokenizer.json
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from common.errors import Missing, Unavailable
from common.model.llm import Model
from dragon_node.inference.fetching import arrival, pins
from dragon_node.inference.fetching.arrival import Arrival

Purpose = Literal["reasoning", "code", "fast", "embedding"]
PURPOSES: tuple[Purpose, ...] = ("reasoning", "code", "fast", "embedding")
ANSWER_ORDER: tuple[Purpose, ...] = ("reasoning", "code", "fast")
"""Who answers a question: the first purpose that has a model."""
DEMONSTRATION_BELOW = 1_000_000_000
"""A model with fewer parameters is shown as a demonstration."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that may be used."""

    name: str
    purpose: Purpose
    parameters: int
    prompt_tokens: int = 0
    """Tokens that a question's prompt may take; 0 for embedders."""

    @property
    def demonstration(self) -> bool:
        """Too small for its prose to be trusted."""
        return self.parameters < DEMONSTRATION_BELOW


ENTRIES: tuple[Entry, ...] = (
    Entry(pins.SMOLLM2.model, "fast", 134_515_008, prompt_tokens=700),
    Entry(pins.BGE.model, "embedding", 33_360_000),
)


class Catalog:
    """The entries over one models directory. Looks at the disk each time: models may arrive."""

    def __init__(self, directory: Path, entries: tuple[Entry, ...] = ENTRIES) -> None:
        self.directory = directory
        self.entries = entries

    def find(self, wanted: str) -> Entry:
        """By name or purpose; Missing names what there is. No model stands in for another."""
        for entry in self.entries:
            if wanted in (entry.name, entry.purpose):
                return entry
        known = ", ".join(f"{e.name} ({e.purpose})" for e in self.entries)
        raise Missing(f"there is no model {wanted[:80]!r}", hint=f"there is {known}")

    def speaker(self) -> Entry | None:
        """The best model for answers, whether it has arrived or not."""
        for purpose in ANSWER_ORDER:
            for entry in self.entries:
                if entry.purpose == purpose:
                    return entry
        return None

    def arrivals(self) -> dict[str, Arrival]:
        """How far each entry has come."""
        said = arrival.read(self.directory)
        return {e.name: self._arrival(e, said.get(e.name)) for e in self.entries}

    def locate(self, entry: Entry) -> Path:
        """The directory of its weights; Unavailable says how far they have come."""
        directory = self.directory / entry.name
        if is_whole(directory):
            return directory
        state = self.arrivals()[entry.name]
        raise Unavailable(sentence(entry, state), hint=hint(state))

    def models(self) -> tuple[Model, ...]:
        """Every entry with its state on disk."""
        arrivals = self.arrivals()
        return tuple(_model(e, arrivals[e.name]) for e in self.entries)

    def _arrival(self, entry: Entry, said: Arrival | None) -> Arrival:
        if is_whole(self.directory / entry.name):
            return Arrival("ready", 1.0)
        if said is None or said.state == "ready":  # "ready" without its directory was deleted
            return Arrival("missing", detail=f"not there; {arrival.AGAIN}")
        return said


def is_whole(directory: Path) -> bool:
    """True when the weights are all there: source.json lists files, and each has its size."""
    try:
        source = json.loads((directory / "source.json").read_text())
        return all((directory / n).stat().st_size == f["bytes"] for n, f in source["files"].items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def sentence(entry: Entry, state: Arrival) -> str:
    """Why a model does not speak, starting with the figure that a person wants."""
    match state.state:
        case "arriving":
            return f"model {state.progress * 100:.0f} %: {entry.name} is arriving"
        case "failed":
            return f"model failed: {entry.name}: {state.detail}"
        case "missing" | "ready":
            return f"no model: {entry.name} is {state.detail or state.state}"


def hint(state: Arrival) -> str:
    """What to do about it."""
    return "wait for it to arrive" if state.state == "arriving" else arrival.AGAIN


def _model(entry: Entry, state: Arrival) -> Model:
    return Model(
        name=entry.name,
        purpose=entry.purpose,
        state=state.state,
        progress=state.progress,
        parameters=entry.parameters,
        detail=state.detail,
    )
