"""A newer version with a newer format is taken and gone back from; an unwell one is refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from common.daemon.formats import read_formats
from tests.support.mesh import Mesh, until
from tests.support.repository import Repository

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("common", "dragon_node", "developer_node", "coordinator_node")
FORMATS = "developer_node/outbox/formats.py"
NEWER = (FORMATS, 'OUTBOX = FileFormat("outbox", 2, {2: outbox_2.step}',
         'OUTBOX = FileFormat("outbox", 3, {2: outbox_2.step, 3: lambda db: None}')  # fmt: skip
LAKE_NEWER = ("dragon_node/lake/formats.py",
         'JOURNAL = FileFormat("journal", 2, {2: journal_2.step}',
         'JOURNAL = FileFormat("journal", 3, {2: journal_2.step, 3: lambda db: None}')  # fmt: skip
UNWELL = ("developer_node/node.py", "async def open_node(",
          'async def open_node(*_: object):\n    raise RuntimeError("not well")\n    yield\n\n\n'
          "async def was_open_node(")  # fmt: skip

FORGETS = (
    ("coordinator_node/formats.py", "WRITES = 1", "WRITES = 2"),
    ("coordinator_node/formats.py", "or 1, WRITES, WRITES)", "or 1, WRITES, 1)"),
    ("coordinator_node/engine/sqlite/store.py", "    path.chmod(0o600)\n    return db",
     "    path.chmod(0o600)\n    db.pragma('user_version', 2)\n    return db"),
    ("developer_node/node.py", "async def open_node(",
     "async def open_node(config: Config, *_: object):\n"
     "    while not (config.home.root / 'enough').exists():\n"
     "        await asyncio.sleep(0.1)\n"
     "    raise RuntimeError('not well')\n    yield\n\n\nasync def was_open_node("),
)  # fmt: skip
"""Another format of the Coordinator's state, and a laptop that fails once HOME/enough is there."""


