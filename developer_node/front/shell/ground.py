"""The ground of a run: noted before the command starts, completed after it has ended."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from common.errors import Missing, PostDevAIError
from common.model.event import Ground
from common.model.ids import BLOB_BYTES_MAX, ContentHash, WorkingCopyId, content_hash
from developer_node.front.shell.changes import (
    CHANGES_MAX,
    CONTENT_BYTES_MAX,
    Contents,
    Difference,
    differences,
    path_changes,
    read_objects,
)
from developer_node.front.shell.environment import (
    find_python,
    lock_hash,
    packages_blob,
    variables_blob,
)
from developer_node.front.shell.last_ground import LastGround, last_ground, make_room
from developer_node.front.shell.snapshot import Repository, Snapshot, open_repository, take
from developer_node.text.working_copy import find_root, made_once, working_copy

CUT_LINES_MAX = 20


@dataclass(frozen=True, slots=True)
class Start:
    """What was there when the command started."""

    working_copy: WorkingCopyId
    environment: Ground
    """Lock files, interpreter, packages and variables; the rest is filled in later."""
    blobs: Mapping[ContentHash, bytes]
    repository: Repository | None = None
    snapshot: Snapshot | None = None
    raw: Mapping[str, bytes] | None = None
    """Content of the dirty files by git id, as it was; never written anywhere unredacted."""
    complaint: str = ""
    """Why the files could not be looked at, when they should have been."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A whole ground and the blobs that it refers to."""

    ground: Ground
    blobs: dict[ContentHash, bytes]


def begin(argv: Sequence[str], cwd: Path, home: Path, environment: Mapping[str, str]) -> Start:
    """Notes the ground. What git cannot tell is a complaint, not an error."""
    root = find_root(cwd)
    noted, blobs = _environment(argv, cwd, root, home, environment)
    if root is None:
        noted = replace(noted, cut=("no git repository here: files were not looked at",))
        return Start(WorkingCopyId(""), noted, blobs)
    name = working_copy(home, root)
    try:
        repository = _open(home, root, name)
        snapshot = take(repository)
    except PostDevAIError as error:
        noted = replace(noted, cut=(f"files were not looked at: {error.message}",))
        return Start(name, noted, blobs, complaint=error.message)
    raw = _read_dirty(root, snapshot)
    return Start(name, noted, blobs, repository, snapshot, raw)


@contextmanager
def finish(start: Start, redact: Callable[[bytes], bytes]) -> Generator[Finished]:
    """The whole ground; becomes the last one here if the block, which writes it, succeeds."""
    if start.repository is None or start.snapshot is None:
        yield Finished(start.environment, dict(start.blobs))
        return
    after, complaint = _after(start.repository, start.snapshot)
    with last_ground(start.repository.directory) as last:
        contents = Contents(redact)
        found, lost = _changes(start.repository, last, start.snapshot)
        _collect(found, start, last, contents)
        cut = [*start.snapshot.cut, *complaint, *lost, *_left_out(found, contents)]
        ground = replace(
            start.environment,
            head=start.snapshot.head,
            branch=start.snapshot.branch,
            tree=start.snapshot.tree,
            tree_after=after,
            previous_tree="" if lost else last.tree,
            changes=path_changes(found, contents.known),
            cut=_short(cut),
        )
        yield Finished(ground, _referred(ground, contents) | dict(start.blobs))
        dirty = set(start.snapshot.dirty.values())
        kept = {oid: name for oid, name in contents.known.items() if oid in dirty}
        last.replace("" if lost else ground.tree, kept, contents.blobs)
        start.repository.tidy()


def _environment(
    argv: Sequence[str],
    cwd: Path,
    root: Path | None,
    home: Path,
    environment: Mapping[str, str],
) -> tuple[Ground, dict[ContentHash, bytes]]:
    key = made_once(home / "developer" / "variables_key", os.urandom(32).hex())
    python = find_python(argv, cwd, environment)
    packages = packages_blob(python)
    variables = variables_blob(environment, bytes.fromhex(key))
    blobs = {content_hash(blob): blob for blob in (packages, variables) if blob}
    ground = Ground(
        lock_hash=lock_hash(root or cwd),
        interpreter=python.name,
        packages=content_hash(packages) if packages else ContentHash(""),
        variables=content_hash(variables) if variables else ContentHash(""),
    )
    return ground, blobs


def _open(home: Path, root: Path, name: WorkingCopyId) -> Repository:
    grounds = home / "developer" / "grounds"
    if not (grounds / name).exists():
        make_room(grounds)
    return open_repository(root, grounds / name)


def _read_dirty(root: Path, snapshot: Snapshot) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    room = 2 * CONTENT_BYTES_MAX
    for path, oid in snapshot.dirty.items():
        full = os.path.join(os.fsencode(root), path)
        try:
            if os.path.islink(full) or os.path.getsize(full) > min(room, BLOB_BYTES_MAX):
                continue
            with open(full, "rb") as file:
                found[oid] = file.read(BLOB_BYTES_MAX + 1)
        except OSError:
            continue  # gone meanwhile, or a submodule: a path without content
        room -= len(found[oid])
    return found


def _after(repository: Repository, before: Snapshot) -> tuple[str, list[str]]:
    try:
        return take(repository, before).tree, []
    except PostDevAIError as error:
        return "", [f"files were not looked at again afterwards: {error.message}"]


def _changes(
    repository: Repository, last: LastGround, snapshot: Snapshot
) -> tuple[list[Difference], list[str]]:
    if not last.tree:
        return [], []
    try:
        return differences(repository, last.tree, snapshot.tree), []
    except Missing:
        repository.forget_all_generations()
        return [], ["the ground recorded before this one is lost: changes since are not known"]


def _collect(
    found: Sequence[Difference], start: Start, last: LastGround, contents: Contents
) -> None:
    """Contents of what changed come first, those only remembered for the next run after them."""
    raw = start.raw or {}
    changed = [oid for d in found[:CHANGES_MAX] for oid in (d.old, d.new) if oid]
    absent: list[str] = []
    for oid in dict.fromkeys(changed):
        if (held := last.content(oid)) is not None:
            contents.add_redacted(oid, held)
        elif oid in raw:
            contents.add(oid, raw[oid])
        else:
            absent.append(oid)
    if absent and start.repository is not None:
        for oid, data in read_objects(start.repository, absent).items():
            contents.add(oid, data)
    for oid, data in raw.items():
        if (held := last.content(oid)) is not None:
            contents.add_redacted(oid, held)
        else:
            contents.add(oid, data)


def _left_out(found: Sequence[Difference], contents: Contents) -> list[str]:
    lines: list[str] = []
    if len(found) > CHANGES_MAX:
        lines.append(f"{len(found) - CHANGES_MAX} more changed files are not named")
    without = [
        d.path
        for d in found[:CHANGES_MAX]
        if any(oid and oid not in contents.known for oid in (d.old, d.new))
    ]
    if without:
        some = ", ".join(without[:3]) + (" ..." if len(without) > 3 else "")
        lines.append(f"{len(without)} changed files without content (binary or large): {some}")
    return lines


def _referred(ground: Ground, contents: Contents) -> dict[ContentHash, bytes]:
    names = {n for c in ground.changes for n in (c.old_content, c.new_content) if n}
    return {name: contents.blobs[name] for name in names}


def _short(lines: Sequence[str]) -> tuple[str, ...]:
    if len(lines) <= CUT_LINES_MAX:
        return tuple(lines)
    rest = len(lines) - CUT_LINES_MAX + 1
    return (*lines[: CUT_LINES_MAX - 1], f"{rest} more things were left out")
