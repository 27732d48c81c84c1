"""What is not to be recorded is not watched either: pauses, "never here", and .postdevai.toml."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from common.clock import SystemClock
from developer_node.text import gates
from developer_node.watch import files as files_module
from developer_node.watch import git as git_module
from developer_node.watch.copies import Redaction, WorkingCopies
from developer_node.watch.notices import Notices

pytestmark = pytest.mark.filterwarnings("ignore:Callback with id")  # meant: see notices_inotify

Open = Callable[[], AbstractAsyncContextManager[WorkingCopies]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def copies(recorded: Any, notices: Notices, home: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    monkeypatch.setattr(files_module, "CLOSED_S", 0.02)
    monkeypatch.setattr(git_module, "CLOSED_S", 0.02)
    return lambda: WorkingCopies.open(
        home,
        notices=notices,
        record=recorded,
        memory=recorded,
        redaction=Redaction(lambda text: text, lambda data: data),
        clock=SystemClock(),
    )


async def test_in_a_pause_nothing_is_recorded_and_afterwards_it_is_caught_up(
    repository: Any, recorded: Any, copies: Open, home: Path
) -> None:
    repository.commit("one", a_txt="1\n")
    said = gates.pause(home)
    async with copies() as watched:
        await watched.watch(str(repository.root))
        while watched.repositories()[0].state != said:
            await _turn()
        repository.write("a.txt", "2\n")
        sha = repository.commit("two")
        assert recorded.events == []
        gates.resume(home)
        await recorded.until(lambda: recorded.text("a.txt") == "2\n")
        await recorded.until(lambda: recorded.moves and recorded.moves[-1].new == sha)


async def test_a_pause_while_watching_ends_it_and_keeps_what_happens_out(
    repository: Any, recorded: Any, copies: Open, home: Path
) -> None:
    repository.commit("one", a_txt="1\n")
    async with copies() as watched:
        await watched.watch(str(repository.root))
        repository.write("b.txt", "1\n")
        await recorded.until(lambda: recorded.newest("b.txt") and recorded.operations)
        repository.git("tag", "before")
        await recorded.until(lambda: recorded.beside)
        said = gates.pause(home)
        repository.write("a.txt", "in the pause\n")
        repository.git("tag", "in-the-pause")
        while watched.repositories()[0].state.split(";")[0] != said:
            await _turn()
        repository.write("a.txt", "2\n")
        gates.resume(home)
        await recorded.until(lambda: recorded.text("a.txt") == "2\n")
        repository.git("tag", "after")
        await recorded.until(lambda: any(o.ref == "refs/tags/after" for o in recorded.beside))
    assert b"in the pause\n" not in recorded.blobs.values()


async def test_a_place_that_is_never_recorded_gives_no_file_and_no_patch(
    repository: Any, recorded: Any, copies: Open, home: Path
) -> None:
    repository.commit("one", secret__key_txt="hunter2\n", open_txt="1\n")
    gates.put_never(home, repository.root / "secret")
    async with copies() as watched:
        await watched.watch(str(repository.root))
        await recorded.until(lambda: recorded.operations)
        repository.commit("two", secret__key_txt="hunter3\n", open_txt="2\n")
        await recorded.until(lambda: len(recorded.moves) == 2)
        await recorded.until(lambda: recorded.text("open.txt") == "2\n")
    assert {f.path for f in recorded.files} == {"open.txt"}
    commits = [commit for move in recorded.moves for commit in move.commits]
    assert [[c.path for c in commit.changes] for commit in commits] == [["open.txt"]] * 2
    assert all("open.txt" in commit.patch for commit in commits)
    assert "hunter" not in repr(recorded.events) + repr(recorded.blobs)


async def test_a_repository_may_keep_files_out_and_change_its_mind(
    repository: Any, recorded: Any, copies: Open
) -> None:
    repository.write(".postdevai.toml", '[record]\nignore = ["*.pem", "private/"]\n')
    repository.commit("one", deep__a_pem="hunter2\n", private__x_txt="hunter2\n", b_txt="1\n")
    async with copies() as watched:
        await watched.watch(str(repository.root))
        await recorded.until(lambda: recorded.newest("b.txt") and recorded.operations)
        repository.write("private/y.txt", "hunter2\n")
        repository.write("c.txt", "1\n")
        await recorded.until(lambda: recorded.newest("c.txt"))
        assert {f.path for f in recorded.files} == {".postdevai.toml", "b.txt", "c.txt"}
        assert "hunter2" not in repr(recorded.events) + repr(recorded.blobs)
        repository.write(".postdevai.toml", "[record]\n")
        await recorded.until(lambda: recorded.newest("private/y.txt"))


async def test_a_repository_that_wants_nothing_recorded_is_left_alone_and_says_so(
    repository: Any, recorded: Any, copies: Open
) -> None:
    repository.write(".postdevai.toml", "[record]\nenabled = false\n")
    repository.commit("one", a_txt="1\n")
    async with copies() as watched:
        await watched.watch(str(repository.root))
        while "asks that nothing is recorded" not in watched.repositories()[0].state:
            await _turn()
        assert recorded.events == []
        repository.write(".postdevai.toml", "[record]\nenabled = true\n")
        await recorded.until(lambda: recorded.newest("a.txt"))


async def _turn() -> None:
    """Lets the watchers go on; the test's own time limit ends a wait in vain."""
    await asyncio.sleep(0.005)
