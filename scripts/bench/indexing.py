"""How fast this repository is indexed, and how much of that is embedding."""

from __future__ import annotations

import time

from scripts.bench.report import Figure
from scripts.bench.stage import ROOT, mesh
from tests.support.mesh import until


def measure() -> list[Figure]:
    """Files and chunks a second until words answer, and the share of the whole that is vectors."""
    with mesh() as made:
        made.up(wait="ready")
        began = time.perf_counter()
        made.up(ROOT, wait="words")
        words = time.perf_counter() - began
        made.up(ROOT, wait="ready")
        lake: dict[str, int] = {}
        for _ in until(900):
            lake = made.json("status", "--json")["lake"]
            if lake["chunks"] and lake["vectors"] >= lake["chunks"]:
                break
        whole = time.perf_counter() - began
    files, chunks = lake["files"], lake["chunks"]
    return [
        Figure(
            "indexing this repository",
            f"{files / words:.0f} files/s, {chunks / words:.0f} chunks/s until words answer; "
            f"embedding is {1 - words / whole:.0%} of the {whole:.0f} s until vectors do",
            "",
            f"{files} files, {chunks} chunks, `up --wait words` then until every chunk has a "
            "vector, in a fresh mesh, the start of the command included",
        )
    ]
