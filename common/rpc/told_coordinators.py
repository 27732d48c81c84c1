"""The Coordinators that a node was told of, and where each was when one last said it.

DIRECTORY/coordinators.json   all of them, as they were told last
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from common.daemon.files import write_private
from common.errors import Invalid
from common.model.node import CoordinatorAddress
from common.rpc.certificates import identity_from_uri

KEPT = "coordinators.json"


def read_told(directory: Path, mesh: str) -> tuple[CoordinatorAddress, ...]:
    """As it was kept; nothing when there is none or it cannot be read: it is told again."""
    try:
        kept = json.loads((directory / KEPT).read_text("utf-8"))
        told = [
            CoordinatorAddress(
                str(each["identity"]),
                tuple(str(at) for at in each["addresses"]),
                tuple(str(at) for at in each["enrolment_addresses"]),
            )
            for each in kept
        ]
    except (OSError, ValueError, TypeError, KeyError):
        return ()
    return of_mesh(told, mesh)


def keep_told(directory: Path, told: tuple[CoordinatorAddress, ...]) -> None:
    """Replaces what was told before."""
    kept = json.dumps([asdict(each) for each in told], indent=1).encode()
    write_private(directory / KEPT, kept)


def of_mesh(told: Iterable[CoordinatorAddress], mesh: str) -> tuple[CoordinatorAddress, ...]:
    """Those which are Coordinators of this mesh by their names, and can be reached anywhere."""
    return tuple(each for each in told if _is_coordinator(each, mesh))


def merged(known: Iterable[CoordinatorAddress]) -> tuple[CoordinatorAddress, ...]:
    """One a Coordinator, in the order of their first mention; what is said first comes first."""
    found: dict[str, CoordinatorAddress] = {}
    for each in known:
        before = found.get(each.identity, CoordinatorAddress(each.identity))
        found[each.identity] = CoordinatorAddress(
            each.identity,
            tuple(dict.fromkeys((*before.addresses, *each.addresses))),
            tuple(dict.fromkeys((*before.enrolment_addresses, *each.enrolment_addresses))),
        )
    return tuple(found.values())


def _is_coordinator(told: CoordinatorAddress, mesh: str) -> bool:
    try:
        named = identity_from_uri(told.identity)
    except Invalid:
        return False
    return (named.mesh, named.role) == (mesh, "coordinator") and bool(told.addresses)
