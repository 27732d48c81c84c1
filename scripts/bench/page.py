"""docs/benchmarks.md: each measurement renews its own section; prose below a table stays."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from scripts.bench.stage import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Written by `make bench` and `make bench-long` (`python -m scripts.bench NAME` renews one section);
`scripts/bench/METHODOLOGY.md` says how each is measured. A table is one run; what stands below it
is written by hand. `soak` is what `make soak` prints, `crash` what `make crash` does. Ratios hold
on other machines, absolute values do not.
"""
BY_HAND = ("soak", "crash", "missed")


def renewed(page: str, name: str, measured: str, order: Sequence[str]) -> str:
    """The page with one section measured anew; `order` are the sections that a bench writes."""
    found = sections(page)
    said = "\n".join(filter(None, (measured.strip() + "\n", below(found.get(name, "")))))
    return _composed(found | {name: said}, order)


def sections(page: str) -> dict[str, str]:
    """What each section of a page says, by its heading."""
    parts = re.split(r"^## (\w+)\n\n", page, flags=re.M)
    return {name: text.strip() + "\n" for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def below(section: str) -> str:
    """What follows the table of a section; nothing where it has none."""
    _, table, rest = section.rpartition("\n|")
    return rest.partition("\n")[2].lstrip("\n") if table else ""


def _composed(found: Mapping[str, str], order: Sequence[str]) -> str:
    names = [name for name in order if name in found]
    names += [name for name in found if name not in order]
    return "\n".join([HEAD, *(f"## {name}\n\n{found[name]}" for name in names)])
