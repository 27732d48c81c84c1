"""Remedies as people see them: the hunks rendered, the commit found, the state in words."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable, Iterable, Sequence

import apsw

from common.model.failure import Remedy
from common.model.ids import ContentHash
from dragon_node.failures.commits import ancestors
from dragon_node.failures.diffs import Lines, lines_of, lines_of_patch, render
from dragon_node.failures.kept import KnownRemedy
from dragon_node.failures.labels import KnownCommit, label
from dragon_node.failures.runs import Environment

Blob = Callable[[ContentHash], Awaitable[bytes | None]]

COMMITS_MAX = 200
"""Newest commits that touch a remedy's files: what is looked through for a label."""
_NAMES_SHOWN = 6


def commits_for(db: apsw.Connection, remedy: KnownRemedy) -> tuple[KnownCommit, ...]:
    """Commits of the remedy's project that touch its paths, oldest first."""
    paths = [c.path for c in remedy.related]
    rows = db.execute(
        f"""SELECT DISTINCT c.sha, c.subject, c.at_ms, c.gone, c.patch FROM commit_paths p
            JOIN commits c ON c.project=p.project AND c.sha=p.sha
            WHERE p.project=? AND p.path IN ({",".join("?" * len(paths))})
            ORDER BY c.at_ms DESC, c.sha LIMIT ?""",
        (remedy.project, *paths, COMMITS_MAX),
    ).fetchall()
    before = ancestors(db, remedy.project, remedy.first.head)
    return tuple(
        KnownCommit(
            sha=str(sha),
            subject=str(subject),
            at_ms=int(str(at_ms)),
            gone=bool(gone),
            before=str(sha) in before,
            changes=_changes(db, remedy.project, str(sha)),
            patch=_patch(patch),
        )
        for sha, subject, at_ms, gone, patch in reversed(rows)
    )


async def shown(
    remedy: KnownRemedy,
    commits: Sequence[KnownCommit],
    elsewhere: str,
    blob: Blob,
) -> Remedy:
    """As people see it. A flaky symptom's remedy names no commit."""
    if remedy.kind == "code":
        diff, commit, named = await _code(remedy, commits, blob)
    else:
        diff, commit, named = await _environment(remedy, blob)
    if remedy.flaky:
        commit, named = "", "no commit is named: this failure comes and goes"
    why = f"the same symptom in {elsewhere}: {remedy.why}" if elsewhere else remedy.why
    if remedy.in_place and remedy.state != "rejected":
        why = f"{_in_place(remedy)}; {why}"
    if remedy.in_doubt and remedy.state != "rejected":
        why += "; whether it was in place here when it failed is not known"
    if remedy.package:
        why = f"similar, in {remedy.package} of the same repository: {why}"
    return Remedy(
        id=remedy.id,
        state=remedy.state,
        kind=remedy.kind,
        commit=commit,
        label=named,
        diff=diff,
        command=remedy.passing.command,
        why=why,
        paths=tuple(c.path for c in remedy.related),
        also_changed=tuple(c.path for c in remedy.also),
        failed_at_ms=remedy.failing.at_ms,
        passed_at_ms=remedy.passing.at_ms,
        project=remedy.failing.project_name,
        proof=remedy.proof,
        accepted=remedy.accepted,
    )


def _in_place(remedy: KnownRemedy) -> str:
    if remedy.in_place == "in HEAD":
        return "already in HEAD here: the cause is another one, or it was edited since"
    if remedy.of_this:
        return "already in place here: it did not hold here"
    return "already in place here: the cause is another one"


def without_repeats(remedies: Sequence[Remedy]) -> tuple[Remedy, ...]:
    """One for each diff, wherever in its file, at the place of the best one; one that names a
    commit goes first."""
    merged: dict[object, Remedy] = {}
    for remedy in remedies:
        key = (remedy.project, _unplaced(remedy.diff)) if remedy.kind == "code" else remedy.id
        held = merged.get(key)
        if held is None or (remedy.commit and not held.commit and held.state == remedy.state):
            merged[key] = remedy
    return tuple(merged.values())


def _unplaced(diff: str) -> str:
    """Without the lines' numbers: a file that grew above moves them."""
    return "\n".join(line for line in diff.splitlines() if not line.startswith("@@ "))


async def _code(
    remedy: KnownRemedy, commits: Sequence[KnownCommit], blob: Blob
) -> tuple[str, str, str]:
    contents = await _contents(
        (h for c in remedy.related for h in (c.old_content, c.new_content)), blob
    )
    lines: dict[str, Lines] = {}
    for change in remedy.related:
        found = lines_of(change, contents)
        if found:
            lines[change.path] = found
    began_ms = remedy.first.at_ms - remedy.first.duration_ms
    named = label(remedy.related, lines, commits, began_ms)
    return render(remedy.related, contents), named.commit, named.text


async def _environment(remedy: KnownRemedy, blob: Blob) -> tuple[str, str, str]:
    """Names and versions, never a commit and never a variable's value."""
    before, after = remedy.failing.environment, remedy.passing.environment
    parts = await _packages(before, after, blob)
    if before.interpreter != after.interpreter:
        parts.append(f"{before.interpreter or '?'} -> {after.interpreter or '?'}")
    names = await _variables(before, after, blob)
    if remedy.kind == "environment" and names:
        parts.append(f"variables {_few(names)}")
    contents = await _contents(
        (h for c in remedy.related for h in (c.old_content, c.new_content)), blob
    )
    return (
        render(remedy.related, contents),
        "",
        _few(parts or remedy.acted) or "installed packages changed",
    )


async def _packages(before: Environment, after: Environment, blob: Blob) -> list[str]:
    if before.packages == after.packages:
        return []
    old = _pairs(await _text(before.packages, blob), "==")
    new = _pairs(await _text(after.packages, blob), "==")
    named: list[str] = []
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            named.append(f"{name} {old[name]} removed")
        elif name not in old:
            named.append(f"{name} {new[name]} added")
        elif old[name] != new[name]:
            named.append(f"{name} {old[name]} -> {new[name]}")
    return named


async def _variables(before: Environment, after: Environment, blob: Blob) -> list[str]:
    old = _pairs(await _text(before.variables, blob), "=")
    new = _pairs(await _text(after.variables, blob), "=")
    return sorted(n for n in old.keys() | new.keys() if old.get(n) != new.get(n))


def _pairs(text: str, sign: str) -> dict[str, str]:
    found = (line.partition(sign) for line in text.splitlines() if sign in line)
    return {name: value for name, _, value in found}


def _few(names: Sequence[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


async def _text(content: str, blob: Blob) -> str:
    data = await blob(ContentHash(content)) if content else None
    return (data or b"").decode("utf-8", "replace")


async def _contents(hashes: Iterable[ContentHash], blob: Blob) -> dict[ContentHash, bytes]:
    found: dict[ContentHash, bytes] = {}
    for content in dict.fromkeys(h for h in hashes if h):
        data = await blob(content)
        if data is not None:
            found[content] = data
    return found


def _changes(db: apsw.Connection, project: str, sha: str) -> dict[str, tuple[str, str]]:
    rows = db.execute(
        "SELECT path, old_git, new_git FROM commit_paths INDEXED BY commit_paths_by_sha"
        " WHERE project=? AND sha=?",
        (project, sha),
    )
    return {str(path): (str(old), str(new)) for path, old, new in rows}


def _patch(compressed: object) -> dict[str, Lines]:
    assert isinstance(compressed, bytes)
    return lines_of_patch(zlib.decompress(compressed).decode("utf-8", "replace"))
