"""`python -m scripts.bench [NAME ...]`: measures, prints and writes docs/benchmarks.md."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime

from scripts.bench import (
    append,
    cards,
    commits,
    footprint,
    fused,
    generation,
    indexing,
    ingest,
    quality,
    restoring,
    words,
)
from scripts.bench.report import Figure, machine, table
from scripts.bench.stage import ROOT

BENCHES: dict[str, Callable[[], list[Figure]]] = {
    "indexing": indexing.measure,
    "cards": cards.measure,
    "ingest": ingest.measure,
    "append": append.measure,
    "restoring": restoring.measure,
    "generation": generation.measure,
    "footprint": footprint.measure,
    "quality": quality.measure,
    "commits": commits.measure,
    "words": words.measure,
    "fused": fused.measure,
}


def main() -> int:
    """All of them, or those named; only a whole run is written down."""
    names = sys.argv[1:] or list(BENCHES)
    unknown = [n for n in names if n not in BENCHES]
    if unknown:
        print(f"there is no {unknown[0]}; there are {', '.join(BENCHES)}")
        return 2
    figures: list[Figure] = []
    for name in names:
        print(f"{name} ...", flush=True)
        measured = BENCHES[name]()
        figures += measured
        print(table(measured), flush=True)
    page = "\n".join(
        [
            "# Benchmarks",
            "",
            "Written by `make bench`. Ratios hold on other machines, absolute values do not.",
            "",
            f"Measured on {datetime.now(UTC):%Y-%m-%d}: {machine()}.",
            "",
            table(figures),
            "",
        ]
    )
    if len(names) == len(BENCHES):
        (ROOT / "docs" / "benchmarks.md").write_text(page)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
