"""Models directories in which some models have arrived."""

from __future__ import annotations

import json
from pathlib import Path

from dragon_node.inference.catalog.entries import Directory, Entry, Hub
from tests.support.tiny_models import tiny_model


def arrived(models: Path, entry: Entry, *, layers: int = 2) -> Path:
    """A small real model where the catalogue looks for this entry, as the fetcher leaves it."""
    if isinstance(entry.source, Directory):
        return tiny_model(entry.source.path, layers=layers)
    directory = tiny_model(models / entry.name, layers=layers)
    files = {f.name: {"bytes": f.stat().st_size} for f in directory.iterdir()}
    if isinstance(entry.source, Hub):
        origin = {"hub": entry.source.id, "revision": entry.source.revision, "commit": "0" * 40}
    else:
        origin = {"sha256": entry.source.pin.sha256}
    (directory / "source.json").write_text(json.dumps(origin | {"files": files}))
    return directory
