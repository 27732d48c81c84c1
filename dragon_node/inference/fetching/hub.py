"""A model out of a hub: what an MLX model needs of one commit, resumed, verified, then named.

Only in a process of its own (fetch.py): the Dragon itself never speaks to a hub.

MODELS/NAME.partial/partial.json   {"hub", "commit", "hashes": {FILE: hash}}
MODELS/NAME.partial/FILE.part      grows; whoever comes after goes on where it ends
MODELS/NAME.partial/FILE           has the hash that the hub says
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from common.errors import Corrupt, Invalid
from dragon_node.inference.catalog.entries import Hub
from dragon_node.inference.fetching import hub_door, kept, space
from dragon_node.inference.fetching.arrival import Arrival
from dragon_node.inference.fetching.hub_door import HubFile

ENDINGS = (".json", ".jsonl", ".jinja", ".txt", ".tiktoken", "tokenizer.model")
"""Configuration, tokenizer and template, none of which is executed; and below, weights."""
OURS = ("partial.json", kept.SOURCE)
FILES_MAX = 2_000
FILE_BYTES_MAX = 50_000_000_000
"""A hub serves no more in one piece."""

Told = Callable[[Arrival], None]


@dataclass(frozen=True, slots=True)
class _Work:
    """What there is to do, and who wants to know how far it is."""

    hub: Hub
    commit: str
    partial: Path
    files: tuple[HubFile, ...]
    told: Told

    @property
    def total(self) -> int:
        return sum(file.bytes for file in self.files)


def fetch(models: Path, name: str, hub: Hub, told: Told) -> None:
    """Brings one model. Each way in which it cannot be had is a typed error with a hint."""
    told(Arrival("arriving", detail=f"asking the hub for {hub.id}"))
    commit, offered = hub_door.listing(hub)
    work = _Work(hub, commit, models / f"{name}.partial", needed(hub, offered), told)
    _prepare(work)
    there = sum(_there(work.partial, file) for file in work.files)
    space.check(models, work.total - there)
    known = _bring(work, there)
    (work.partial / "partial.json").unlink()
    origin = {"hub": hub.id, "revision": hub.revision, "commit": commit}
    kept.seal(work.partial, models / name, origin, known)


def needed(hub: Hub, offered: Sequence[HubFile]) -> tuple[HubFile, ...]:
    """The files that an MLX model is made of, small ones first. Invalid when it is none."""
    chosen = sorted(filter(_is_needed, offered), key=lambda file: (file.bytes, file.name))
    names = {file.name for file in chosen}
    if "config.json" not in names or not any(map(_is_weights, names)):
        raise Invalid(
            f"{hub} has no config.json with model*.safetensors: it is not an MLX model",
            field="source",
            hint="name one that is, for instance from mlx-community",
        )
    largest = max(chosen, key=lambda file: file.bytes)
    if len(chosen) > FILES_MAX or largest.bytes > FILE_BYTES_MAX:
        raise Invalid(
            f"{hub} has {len(chosen)} files and {largest.name} of {largest.bytes:,} bytes; at most "
            f"{FILES_MAX:,} of {FILE_BYTES_MAX:,} are taken",
            field="source",
            hint="name one with smaller pieces",
        )
    return tuple(chosen)


def _is_needed(file: HubFile) -> bool:
    plain = "/" not in file.name and "\\" not in file.name and not file.name.startswith(".")
    return (
        plain and file.name not in OURS and (file.name.endswith(ENDINGS) or _is_weights(file.name))
    )


def _is_weights(name: str) -> bool:
    return name.startswith("model") and name.endswith(".safetensors")


def _prepare(work: _Work) -> None:
    """Keeps of an earlier attempt what is still wanted, byte for byte; removes the rest."""
    partial, note = work.partial, work.partial / "partial.json"
    earlier: dict[str, str] = {}
    if note.exists():
        try:
            earlier = dict(json.loads(note.read_text())["hashes"])
        except (ValueError, KeyError, TypeError):
            earlier = {}  # half written: nothing beside it can be trusted
    partial.mkdir(parents=True, exist_ok=True)
    wanted = {file.name: file.hash for file in work.files}
    same = {name for name, hash_ in wanted.items() if earlier.get(name) == hash_}
    for path in partial.iterdir():
        if path.name.removesuffix(".part") not in same:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    draft = partial / ".partial.json"
    draft.write_text(json.dumps({"hub": work.hub.id, "commit": work.commit, "hashes": wanted}))
    draft.replace(note)


def _there(partial: Path, file: HubFile) -> int:
    """Bytes of a file that are on this machine."""
    for path in (partial / file.name, partial / f"{file.name}.part"):
        if path.exists():
            return path.stat().st_size
    return 0


def _bring(work: _Work, there: int) -> dict[str, str]:
    """Every file that is not there; their sha256 by name, of those where it is known."""
    known: dict[str, str] = {}
    for number, file in enumerate(work.files, 1):
        if file.is_sha256:
            known[file.name] = file.hash
        if (work.partial / file.name).exists():
            continue
        doing = f"{file.name}, {number} of {len(work.files)}"
        before = there - _there(work.partial, file)

        def grown(size: int, before: int = before, doing: str = doing) -> None:
            done = min(before + size, work.total)
            work.told(Arrival("arriving", done / work.total, done, work.total, doing))

        _bring_one(work, file, grown)
        there = before + file.bytes
    return known


def _bring_one(work: _Work, file: HubFile, grown: Callable[[int], None]) -> None:
    part = work.partial / f"{file.name}.part"
    if part.exists() and part.stat().st_size > file.bytes:
        part.unlink()  # of no file that the hub has
    grown(part.stat().st_size if part.exists() else 0)
    hub_door.download(work.hub, work.commit, file, part, grown)
    found = file.hash_of(part)
    if found != file.hash:
        part.unlink()
        raise Corrupt(
            f"{file.name} of {work.hub} arrived with the hash {found}, not {file.hash}",
            hint="pull it again: this file comes anew, the others stay; if it happens again, "
            "what stands between this machine and the hub is not to be trusted",
        )
    with part.open("rb") as whole:
        os.fsync(whole.fileno())  # its name says that it was verified
    part.rename(work.partial / file.name)
