"""Walks the git log for fixes that carry a test."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

from common.errors import Missing
from common.model.remedy import MinedFix, MineEnd, MineProgress, MineStep
from developer_node.mining.history import COMMITS_MAX, PAGE, commits, own_email, page
from developer_node.mining.telling import Telling, telling
from developer_node.text.git import git, text_of
from developer_node.text.working_copy import find_root

FIXES_MAX = 20
"""Shown unless another number is asked for."""


class Mining:
    """Reads the log of one working copy, newest first. It runs nothing and needs no network."""

    async def mine(self, path: str, limit: int) -> AsyncGenerator[MineStep]:
        """Progress, fixes with the most telling first, then the end: it says why there is none."""
        root = await asyncio.to_thread(_root, path)
        if root is None:
            raise Missing(
                f"{path or 'nothing'} is in no working copy", hint="Name one of your clones."
            )
        wanted = await asyncio.to_thread(commits, root)
        email = await asyncio.to_thread(own_email, root)
        found: list[Telling] = []
        for begin in range(0, len(wanted), PAGE):
            logged = await asyncio.to_thread(page, root, wanted[begin : begin + PAGE])
            found += [fix for commit in logged if (fix := telling(commit, email))]
            yield MineStep(MineProgress(min(begin + PAGE, len(wanted)), len(wanted)))
        python = [fix for fix in found if fix.language == "python"]
        python.sort(key=lambda fix: (-fix.score, -fix.commit.author_ms))
        for fix in python[: limit if limit > 0 else FIXES_MAX]:
            yield MineStep(_mined(root, fix))
        shallow = await asyncio.to_thread(_is_shallow, root)
        sentence = summary(len(wanted), found, shallow=shallow)
        yield MineStep(MineEnd(len(wanted), len(python), sentence))


def summary(looked: int, found: Sequence[Telling], *, shallow: bool) -> str:
    """What was looked at and what came of it, for people."""
    if not looked:
        few = (
            "its history is cut off here (a shallow clone)" if shallow else "it has no history yet"
        )
        return f"There is nothing to look through: {few}."
    python = sum(1 for fix in found if fix.language == "python")
    others = Counter(fix.language for fix in found if fix.language != "python")
    commits_read = f"{looked:,} commit{'' if looked == 1 else 's'}"
    parts = [f"Looked at {commits_read}, the newest first, without merges and the very first"]
    if looked >= COMMITS_MAX:
        parts[0] += f" ({COMMITS_MAX} at most)"
    if shallow:
        parts[0] += " (a shallow clone: older ones are not here)"
    if python:
        parts.append(
            "1 says that it fixes something and changes a Python test with it"
            if python == 1
            else f"{python} say that they fix something and change a Python test with it"
        )
    else:
        parts.append("none says that it fixes something and changes a Python test with it")
    if others:
        counted = ", ".join(f"{many} with {name} tests" for name, many in others.most_common())
        parts.append(f"{counted} {'is' if others.total() == 1 else 'are'} not tried yet")
    return "; ".join(parts) + "."


def _root(path: str) -> Path | None:
    if path and not Path(path).exists():
        raise Missing(f"there is no {path}", hint="Name one of your clones.")
    return find_root(Path(path)) if path else None


def _mined(root: Path, fix: Telling) -> MinedFix:
    commit = fix.commit
    return MinedFix(
        path=str(root),
        commit=commit.sha,
        subject=commit.subject,
        author_ms=commit.author_ms,
        tests=fix.tests,
        sources=fix.sources,
        why=fix.why,
    )


def _is_shallow(root: Path) -> bool:
    return text_of(git(root, ["rev-parse", "--is-shallow-repository"])).strip() == "true"
