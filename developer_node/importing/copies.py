"""Working copies that an import meets: of which the Dragon knows, and what it is told of others."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import cast

from common.model.event import WorkingCopySeen
from developer_node.text.working_copy import evidence
from developer_node.watch.copies import travelling


def told_before(home: Path) -> set[Path]:
    """Those that are watched, or in which a command ran; empty where the list cannot be read."""
    try:
        text = (home / "developer" / "repositories.json").read_text("utf-8")
        kept = cast("dict[str, list[str]]", json.loads(text))
        return {Path(each) for paths in kept.values() for each in paths}
    except (FileNotFoundError, ValueError, AttributeError, TypeError):
        return set()


def sighting(root: Path) -> WorkingCopySeen:
    """A working copy of which no file is kept."""
    return replace(travelling(evidence(root)), files=0)
