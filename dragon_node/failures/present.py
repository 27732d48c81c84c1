"""Whether a remedy's hunks are in the files that a run failed on: looked at when it is shown."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import apsw

from common.model.event import PathChange
from common.model.ids import ContentHash
from dragon_node.failures.changes import only_mode
from dragon_node.failures.grounds import written
from dragon_node.failures.in_place import files_at
from dragon_node.failures.kept import KnownRemedy
from dragon_node.failures.runs import Run

LINES_MAX = 20_000
"""difflib takes quadratic time on what has nothing in common."""

_BEGIN, _END = "\n<", "\n>"
"""Of a file; no line has a line break in it."""


@dataclass(frozen=True, slots=True)
class Side:
    """One file of a remedy, and what of it lay there when it failed."""

    change: PathChange
    git: str | None
    """Empty when the file was not there; None when it is not known."""
    content: ContentHash = ContentHash("")
    """Empty when it was not kept."""


def question(db: apsw.Connection, failing: Run | None, remedy: KnownRemedy) -> tuple[Side, ...]:
    """What has to be compared; nothing where it is known already or cannot be: a remedy of another
    project, one that came later than the failure, one that is no change of lines."""
    if failing is None or remedy.kind != "code" or remedy.project != failing.project:
        return ()
    later = remedy.passing.lsn > failing.lsn
    if later or remedy.in_place is not None or any(only_mode(c) for c in remedy.related):
        return ()
    during = written(db, failing)
    unsure = {c.path for c in during or ()}
    found = {} if during is None else _files(db, failing, remedy)
    return tuple(
        _side(db, change, None if change.path in unsure else found.get(change.path))
        for change in remedy.related
    )


def _files(db: apsw.Connection, failing: Run, remedy: KnownRemedy) -> dict[str, str]:
    before = {c.path: c.old_git for c in remedy.related}
    after = {c.path: c.new_git for c in remedy.related}
    ground = remedy.failing.tree_after or remedy.failing.tree
    trees = {ground: before, remedy.passing.tree: after}
    return files_at(db, failing, before, trees)


def _side(db: apsw.Connection, change: PathChange, git: str | None) -> Side:
    if not git:
        return Side(change, git)
    row = db.execute(
        "SELECT new_content FROM run_changes WHERE path=? AND new_git=? AND new_content<>''"
        " LIMIT 1",
        (change.path, git),
    ).fetchone()
    return Side(change, git, ContentHash(str(row[0])) if row else ContentHash(""))


async def is_present(
    sides: Sequence[Side], blob: Callable[[ContentHash], Awaitable[bytes | None]]
) -> bool | None:
    """Whether every hunk is there; None when it is not known."""
    found: list[bool | None] = []
    for side in sides:
        change = side.change
        if side.git in (change.old_git, change.new_git):
            found.append(side.git == change.new_git)
        elif not side.git or not change.old_git or not change.new_git:
            found.append(None if side.git is None else False)
        else:
            wanted = (change.old_content, change.new_content, side.content)
            held = {h: data for h in wanted if h and (data := await blob(h)) is not None}
            found.append(_stands(*(_lines(held, h) for h in wanted)))
    if False in found:
        return False
    return None if None in found else True


def _lines(held: Mapping[ContentHash, bytes], content: ContentHash) -> list[str] | None:
    data = held.get(content)
    return None if data is None else data.decode("utf-8", "replace").splitlines()


def _stands(old: list[str] | None, new: list[str] | None, now: list[str] | None) -> bool | None:
    """Each hunk is looked for with the lines around it, as it was and as it became."""
    if old is None or new is None or now is None or max(map(len, (old, new, now))) > LINES_MAX:
        return None
    found: list[bool | None] = []
    for was, became in _hunks(old, new):
        there, undone = _holds(now, became), _holds(now, was)
        found.append(there if there != undone else None)
    if False in found:
        return False
    return None if None in found or not found else True


def _hunks(old: list[str], new: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "equal":
            yield _around(old, i1, i2), _around(new, j1, j2)


def _around(lines: list[str], first: int, last: int) -> list[str]:
    """With a line before and one after; the file's ends count where the hunk itself is empty."""
    block = lines[max(first - 1, 0) : last + 1]
    if first == last:
        return [*([_BEGIN] if first == 0 else []), *block, *([_END] if last == len(lines) else [])]
    return block


def _holds(lines: list[str], block: list[str]) -> bool:
    whole, count = [_BEGIN, *lines, _END], len(block)
    starts = (i for i, line in enumerate(whole) if line == block[0])
    return any(whole[i : i + count] == block for i in starts)
