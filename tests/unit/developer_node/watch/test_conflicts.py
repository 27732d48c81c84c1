"""Conflicts: told once each, by the operation that stopped and the files that wait."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from developer_node.watch.git import GitWatcher

Following = Callable[..., AbstractAsyncContextManager[GitWatcher]]


@pytest.fixture
def apart(repository: Any) -> Any:
    """Two branches that disagree about two files."""
    repository.commit("base", a_py="1\n", b_py="1\n")
    repository.git("switch", "-qc", "side")
    repository.commit("theirs", a_py="theirs\n", b_py="theirs\n")
    repository.git("switch", "-q", "main")
    repository.commit("ours", a_py="ours\n", b_py="ours\n")
    return repository


def stops(repository: Any, *arguments: str) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        repository.git(*arguments)


def conflicts(recorded: Any) -> list[str]:
    return [o.message for o in recorded.operations if o.operation == "conflict"]


@pytest.mark.parametrize("verb", ["merge", "rebase", "cherry-pick"])
async def test_an_operation_that_stops_is_told_with_its_files(
    apart: Any, recorded: Any, following: Following, verb: str
) -> None:
    other = apart.git("rev-parse", "HEAD" if verb == "rebase" else "side")
    async with following(apart.root):
        stops(apart, verb, "side")
        await recorded.until(lambda: conflicts(recorded))
        apart.git(verb, "--abort")
        apart.git("tag", "afterwards")
        await recorded.until(lambda: recorded.beside[-1].operation == "tag")
    assert conflicts(recorded) == [f"{verb} of {other[:10]}: conflict in a.py, b.py"]


async def test_a_file_that_is_settled_is_no_new_conflict_and_the_same_again_is(
    apart: Any, recorded: Any, following: Following
) -> None:
    async with following(apart.root):
        stops(apart, "merge", "side")
        await recorded.until(lambda: conflicts(recorded))
        apart.git("add", "a.py")
        apart.git("tag", "meanwhile")
        await recorded.until(lambda: recorded.beside[-1].operation == "tag")
        assert len(conflicts(recorded)) == 1
        apart.git("merge", "--abort")
        apart.git("tag", "aborted")
        await recorded.until(lambda: recorded.beside[-1].ref == "refs/tags/aborted")
        stops(apart, "merge", "side")
        await recorded.until(lambda: len(conflicts(recorded)) == 2)


async def test_a_conflict_that_began_while_nobody_looked_is_told_and_once(
    apart: Any, recorded: Any, following: Following
) -> None:
    async with following(apart.root):
        pass
    stops(apart, "merge", "side")
    for _ in range(2):
        async with following(apart.root):
            await recorded.until(lambda: conflicts(recorded))
    assert len(conflicts(recorded)) == 1
    told = next(o for o in recorded.operations if o.operation == "conflict")
    assert told.old == told.new == apart.git("rev-parse", "HEAD"), "HEAD is where it was"