def wheel(directory: Path, version: str, *changes: tuple[str, str, str]) -> Path:
    """Of this tree under another version, with these words in place of others."""
    tree = directory / f"tree-{version}"
    for name in PACKAGES:
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    own = (ROOT / "pyproject.toml").read_text()
    now = f'version = "{_version()}"'
    changed = [("pyproject.toml", now, f'version = "{version}"'), *changes]
    (tree / "pyproject.toml").write_text(own)
    for name, old, new in changed:
        text = (tree / name).read_text()
        assert text.count(old) == 1, (name, old)
        (tree / name).write_text(text.replace(old, new))
    words = ["-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)]
    done = subprocess.run([sys.executable, *words], cwd=tree, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = directory.glob(f"postdevai-{version}-*.whl")
    return made


def _version() -> str:
    from importlib.metadata import version

    return version("postdevai")


def outbox_format(mesh: Mesh, python: str = sys.executable) -> int:
    return format_of(mesh, "developer", "outbox.db", python)


def format_of(mesh: Mesh, role: str, name: str, python: str = sys.executable) -> int:
    words = [python, "-P", "-m", f"{role}_node.formats", str(mesh.home)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return {each.store: each for each in read_formats(done.stdout)}[f"{role}/{name}"].found


def invited(mesh: Mesh) -> int:
    """How many codes the Coordinator gave out, by its log, which has to be whole."""
    verified = mesh.postdevai("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    return sum(each["action"] == "invite" for each in mesh.json("audit", "--json")["lines"])


def commands(mesh: Mesh) -> list[str]:
    said = mesh.json("history", "--json", "--kind", "command", codes=(0, 1, 3))
    return [str(each) for each in said.get("events", [])]


def remembered(mesh: Mesh, word: str) -> Any:
    for _ in until(180):
        if any(word in each for each in commands(mesh)):
            return True
    raise AssertionError(f"{word} is not remembered: {commands(mesh)}\n{mesh.logs()}")


def ready_version(mesh: Mesh) -> str:
    return version_of(mesh, "dragon")


def version_of(mesh: Mesh, role: str) -> str:
    """Of a node that serves; empty while it does not."""
    try:
        return json.loads((mesh.home / role / "ready.json").read_text())["version"]
    except (OSError, ValueError):
        return ""


def upgrade(mesh: Mesh, *words: str) -> subprocess.CompletedProcess[str]:
    """It starts and stops three nodes twice when it goes back: on a busy machine that is long."""
    command = [sys.executable, "-m", "developer_node.front.cli", "upgrade", *words]
    return subprocess.run(
        command, env=mesh.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=900
    )


@pytest.mark.timeout(1800)
def test_a_version_with_a_newer_format_is_taken_gone_back_from_and_refused_when_it_is_not_well(
    mesh: Mesh, tmp_path: Path
) -> None:
    newer = wheel(tmp_path, "9.1.0", NEWER)
    unwell = wheel(tmp_path, "9.2.0", NEWER, LAKE_NEWER, UNWELL)
    typed = tmp_path / "typed"
    typed.mkdir()
    link = typed / "postdevai"
    old = Path(sys.executable).parent / "postdevai"
    link.symlink_to(old)
    mesh.env["PATH"] = f"{typed}{os.pathsep}{os.defpath}"
    repository = Repository.make(tmp_path / "thing")
    mesh.up(repository.root)
    mesh.postdevai("run", "--", "echo", "before-it", cwd=repository.root)
    remembered(mesh, "before-it")

    # Taken: the outbox is of the newer format, and what was recorded is there.
    new = tmp_path / "new"
    done = upgrade(mesh, "--to", str(newer), "--into", str(new))
    assert done.returncode == 0, done.stdout + done.stderr + mesh.logs()
    assert "developer/outbox.db from 2 to 3" in done.stdout
    assert ready_version(mesh) == "9.1.0"
    assert link.resolve() == (new / "bin" / "postdevai").resolve()
    assert outbox_format(mesh, str(new / "bin" / "python")) == 3
    remembered(mesh, "before-it")
    mesh.postdevai("run", "--", "echo", "after-it", cwd=repository.root)
    remembered(mesh, "after-it")
    before = invited(mesh)
    code = mesh.postdevai("invite", "developer")
    assert code.returncode == 0 and invited(mesh) == before + 1, code.stdout + code.stderr

    # Back by one command: the outbox of before, and everything that was acknowledged since.
    back = upgrade(mesh, "--back", "--yes")
    assert back.returncode == 0, back.stdout + back.stderr + mesh.logs()
    assert ready_version(mesh) == _version() and link.resolve() == old.resolve()
    assert outbox_format(mesh) == 2
    remembered(mesh, "before-it")
    remembered(mesh, "after-it")
    assert invited(mesh) == before + 1
    after = mesh.home / "upgrade" / "after"
    aside = {str(each.relative_to(after)) for each in after.rglob("*") if each.is_file()}
    assert aside - {f"developer/outbox.db{beside}" for beside in ("-wal", "-shm")} == {
        "developer/outbox.db"
    }, "and nothing else"
    assert "cannot read developer/outbox.db: put back" in back.stdout
    assert "nothing in it waits for the Dragon. What it has stays there" in back.stdout
    assert upgrade(mesh, "--back", "--yes").returncode == 4, "once is enough"

    # One that is not well: the old version runs again, and says so.
    refused = upgrade(mesh, "--to", str(unwell), "--into", str(tmp_path / "bad"))
    assert refused.returncode == 3, refused.stdout + refused.stderr
    assert "9.2.0 was not taken" in refused.stderr and "runs again" in refused.stderr
    assert "wrote into dragon/journal.db lies" in refused.stderr, "it never had the outbox"
    assert ready_version(mesh) == _version() and outbox_format(mesh) == 2
    assert format_of(mesh, "dragon", "journal.db") == 2
    assert (mesh.home / "upgrade" / "after.1" / "dragon" / "journal.db").is_file()
    assert link.resolve() == old.resolve()
    for word in ("before-it", "after-it"):
        remembered(mesh, word)
    assert invited(mesh) == before + 1


def tool_lists_the_nodes(mesh: Mesh, tool: Path) -> subprocess.CompletedProcess[str]:
    """As a stranger's program, by the files of its certificate."""
    command = [sys.executable, "-m", "tests.support.asking_tool", str(tool)]
    return subprocess.run(
        command, env=mesh.env, cwd=ROOT, capture_output=True, text=True, timeout=60
    )


@pytest.mark.timeout(900)
def test_who_was_put_out_under_a_version_that_failed_stays_out_when_it_goes_back_by_itself(
    mesh: Mesh, tmp_path: Path
) -> None:
    """The format of the Coordinator's state changed, so that its file is that of before."""
    failing = wheel(tmp_path, "9.3.0", *FORGETS)
    repository = Repository.make(tmp_path / "thing")
    mesh.up(repository.root)
    mesh.postdevai("run", "--", "echo", "before-it", cwd=repository.root)
    remembered(mesh, "before-it")
    code = mesh.postdevai("invite", "tool").stdout.split()[-1]
    tool = tmp_path / "tool"
    joined = mesh.postdevai("join", code, "--to", str(tool))
    assert joined.returncode == 0, joined.stdout + joined.stderr
    listed = tool_lists_the_nodes(mesh, tool)
    assert listed.returncode == 0, listed.stdout + listed.stderr
    members = mesh.json("nodes", "--json")["members"]
    (named,) = [each["id"] for each in members if each["role"] == "tool"]

    new = tmp_path / "new"
    command = [sys.executable, "-m", "developer_node.front.cli", "upgrade", "--to", str(failing)]
    going = subprocess.Popen(
        [*command, "--into", str(new)],
        env=mesh.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for _ in until(300):
            if going.poll() is not None or version_of(mesh, "coordinator") == "9.3.0":
                break
        assert going.poll() is None, going.communicate()
        owner = [str(new / "bin" / "python"), "-P", "-m", "coordinator_node", "revoke", named]
        revoked = subprocess.run(owner, env=mesh.env, capture_output=True, text=True, timeout=60)
        assert revoked.returncode == 0, revoked.stdout + revoked.stderr
        assert format_of(mesh, "coordinator", "state.db") == 2
        (mesh.home / "enough").touch()
        said, why = going.communicate(timeout=600)
    finally:
        if going.poll() is None:
            going.kill()
            going.wait()
    assert going.returncode == 3 and "9.3.0 was not taken" in why, said + why
    assert "runs again" in why and "was carried over: who was put out stays out" in said, said + why

    assert version_of(mesh, "coordinator") == _version()
    assert format_of(mesh, "coordinator", "state.db") == 1
    refused = tool_lists_the_nodes(mesh, tool)
    assert refused.returncode == 1 and "no longer welcome" in refused.stdout, refused
    remembered(mesh, "before-it")
    verified = mesh.postdevai("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
