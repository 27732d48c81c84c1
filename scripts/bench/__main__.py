"""`python -m scripts.bench [NAME ...]`: measures, prints and renews its sections of the page.

Without names everything but the long ones (`make bench`); `--long` takes those (`make bench-long`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from scripts.bench import (
    admission,
    append,
    away,
    batching,
    cards,
    cli,
    commits,
    corpus,
    direct,
    election,
    embedding,
    engine,
    exact,
    footprint,
    fused,
    gateway,
    generation,
    indexing,
    ingest,
    journeys,
    laptop,
    lsp,
    mcp,
    memory,
    near,
    nearest,
    noticing,
    parsers,
    quality,
    reading,
    relay,
    remembered,
    restoring,
    routing,
    sealing,
    secrets,
    serving,
    shared,
    shell,
    silence,
    speculative,
    tasks,
    tui,
    words,
)
from scripts.bench.page import PAGE, renewed
from scripts.bench.report import Figure, machine, table

BENCHES: dict[str, Callable[[], list[Figure]]] = {
    "cards": cards.measure,
    "ingest": ingest.measure,
    "append": append.measure,
    "sealing": sealing.measure,
    "secrets": secrets.measure,
    "indexing": indexing.measure,
    "exact": exact.measure,
    "words": words.measure,
    "nearest": nearest.measure,
    "fused": fused.measure,
    "quality": quality.measure,
    "commits": commits.measure,
    "parsers": parsers.measure,
    "relay": relay.measure,
    "remembered": remembered.measure,
    "near": near.measure,
    "away": away.measure,
    "shared": shared.measure,
    "cli": cli.measure,
    "mcp": mcp.measure,
    "lsp": lsp.measure,
    "tasks": tasks.measure,
    "engine": engine.measure,
    "gateway": gateway.measure,
    "corpus": corpus.measure,
    "embedding": embedding.measure,
    "direct": direct.measure,
    "routing": routing.measure,
    "generation": generation.measure,
    "batching": batching.measure,
    "reading": reading.measure,
    "admission": admission.measure,
    "silence": silence.measure,
    "serving": serving.measure,
    "speculative": speculative.measure,
    "footprint": footprint.measure,
}
LONG: dict[str, Callable[[], list[Figure]]] = {
    "journeys": journeys.measure,
    "laptop": laptop.measure,
    "shell": shell.measure,
    "tui": tui.measure,
    "restoring": restoring.measure,
    "memory": memory.measure,
    "noticing": noticing.measure,
    "election": election.measure,
    "cards_long": cards.measure_long,
    "corpus_whole": corpus.measure_whole,
}


def main() -> int:
    """Those named, or all of a kind. Each section is written when it has been measured."""
    known = BENCHES | LONG
    names = list(LONG) if sys.argv[1:] == ["--long"] else sys.argv[1:] or list(BENCHES)
    unknown = [n for n in names if n not in known]
    if unknown:
        print(f"there is no {unknown[0]}; there are {', '.join(known)}")
        return 2
    for name in names:
        print(f"{name} ...", flush=True)
        beside = os.getloadavg()[0]
        figures = known[name]()
        print(table(figures), flush=True)
        on = f"Measured on {datetime.now(UTC):%Y-%m-%d}: {machine()}, load {beside:.1f} before it"
        said = f"{on}.\n\n{table(figures)}\n"
        page = PAGE.read_text() if PAGE.exists() else ""
        PAGE.write_text(renewed(page, name, said, list(known)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
