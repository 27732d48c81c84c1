"""Which models there are, and whether their weights lie on this machine.

MODELS/NAME/source.json   written last, before the directory gets its name: who has one is whole
MODELS/NAME/...           an MLX directory, or model.onnx and tokenizer.json
HOME/dragon/models.toml   what the owner adds, changes and removes; read again when it has changed
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import get_args

from common.errors import Missing, PostDevAIError, Unavailable
from common.model.llm import Model, Purpose
from dragon_node.inference.catalog.defaults import WHEELS
from dragon_node.inference.catalog.entries import Directory, Entry, Wheel
from dragon_node.inference.catalog.files import shortened
from dragon_node.inference.catalog.owners_file import OwnersFile
from dragon_node.inference.catalog.shape import Shape
from dragon_node.inference.catalog.sizes import Sizes
from dragon_node.inference.fetching import arrival
from dragon_node.inference.fetching.arrival import Arrival
from dragon_node.inference.fetching.kept import is_current

log = logging.getLogger(__name__)

ANSWER_ORDER: tuple[Purpose, ...] = ("reasoning", "code", "fast")
"""Who answers a question: the first purpose that has a model."""


class Catalog:
    """The entries over one models directory. Any thread may call; each call looks at the disk,
    for models arrive and the owner edits his file while the Dragon runs."""

    def __init__(
        self,
        directory: Path,
        toml_path: Path | None = None,
        defaults: tuple[Entry, ...] = WHEELS,
    ) -> None:
        """Without a path to a file the defaults are all there is."""
        self.directory = directory
        self.toml_path = toml_path
        self._defaults = defaults
        self._file = OwnersFile(toml_path, defaults) if toml_path else None
        self._sizes = Sizes()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Defaults first, then those of the file. The last good ones while the file is wrong."""
        return self._file.read()[0] if self._file else self._defaults

    @property
    def fault(self) -> str:
        """What is wrong in the file, and what holds until it is mended; empty when nothing is."""
        return self._file.read()[1] if self._file else ""

    def find(self, wanted: str) -> Entry:
        """By name or purpose: of a purpose the first by priority that is whole, or the first.
        Missing names what there is."""
        entries = self.entries
        for entry in entries:
            if entry.name == wanted:
                return entry
        found = self._first([e for e in entries if e.purpose == wanted])
        if found:
            return found
        raise self._missing(wanted, entries)

    def _missing(self, wanted: str, entries: tuple[Entry, ...]) -> Missing:
        known = ", ".join(f"{e.name} ({e.purpose})" for e in entries)
        said = f"there is no model {wanted[:80]!r} in the catalogue"
        if wanted in get_args(Purpose):
            said = f"there is no model for {wanted} in the catalogue"
        if fault := self.fault:
            said += f", whose file has a fault: {fault}"
        return Missing(said, hint=f"there is {known}; models.toml adds others (docs/models.md)")

    def alternatives(self, entry: Entry) -> tuple[Entry, ...]:
        """Those that may stand in for it and are whole, in the order in which it names them."""
        named = {e.name: e for e in self.entries}
        found = (named[a] for a in entry.alternatives if a in named)
        return tuple(e for e in found if self.is_whole(e))

    def embedder(self) -> Entry | None:
        """The first embedder by priority that is whole, or the first."""
        return self._first([e for e in self.entries if e.purpose == "embedding"])

    def speakers(self) -> tuple[Entry, ...]:
        """Models for answers, the best first: those that are whole before those to arrive."""
        entries = self.entries
        ordered = [e for p in ANSWER_ORDER for e in by_priority(entries) if e.purpose == p]
        return tuple(sorted(ordered, key=lambda entry: not self.is_whole(entry)))

    def is_whole(self, entry: Entry) -> bool:
        """All its files are there, from the source that the entry names now."""
        source = entry.source
        try:
            if isinstance(source, Directory):
                return any((source.path / n).is_file() for n in ("config.json", "model.onnx"))
            return is_current(self.directory, entry.name, source)
        except (OSError, ValueError, RecursionError):  # taken away meanwhile, or not ours to see
            return False

    def locate(self, entry: Entry) -> Path:
        """The directory of its weights; Unavailable says how far they have come."""
        if self.is_whole(entry):
            return self._place(entry)
        state = self._arrival(entry, self._said().get(entry.name))
        raise Unavailable(sentence(entry, state), hint=hint(entry, state))

    def shape(self, entry: Entry) -> Shape:
        """Its sizes, with the cache that the entry asks for. Unavailable when it is not there or
        is no MLX model, Corrupt when its files are broken."""
        return self._sizes.shape(self.locate(entry), entry.kv_bits)

    def arrivals(self) -> dict[str, Arrival]:
        """How far each entry has come."""
        said = self._said()
        return {e.name: self._arrival(e, said.get(e.name)) for e in self.entries}

    def models(self) -> tuple[Model, ...]:
        """Every entry with its state on disk, in catalogue order; nothing of who is in memory."""
        said = self._said()
        return tuple(self._model(e, said.get(e.name)) for e in self.entries)

    def _first(self, entries: list[Entry]) -> Entry | None:
        ordered = by_priority(tuple(entries))
        return next((e for e in ordered if self.is_whole(e)), ordered[0] if ordered else None)

    def _place(self, entry: Entry) -> Path:
        source = entry.source
        return source.path if isinstance(source, Directory) else self.directory / entry.name

    def _arrival(self, entry: Entry, said: Arrival | None) -> Arrival:
        if self.is_whole(entry):
            return Arrival("ready", 1.0)
        if isinstance(entry.source, Directory):
            return Arrival("missing", detail=f"{entry.source.path} holds no model")
        if said is None or said.state == "ready":  # "ready" without its directory was deleted
            return Arrival("missing", detail=f"not there; {_pull(entry)}")
        return said

    def _said(self) -> dict[str, Arrival]:
        """What fetchers wrote; nothing when it cannot be read, as when there is none."""
        try:
            return arrival.read(self.directory)
        except (ValueError, ArithmeticError, RecursionError) as why:
            log.warning("%s means nothing: %s", arrival.path_of(self.directory), why)
            return {}

    def _model(self, entry: Entry, said: Arrival | None) -> Model:
        model = _described(entry, self._arrival(entry, said))
        if model.state != "ready":
            return model
        try:
            return self._sizes.filled(model, self._place(entry))
        except PostDevAIError as why:
            fault = f"{why.message}; {why.hint}"
        except Exception as why:  # whatever strangers wrote there, other models stay listed
            fault = f"its files cannot be understood: {shortened(why)}; fetch it again"
        now = self._arrival(entry, said)  # it may have been deleted while it was looked at
        if now.state != "ready":
            return _described(entry, now)
        return replace(model, state="failed", detail=fault)


