"""How far the mesh has come, decided from its status alone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from common.model.laptop import LaptopStatus
from common.model.llm import Model
from developer_node.front.output_needs import pulling
from developer_node.front.output_words import count, percent

Wait = Literal["ready", "words", "vectors"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where things stand on the way to what is waited for."""

    done: bool
    sentence: str
    share: float | None = None
    """0 to 1 where it can be told."""
    failed: str = ""
    """Why waiting longer is of no use."""
    hint: str = ""


def standing(now: LaptopStatus, wait: Wait, repos: Collection[str]) -> Standing:
    """ready: Coordinator and Dragon answer; words: everything is indexed; vectors: and embedded."""
    reached = _ready(now)
    if wait == "ready" or not reached.done:
        return reached
    indexed = _words(now, repos)
    if wait == "words" or not indexed.done:
        return indexed
    return _vectors(now)


def _ready(now: LaptopStatus) -> Standing:
    if now.coordinator_unavailable:
        return Standing(False, f"waiting for the Coordinator: {now.coordinator_unavailable}")
    if now.dragon_unavailable or now.lake is None:
        return Standing(False, f"waiting for the Dragon: {now.dragon_unavailable or 'no answer'}")
    return Standing(True, "the Coordinator and the Dragon answer")


def _words(now: LaptopStatus, repos: Collection[str]) -> Standing:
    watched = {repository.path: repository for repository in now.repositories}
    for path in [p for p in repos if p not in watched]:
        return Standing(False, f"waiting for {path} to be watched")
    for repository in now.repositories:
        if repository.files < 0 and repository.state != "scanning" and repository.path in repos:
            return Standing(False, "", failed=f"{repository.path}: {repository.state}")
    scanning = [r.path for r in now.repositories if r.files < 0 and r.state == "scanning"]
    if scanning:
        return Standing(False, f"reading {scanning[0]}")
    return _indexed(now)


def _indexed(now: LaptopStatus) -> Standing:
    assert now.lake is not None
    fresh = now.lake.freshness
    known = {project.copy: project for project in fresh.projects}
    files = behind = 0
    for repository in now.repositories:
        if repository.files <= 0:
            continue
        project = known.get(repository.working_copy)
        files += repository.files
        behind += (
            repository.files if project is None else _behind(project.files_behind, repository.files)
        )
    if behind:
        share = max(0.0, 1 - behind / max(files, 1))
        return Standing(False, f"indexing: {count(behind, 'file')} to go", share)
    if fresh.events_behind:
        return Standing(False, f"indexing: {count(fresh.events_behind, 'event')} to go")
    return Standing(True, f"{count(files, 'file')} indexed", 1.0)


def _behind(files_behind: int, files: int) -> int:
    return files if files_behind < 0 else files_behind


def _vectors(now: LaptopStatus) -> Standing:
    assert now.lake is not None
    share = now.lake.freshness.vectors_share
    if share >= 1 or not now.lake.chunks:
        return Standing(True, "every chunk has its vector", 1.0)
    embedders = [model for model in now.models if model.purpose == "embedding"]
    if not embedders:
        return Standing(False, "waiting for the Dragon to name its models", share)
    return _embedding(embedders, share)


def _embedding(embedders: list[Model], share: float) -> Standing:
    if any(model.state in ("ready", "loaded") for model in embedders):
        return Standing(False, f"vectors {percent(share)}", share)
    arriving = [model for model in embedders if model.state == "arriving"]
    if arriving:
        best = max(model.progress for model in arriving)
        return Standing(False, f"the embedding model arrives: {percent(best)}", best)
    lost = embedders[0]
    why = f": {lost.detail}" if lost.detail else ""
    said = f"the embedding model {lost.name} is {lost.state}{why}"
    return Standing(False, "", failed=said, hint=f"Bring it with: {pulling((lost,))}")
