"""What may come next, asked by real shells of the real program, with a daemon that is scripted."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from common.model.answer import Freshness, ProjectFreshness
from common.model.ids import WorkingCopyId
from common.model.lake import LakeStats
from common.model.laptop import LaptopStatus, WatchedRepository
from common.model.llm import Model
from developer_node.front.completion.candidates import candidates
from developer_node.front.completion.scripts import SCRIPTS
from tests.support import person as person_support
from tests.support.local_api import Script, serve
from tests.support.person import Person
from tests.support.typed import Terminal

BIN = Path(sys.executable).parent
STATUS = LaptopStatus(
    lake=LakeStats(1, 2, True, "tmpfs", "/l", 1, 1, freshness=Freshness(
        (ProjectFreshness("thing", "/code/thing"), ProjectFreshness("other", "/code/other"))
    )),
    models=(Model("small", "fast", "ready"), Model("smart", "code", "missing")),
    repositories=(WatchedRepository("/code/thing", WorkingCopyId("w"), 1, 0, "watching"),),
)  # fmt: skip


def offered(*words: str) -> list[str]:
    return [word for word, _ in candidates(words, lambda: STATUS)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("sta",), ["status"]),
        (("--v",), ["--version"]),
        (("up", "--wait", ""), ["ready", "words", "vectors"]),
        (("up", "--w"), ["--wait"]),
        (("search", "--project", ""), ["other", "thing"]),
        (("search", "--project", "thing", "--kind", "f"), ["failure"]),
        (("search", "--copy", ""), ["/code/thing"]),
        (("models", "p"), ["pull", "pin"]),
        (("models", "pin", "sma"), ["small", "smart"]),
        (("models", "pin", "small", ""), []),
        (("lake", "sleep", "t"), ["thing"]),
        (("lake", "join", "thing", "o"), ["other"]),
        (("unwatch", ""), ["/code/thing"]),
        (("invite", ""), ["dragon", "developer", "tool", "coordinator"]),
        (("autonomy", "pair"), ["pair-programmer"]),
        (("cards", "--l"), ["--loud"]),
        (("run", "--", "py"), []),
        (("run", "--c"), ["--cwd"]),
        (("completion", "f"), ["fish"]),
        (("nothing", ""), []),
    ],
    ids=" ".join,
)
def test_what_may_come_next(words: tuple[str, ...], expected: list[str]) -> None:
    assert offered(*words) == expected


def test_without_a_daemon_there_are_no_names_and_no_refusal() -> None:
    assert candidates(("models", "pin", ""), lambda: None) == []


@pytest.fixture
async def terminal(tmp_path: Path) -> AsyncGenerator[Terminal]:
    made = Terminal(tmp_path / "home", tmp_path)
    async with serve(made.home, Script(status=STATUS), os.getpid()):
        yield made


def environment(terminal: Terminal) -> dict[str, str]:
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {
        "PATH": path, "POSTDEVAI_HOME": str(terminal.home), "HOME": str(terminal.cwd)
    }  # fmt: skip


async def printed(terminal: Terminal, *argv: str) -> list[str]:
    process = await asyncio.create_subprocess_exec(
        *argv, cwd=terminal.cwd, env=environment(terminal),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode().splitlines()


LINES = (
    (("postdevai", "mod"), ["models"]),
    (("postdevai", "search", "--project", "t"), ["thing"]),
    (("postdevai", "models", "pin", "sm"), ["small", "smart"]),
)


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
@pytest.mark.parametrize(("words", "expected"), LINES, ids=[" ".join(w) for w, _ in LINES])
async def test_bash_is_given_them(
    terminal: Terminal, words: tuple[str, ...], expected: list[str]
) -> None:
    line = " ".join(words)
    code = SCRIPTS["bash"] + f"COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _postdevai\n"
    code += 'printf "%s\\n" "${COMPREPLY[@]}"\n'
    assert await printed(terminal, "bash", "--norc", "-c", code) == expected


@pytest.mark.skipif(not shutil.which("zsh"), reason="needs zsh")
@pytest.mark.parametrize(("words", "expected"), LINES, ids=[" ".join(w) for w, _ in LINES])
async def test_zsh_is_given_them(
    terminal: Terminal, words: tuple[str, ...], expected: list[str]
) -> None:
    line = " ".join(words)
    code = "compdef() { : }; _files() { : }; _describe() { print -l -- ${(P)2%%:*} }\n"
    code = code.replace("${(P)2%%:*}", '"${(@)${(@P)2}%%:*}"') + SCRIPTS["zsh"]
    code += f"words=({line}); CURRENT={len(words)}; _postdevai\n"
    assert await printed(terminal, "zsh", "-f", "-c", code) == expected


@pytest.mark.skipif(not shutil.which("fish"), reason="needs fish")
@pytest.mark.parametrize(("words", "expected"), LINES, ids=[" ".join(w) for w, _ in LINES])
async def test_fish_is_given_them(
    terminal: Terminal, words: tuple[str, ...], expected: list[str]
) -> None:
    code = SCRIPTS["fish"] + f"complete -C '{' '.join(words)}'\n"
    found = await printed(terminal, "fish", "--no-config", "-c", code)
    assert [each.partition("\t")[0] for each in found] == expected


KEYS = {"bash": ["bash", "-i"], "zsh": ["zsh", "-i"], "fish": ["fish", "-i"]}


@pytest.mark.parametrize("shell", sorted(KEYS))
def test_a_tab_completes_after_it_was_installed_and_nothing_is_left_after_it_was_taken_away(
    shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(person_support, "PATIENCE_S", 60.0)
    if not shutil.which(shell):
        pytest.skip(f"needs {shell}")
    env = os.environ | {"HOME": str(tmp_path), "POSTDEVAI_HOME": str(tmp_path / "home")}
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "ZDOTDIR"):
        env.pop(name, None)
    rc = {"bash": ".bashrc", "zsh": ".zshrc"}.get(shell)
    if rc:
        (tmp_path / rc).write_text("PS1='> '\n")
    before = _files(tmp_path)
    asyncio.run(_typed(env, "completion", shell, "--install"))
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    person = Person.sits(KEYS[shell], tmp_path / "home", tmp_path, {"PATH": path})
    try:
        person.types(b"echo ready-$((40+2))\r" if shell != "fish" else b"echo ready-(math 40+2)\r")
        person.sees(b"ready-42")
        person.types(b"postdevai autono\t")
        person.sees(b"autonomy")
    finally:
        os.kill(person.pid, 9)
        os.waitpid(person.pid, 0)
        person.leaves()
    asyncio.run(_typed(env, "completion", shell, "--uninstall"))
    own = {".local", ".config", ".cache", ".zcompdump", ".zsh_history", ".bash_history", "home"}
    left = {each for each in _files(tmp_path) if Path(each).parts[0] not in own}
    assert left == {each for each in before if Path(each).parts[0] not in own}
    assert not list(tmp_path.rglob("*postdevai*"))


async def _typed(env: dict[str, str], *words: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "developer_node.front.cli", *words),
        env=env, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert await process.wait() == 0


def _files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*")}
