"""Which versions of the software work together: those of one major number, one minor apart."""

from __future__ import annotations

import re

_VERSION = re.compile(r"(\d+)\.(\d+)")


def numbers(version: str) -> tuple[int, int] | None:
    """Major and minor; None of what is no version."""
    found = _VERSION.match(version)
    return (int(found[1]), int(found[2])) if found else None


def refusal(own: str, other: str) -> str:
    """Why a node of another version is not let in; empty when it is.

    What says no version is let in: it is newer or older than this rule.
    """
    mine, its = numbers(own), numbers(other)
    if mine is None or its is None or mine[0] == its[0]:
        return ""
    older = "this node" if its[0] < mine[0] else "the Coordinator"
    return f"version {other} does not work with the Coordinator's version {own}: upgrade {older}"


def apart(own: str, other: str) -> str:
    """What to say of a node whose version is more than one minor away; empty when it is not."""
    mine, its = numbers(own), numbers(other)
    if mine is None or its is None:
        return ""
    if mine[0] == its[0] and abs(mine[1] - its[1]) <= 1:
        return ""
    return f"version {other} is too far from {own}; bring both to one version: postdevai upgrade"
