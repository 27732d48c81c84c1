"""HOME and what lies in it: modes, room, keys, the list of places that are never recorded."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from common.daemon import keys
from common.errors import Corrupt, Denied, PostDevAIError
from developer_node.front.doctor.finding import (
    ATTENTION,
    CORRUPT,
    REFUSED,
    ROLES,
    Finding,
    Ground,
)
from developer_node.front.output_words import size

FREE_BYTES_MIN = 512 << 20
"""Below this the journal and the outbox are soon without room."""
NETWORK = frozenset(("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "9p", "fuse.sshfs", "davfs"))


def room(ground: Ground) -> Iterator[Finding]:
    """The disk that the journal, the snapshots and the outbox are on."""
    free = ground.free_bytes(ground.home.root)
    if free < FREE_BYTES_MIN:
        yield Finding(
            "disk-full",
            f"The disk that holds {ground.home.root} has {size(free)} left; the journal and the "
            "outbox need room, or what is recorded is refused.",
            "Make room there, or see what takes it: postdevai kept",
            REFUSED,
        )


def logs(ground: Ground) -> Iterator[Finding]:
    """Where each node writes its log and its state, if that is a disk of its own."""
    root = ground.home.root
    if ground.free_bytes(root) < FREE_BYTES_MIN:
        return  # said by `room`
    for role in ROLES:
        directory, log = root / role, root / role / f"{role}.log"
        if not directory.is_dir():
            continue
        free = ground.free_bytes(directory)
        if free < FREE_BYTES_MIN:
            yield Finding(
                "node-disk-full",
                f"The disk that holds {directory}, the {role} node's state and log, has "
                f"{size(free)} left.",
                "Make room there.",
                REFUSED,
            )
        if log.exists() and not log.is_file():
            yield Finding(
                "log-blocked",
                f"{log} is no file: the {role} node cannot write its log, and does not start.",
                f"Move it away: mv {shlex.quote(str(log))} {shlex.quote(str(log))}.aside",
                REFUSED,
            )


def network(ground: Ground) -> Iterator[Finding]:
    """Locks and the journal's fsync mean little over a network."""
    here = os.path.realpath(ground.home.root)
    above = [m for m in ground.mounts if here == m.place or here.startswith(_inside(m.place))]
    nearest = max(above, key=lambda mount: len(mount.place), default=None)
    if nearest is not None and nearest.kind in NETWORK:
        yield Finding(
            "home-network",
            f"{ground.home.root} lies on {nearest.kind}, a disk of another machine: locks and "
            "what is written last cannot be relied on there.",
            "Name a directory on this machine's own disk with POSTDEVAI_HOME.",
            REFUSED,
        )


def modes(ground: Ground) -> Iterator[Finding]:
    """What only its owner may read."""
    root = ground.home.root
    private = [root / "dragon" / "identity" / "key.pem", root / "developer" / "identity/key.pem"]
    for path in (*private, root / "coordinator" / "authority" / "ca.key"):
        mode = _mode(path)
        if mode is not None and mode & 0o077:
            yield Finding(
                "secret-open",
                f"{path} is open to others (mode {mode:04o}); whoever reads it can speak as you.",
                f"Type: chmod 600 {shlex.quote(str(path))}",
                REFUSED,
            )


def sealing(ground: Ground) -> Iterator[Finding]:
    """The keys that open what is sealed on the disk. None is made by looking."""
    for role in ("dragon", "developer"):
        directory = ground.home.root / role
        if not (directory / "key.json").exists():
            continue
        try:
            keys.sealing_key(directory)
        except PostDevAIError as error:
            yield Finding(
                _key_fault(directory, error),
                _sentence(error.message),
                error.hint[:1].upper() + error.hint[1:] + ".",
                CORRUPT if isinstance(error, Corrupt) else REFUSED,
            )


def _key_fault(directory: Path, error: PostDevAIError) -> str:
    if "keychain" in error.message:
        return "keychain"
    if isinstance(error, Corrupt):
        return "key-damaged"
    mode = _mode(directory / "key")
    if isinstance(error, Denied) and mode is not None:
        return "key-open" if mode & 0o077 else "key-other"
    return "key-missing"


def paused(ground: Ground) -> Iterator[Finding]:
    """Recording that somebody stopped."""
    from developer_node.text import gates

    try:
        said = gates.paused(ground.home.root)
    except (OSError, ValueError) as error:
        yield Finding(
            "pause-broken", f"Nothing is recorded: {error}.", "Type: postdevai resume", CORRUPT
        )
        return
    if said:
        yield Finding("paused", f"{said}.", "To go on, type: postdevai resume", ATTENTION)


def privacy(ground: Ground) -> Iterator[Finding]:
    """Lists of what is never recorded: while one cannot be read, nothing is."""
    from developer_node.text import gates
    from developer_node.text.repository_settings import settings_of

    broken = ground.home.root / "developer" / "never.json"
    try:
        gates.never_recorded(ground.home.root)
    except (OSError, ValueError) as error:
        yield Finding(
            "never-broken",
            f"Nothing is recorded: the list of places that are never recorded, {broken}, cannot "
            f"be read ({error}).",
            "Mend or remove that file, then name the places again: postdevai never DIR",
            CORRUPT,
        )
    for watched in ground.known.repositories if ground.known else ():
        fault = settings_of(Path(watched.path)).fault
        if fault:
            yield Finding(
                "settings-broken",
                f"Nothing is recorded in {watched.path}: {fault}.",
                "Mend that file; docs/capture.md tells what may stand in it.",
                CORRUPT,
            )


def _mode(path: Path) -> int | None:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None


def _inside(place: str) -> str:
    return place.rstrip(os.sep) + os.sep


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
