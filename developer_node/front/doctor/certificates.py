"""Who each node is to the others: whole, of one mesh, in term, and a clock that is right."""

from __future__ import annotations

from collections.abc import Iterator

from common.errors import PostDevAIError
from common.model.node import Role
from developer_node.front.doctor.finding import (
    ATTENTION,
    CORRUPT,
    REFUSED,
    UNAVAILABLE,
    Finding,
    Ground,
)

FILES = ("key.pem", "ca.pem", "mesh.json", "leaf.pem")
MEMBERS: tuple[Role, ...] = ("dragon", "developer")
LATE_SHARE = 5 / 6
"""A node renews at two thirds of its leaf's term; at this share it has tried for hours."""


def certificates(ground: Ground) -> Iterator[Finding]:
    """Each identity of this HOME."""
    for role in MEMBERS:
        if ground.lives_here(role):
            yield from _identity(ground, role)


def _identity(ground: Ground, role: Role) -> Iterator[Finding]:
    from common.rpc.certificates import read_credential, read_leaf

    directory = ground.home.root / role / "identity"
    absent = [name for name in FILES if not (directory / name).is_file()]
    if absent:
        yield Finding(
            "certificate-missing",
            f"The {role} node's identity in {directory} is not whole: {', '.join(absent)} missing.",
            f"Move {directory} away and type: postdevai up. On a machine that joined another's "
            "mesh: postdevai join CODE",
            CORRUPT,
        )
        return
    key, ca, _, leaf = ((directory / name).read_bytes() for name in FILES)
    try:
        shown = read_credential(key, leaf, ca)
        mesh = read_leaf(leaf).identity.mesh
    except (PostDevAIError, ValueError) as error:
        yield Finding(
            "certificate-damaged",
            f"The {role} node's certificate in {directory} is of no use: {error}.",
            f"Move {directory} away and type: postdevai up",
            CORRUPT,
        )
        return
    own = ground.home.root / "coordinator" / "authority" / "ca.pem"
    if own.is_file() and own.read_bytes().strip() != ca.strip():
        yield Finding(
            "wrong-mesh",
            f"The {role} node belongs to {mesh}, which is not the mesh of the Coordinator here.",
            f"Move {directory} away and type: postdevai up, or name that mesh's own directory "
            "with POSTDEVAI_HOME.",
            REFUSED,
        )
    yield from _term(ground, role, shown.not_before_ms, shown.not_after_ms)


def _term(ground: Ground, role: Role, begin_ms: int, end_ms: int) -> Iterator[Finding]:
    """An old leaf of a node that stands still is renewed at its next start: no fault."""
    now_ms = ground.now_ms
    if now_ms < begin_ms:
        yield Finding(
            "clock",
            f"This machine's clock is behind: the {role} node's certificate begins only in "
            f"{_length(begin_ms - now_ms)}.",
            "Set the clock; a network time service keeps it right.",
            REFUSED,
        )
    elif role not in ground.ready:
        return
    elif now_ms >= end_ms:
        yield Finding(
            "certificate-expired",
            f"The {role} node's certificate ended {_length(now_ms - end_ms)} ago: nobody takes it.",
            "Start the Coordinator, which renews it: postdevai up",
            UNAVAILABLE,
        )
    elif now_ms >= begin_ms + (end_ms - begin_ms) * LATE_SHARE:
        yield Finding(
            "certificate-expiring",
            f"The {role} node's certificate ends in {_length(end_ms - now_ms)} and was not "
            "renewed: the Coordinator did not answer for hours.",
            "Start the Coordinator: postdevai up",
            ATTENTION,
        )


def _length(ms: int) -> str:
    minutes = ms // 60_000
    return f"{minutes // 60} h" if minutes >= 120 else f"{minutes} minutes"
