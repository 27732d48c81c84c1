"""Paths that lie below others: a storm of them is folded into the few that hold the rest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator


def topmost(paths: Iterable[str]) -> list[str]:
    """Those that lie below no other of them, in order."""
    found: list[str] = []
    for path in sorted(paths, key=lambda path: path.split("/")):
        if not found or not _lies_below(path, found[-1]):
            found.append(path)
    return found


def covered(paths: Iterable[str], above: Collection[str]) -> list[str]:
    """Those that are one of `above` or lie below it; "" is above everything."""
    return [path for path in paths if is_covered(path, above)]


def is_covered(path: str, above: Collection[str]) -> bool:
    """Whether it is one of `above` (a set, so that many cost no more than one) or lies below."""
    return "" in above or any(each in above for each in _upwards(path))


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]


def _lies_below(path: str, above: str) -> bool:
    return not above or path == above or path.startswith(f"{above}/")