def by_priority(entries: tuple[Entry, ...]) -> list[Entry]:
    """The lower number first; those of one number in catalogue order."""
    return sorted(entries, key=lambda e: e.priority)


def sentence(entry: Entry, state: Arrival) -> str:
    """Why a model does not speak, starting with the figure that a person wants."""
    match state.state:
        case "arriving":
            return f"model {state.progress * 100:.0f} %: {entry.name} is arriving"
        case "failed":
            return f"model failed: {entry.name}: {state.detail}"
        case "missing" | "ready":
            return f"no model: {entry.name} is {state.detail or state.state}"


def hint(entry: Entry, state: Arrival) -> str:
    """What to do about it."""
    if state.state == "arriving":
        return "wait for it to arrive"
    if isinstance(entry.source, Directory):
        return "put an MLX model there, or change its source in models.toml"
    return _pull(entry)


def _pull(entry: Entry) -> str:
    return f"type: postdevai models pull {entry.name}"


def _described(entry: Entry, state: Arrival) -> Model:
    """What the catalogue and the fetcher say of it, without a look at its files."""
    return Model(
        name=entry.name,
        purpose=entry.purpose,
        state=state.state,
        progress=state.progress,
        parameters=entry.parameters,
        detail=state.detail,
        source=str(entry.source),
        priority=entry.priority,
        context=entry.context,
        pinned=entry.pin,
        alternatives=entry.alternatives,
        arrived_bytes=state.bytes,
        total_bytes=state.bytes_total or (_download(entry) if state.state != "ready" else 0),
        draft=entry.draft,
        kv_bits=entry.kv_bits,
    )


def _download(entry: Entry) -> int:
    return entry.source.pin.bytes if isinstance(entry.source, Wheel) else 0
