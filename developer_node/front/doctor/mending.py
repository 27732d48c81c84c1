"""What `doctor --fix` mends by itself: only what takes nothing away that anybody could miss."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from developer_node.front.doctor.finding import ROLES, Finding, Ground
from developer_node.front.service import files

OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Mend:
    """One thing that can be done without asking what the person wants."""

    name: str
    """Of the finding that it mends."""
    sentence: str
    """What it will have done."""
    do: Callable[[], object]
    """May raise OSError."""


def mends(ground: Ground, found: Sequence[Finding]) -> list[Mend]:
    """What could be mended of that, in the order of the findings; each thing once."""
    known: dict[str, Callable[[Ground], Iterator[Mend]]] = {
        "secret-open": _modes,
        "key-open": _modes,
        "door-open": _modes,
        "stale-pid": _ready_files,
        "ready-broken": _ready_files,
        "socket-stale": _sockets,
        "unit-program": _units,
        "unit-broken": _units,
    }
    planned: dict[str, Mend] = {}
    for finding in found:
        for mend in known.get(finding.name, lambda _: iter(()))(ground):
            planned.setdefault(mend.sentence, mend)
    return list(planned.values())


def _modes(ground: Ground) -> Iterator[Mend]:
    root = ground.home.root
    secret = [root / role / name for role in ROLES for name in ("identity/key.pem", "key")]
    secret.append(root / "coordinator" / "authority" / "ca.key")
    ready = ground.ready.get("developer")
    if ready is not None:
        socket = Path(ready.extra.get("socket", "") or ready.address)
        secret += [Path(ready.extra.get("token_file", "")), socket.parent]
    for path in secret:
        if path.exists() and path.is_absolute() and path.stat().st_mode & OTHERS:
            closed = path.stat().st_mode & 0o700
            yield Mend(
                "secret-open",
                f"Closed {path} to others.",
                lambda path=path, closed=closed: path.chmod(closed),
            )


def _ready_files(ground: Ground) -> Iterator[Mend]:
    for role in ROLES:
        path = ground.home.ready_path(role)
        if path.exists() and role not in ground.ready and not ground.home.is_locked(role):
            yield Mend(
                "stale-pid",
                f"Removed {path}, which a {role} node left that is gone.",
                lambda path=path: path.unlink(missing_ok=True),
            )


def _sockets(ground: Ground) -> Iterator[Mend]:
    left = ground.home.left_sockets()
    if left and not ground.home.is_locked("developer"):
        yield Mend(
            "socket-stale",
            f"Removed {', '.join(map(str, left))}.",
            ground.home.leave_runtime_directory,
        )


def _units(ground: Ground) -> Iterator[Mend]:
    for unit in ground.units:
        gone = unit.program is not None and not unit.program.exists()
        ours = unit.home is None or files.of_home(unit, ground.home.root)
        if ours and (unit.fault or gone):
            yield Mend(
                "unit-program",
                f"Removed {unit.path}: the {unit.role} node is no service any more.",
                lambda unit=unit: files.remove(unit.path),
            )
