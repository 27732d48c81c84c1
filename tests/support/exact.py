"""Files that are searched exactly, and the naive scan that says what must be found."""

from __future__ import annotations

import re
from collections.abc import Mapping

import apsw

from dragon_node.lake import substrings
from tests.support.code import Person

Place = tuple[str, int]


def project_of(files: Mapping[str, str]) -> apsw.Connection:
    """A project's file with these files in it."""
    ada = Person()
    for path, text in files.items():
        ada.save(path, text)
    return ada.db


def literal(db: apsw.Connection, query: str, limit: int = 100_000) -> list[Place]:
    """Where a text is."""
    hits = substrings.search(db, substrings.literal(query), limit, "thing")
    return [(hit.path, hit.start_line) for hit in hits]


def expression(db: apsw.Connection, pattern: str, limit: int = 100_000) -> list[Place]:
    """Where an expression matches."""
    hits = substrings.search(db, substrings.expression(pattern), limit, "thing")
    return [(hit.path, hit.start_line) for hit in hits]


def lines_of(text: str) -> list[str]:
    """Without their ends."""
    lines = text.split("\n")
    return [line.removesuffix("\r") for line in (lines[:-1] if lines[-1] == "" else lines)]


def grep(files: Mapping[str, str], pattern: str) -> list[Place]:
    """What `re` finds, line by line."""
    compiled = re.compile(pattern)
    return [
        (path, number)
        for path, text in sorted(files.items())
        for number, line in enumerate(lines_of(text), start=1)
        if compiled.search(line)
    ]


def scan(files: Mapping[str, str], query: str) -> list[Place]:
    """Lines on which a text begins, each once; the search goes on behind the last line of it."""
    found: list[Place] = []
    for path, text in sorted(files.items()):
        at = text.find(query)
        while at >= 0:
            found.append((path, text.count("\n", 0, at) + 1))
            end = text.find("\n", at + len(query))
            at = text.find(query, max(len(text) if end < 0 else end, at + 1))
    return found
