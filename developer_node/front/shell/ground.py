"""The whole ground of a run, once the command has ended: what changed since the one before."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from common.errors import Missing, PostDevAIError
from common.model.event import Ground
from common.model.ids import ContentHash, content_hash
from developer_node.front.shell.changes import (
    CHANGES_MAX,
    Contents,
    Difference,
    differences,
    empty_tree,
    path_changes,
    read_objects,
)
from developer_node.front.shell.last_ground import LastGround, last_ground
from developer_node.front.shell.repository import Repository
from developer_node.front.shell.snapshot import Snapshot, take
from developer_node.front.shell.start import Environment, Start
from developer_node.text.withheld import Withheld

CUT_LINES_MAX = 20


@dataclass(frozen=True, slots=True)
class Finished:
    """A whole ground and the blobs that it refers to."""

    ground: Ground
    blobs: dict[ContentHash, bytes]


@contextmanager
def finish(start: Start, redact: Callable[[bytes], bytes]) -> Generator[Finished]:
    """The whole ground; becomes the last one here if the block, which writes it, succeeds."""
    noted, blobs = _of_environment(start.environment)
    if start.repository is None or start.snapshot is None:
        yield Finished(replace(noted, cut=start.cut), blobs)
        return
    after, complaint = _after(start.repository, start.snapshot)
    with last_ground(start.repository.directory) as last:
        contents = Contents(redact)
        dirty, unread = _dirty(start.repository, start.snapshot)
        found, lost = _changes(start.repository, last, start.snapshot)
        _collect(found, start, last, contents)
        cut = [*start.snapshot.cut, *complaint, *unread, *lost]
        cut += _left_out(found, dirty, contents, start.withheld)
        ground = replace(
            noted,
            head=start.snapshot.head,
            branch=start.snapshot.branch,
            tree=start.snapshot.tree,
            tree_after=after,
            previous_tree="" if lost else last.tree,
            changes=path_changes(found, contents.known, start.withheld),
            cut=_short(cut),
            unnamed=max(0, len(found) - CHANGES_MAX),
            dirty=path_changes(dirty, contents.known, start.withheld),
        )
        yield Finished(ground, _referred(ground, contents) | blobs)
        own = set(start.snapshot.dirty.values())
        kept = {oid: name for oid, name in contents.known.items() if oid in own}
        last.replace("" if lost else ground.tree, kept, contents.blobs)
        start.repository.tidy()


def _of_environment(environment: Environment) -> tuple[Ground, dict[ContentHash, bytes]]:
    # an interpreter without packages has an empty list, which is known; no name is "not known"
    packages = environment.packages if environment.interpreter else None
    named = {
        blob: content_hash(blob) for blob in (packages, environment.variables) if blob is not None
    }
    ground = Ground(
        lock_hash=environment.lock_hash,
        interpreter=environment.interpreter,
        packages=ContentHash("") if packages is None else named[packages],
        variables=named[environment.variables],
    )
    return ground, {name: blob for blob, name in named.items()}


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


def _dirty(repository: Repository, now: Snapshot) -> tuple[list[Difference], list[str]]:
    """How the tree differs from HEAD's: what it takes to rebuild it once HEAD has moved on."""
    if now.clean:
        return [], []
    try:
        return differences(repository, now.head or empty_tree(now.tree), now.tree), []
    except Missing as error:
        return [], [f"what differs from HEAD is not known: {error.message}"]


def _collect(
    found: Sequence[Difference], start: Start, last: LastGround, contents: Contents
) -> None:
    """Contents of what changed come first, those only remembered for the next run after them."""
    raw = start.raw or {}
    open_ones = [d for d in found[:CHANGES_MAX] if not start.withheld(d.path)]
    changed = [oid for d in open_ones for oid in (d.old, d.new) if oid]
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


def _left_out(
    found: Sequence[Difference],
    dirty: Sequence[Difference],
    contents: Contents,
    withheld: Withheld,
) -> list[str]:
    lines: list[str] = []
    if len(found) > CHANGES_MAX:
        lines.append(f"{len(found) - CHANGES_MAX} more changed files are not named")
    if len(dirty) > CHANGES_MAX:
        lines.append(f"{len(dirty) - CHANGES_MAX} more files that differ from HEAD are not named")
    sides = [(d.path, oid) for d in found[:CHANGES_MAX] for oid in (d.old, d.new)]
    sides += [(d.path, d.new) for d in dirty[:CHANGES_MAX]]
    private = {path for path, oid in sides if oid and withheld(path)}
    without = {p for p, oid in sides if oid and oid not in contents.known} - private
    for paths, why in ((private, "not to be recorded"), (without, "binary or large")):
        if paths:
            some = ", ".join(sorted(paths)[:3]) + (" ..." if len(paths) > 3 else "")
            lines.append(f"{len(paths)} changed files without content ({why}): {some}")
    return lines


def _referred(ground: Ground, contents: Contents) -> dict[ContentHash, bytes]:
    both = (*ground.changes, *ground.dirty)
    names = {n for c in both for n in (c.old_content, c.new_content) if n}
    return {name: contents.blobs[name] for name in names}


def _short(lines: Sequence[str]) -> tuple[str, ...]:
    if len(lines) <= CUT_LINES_MAX:
        return tuple(lines)
    rest = len(lines) - CUT_LINES_MAX + 1
    return (*lines[: CUT_LINES_MAX - 1], f"{rest} more things were left out")
