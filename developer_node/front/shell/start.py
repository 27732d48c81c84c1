"""The ground of a run as it is when the command starts; nothing heavy is imported for it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from common.errors import PostDevAIError
from common.model.ids import BLOB_BYTES_MAX, WorkingCopyId
from developer_node.front.shell.last_ground import make_room
from developer_node.front.shell.repository import Repository, open_repository
from developer_node.front.shell.snapshot import Snapshot, take
from developer_node.text.environment import (
    find_python,
    lock_hash,
    packages_blob,
    variables_blob,
)
from developer_node.text.withheld import Withheld, nothing_withheld, withheld
from developer_node.text.working_copy import find_root, made_once, working_copy

RAW_BYTES_MAX = 4 << 20
"""Of dirty files read before the command may change them."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What a command finds besides the files."""

    lock_hash: str
    interpreter: str
    packages: bytes
    """One "name==version" a line."""
    variables: bytes
    """One "NAME=keyed hash" a line."""


@dataclass(frozen=True, slots=True)
class Start:
    """What was there when the command started."""

    working_copy: WorkingCopyId
    environment: Environment
    cut: tuple[str, ...] = ()
    """Why there is no snapshot."""
    repository: Repository | None = None
    snapshot: Snapshot | None = None
    raw: Mapping[str, bytes] | None = None
    """Content of the dirty files by git id, as it was; never written anywhere unredacted."""
    withheld: Withheld = nothing_withheld
    """Of such files no content is kept."""
    complaint: str = ""
    """Why the files could not be looked at, when they should have been."""


def begin(argv: Sequence[str], cwd: Path, home: Path, environment: Mapping[str, str]) -> Start:
    """Notes the ground. What git cannot tell is a complaint, not an error."""
    root = find_root(cwd)
    noted = _environment(argv, cwd, root, home, environment)
    if root is None:
        cut = ("no git repository here: files were not looked at",)
        return Start(WorkingCopyId(""), noted, cut)
    name = working_copy(home, root)
    try:
        repository = _open(home, root, name)
        snapshot = take(repository)
    except PostDevAIError as error:
        cut = (f"files were not looked at: {error.message}",)
        return Start(name, noted, cut, complaint=error.message)
    private = withheld(home, root)
    raw = _read_dirty(root, snapshot, private)
    return Start(name, noted, (), repository, snapshot, raw, private)


def _environment(
    argv: Sequence[str],
    cwd: Path,
    root: Path | None,
    home: Path,
    environment: Mapping[str, str],
) -> Environment:
    key = made_once(home / "developer" / "variables_key", os.urandom(32).hex())
    python = find_python(argv, cwd, environment)
    variables = variables_blob(environment, bytes.fromhex(key))
    return Environment(lock_hash(root or cwd), python.name, packages_blob(python), variables)


def _open(home: Path, root: Path, name: WorkingCopyId) -> Repository:
    grounds = home / "developer" / "grounds"
    if not (grounds / name).exists():
        make_room(grounds)
    return open_repository(root, grounds / name)


def _read_dirty(root: Path, snapshot: Snapshot, private: Withheld) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    room = RAW_BYTES_MAX
    for path, oid in snapshot.dirty.items():
        if private(os.fsdecode(path)):
            continue
        full = os.path.join(os.fsencode(root), path)
        try:
            if os.path.islink(full):
                found[oid] = os.readlink(full)
            elif os.path.getsize(full) <= min(room, BLOB_BYTES_MAX):
                with open(full, "rb") as file:
                    found[oid] = file.read(BLOB_BYTES_MAX + 1)
            else:
                continue
        except OSError:
            continue  # gone meanwhile, or a submodule: a path without content
        room -= len(found[oid])
    return found
