"""After `uninstall --everything` a person's directory is what it was before."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.mesh import Mesh

RCS = {".bashrc": "PS1='> '\n", ".zshrc": "setopt autocd\n"}
"""fish has no file of its own yet: one that is made for us goes again."""
OF_GIT = re.compile(r"/\.git/(index$|logs(/|$))")


def held(root: Path) -> dict[str, str]:
    """Every path below, and what is in it."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else ""
        for path in sorted(root.rglob("*"))
    }


def person(tmp_path: Path) -> tuple[Path, Mesh]:
    """Somebody with shells of their own, a repository, and a mesh not yet started."""
    user = tmp_path / "user"
    for name, text in RCS.items():
        (user / name).parent.mkdir(parents=True, exist_ok=True)
        (user / name).write_text(text)
    repository = user / "code" / "thing"
    repository.mkdir(parents=True)
    (repository / "a.py").write_text("A = 1\n")
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    mesh = Mesh(user / ".postdevai", HOME=str(user), POSTDEVAI_KEYCHAIN="off")
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "ZDOTDIR"):
        mesh.env.pop(name, None)
    return user, mesh


def _socket(mesh: Mesh) -> str:
    return json.loads((mesh.home / "developer" / "ready.json").read_text())["extra"]["socket"]


def runtime_sockets() -> set[str]:
    base = Path(f"/tmp/postdevai-{os.getuid()}")
    return {entry.name for entry in base.iterdir()} if base.is_dir() else set()


def typed(mesh: Mesh, *words: str) -> str:
    done = mesh.postdevai(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(300)
def test_everything_is_as_it_was_before(tmp_path: Path, models_dir: Path) -> None:
    user, mesh = person(tmp_path)
    mesh.env["POSTDEVAI_MODELS"] = str(models_dir)
    mesh.env.pop("XDG_RUNTIME_DIR", None)
    before = held(user)
    try:
        others = runtime_sockets()
        mesh.up(user / "code" / "thing")
        sockets = runtime_sockets() & {Path(_socket(mesh)).parent.name}
        assert len(sockets - others) == 1, "the control"
        for shell in ("bash", "zsh", "fish"):
            typed(mesh, "shell", "--install", "--shell", f"/bin/{shell}")
            typed(mesh, "completion", shell, "--install")
        changed = held(user)
        assert {name for name in RCS if changed[name] != before[name]} == set(RCS), "the control"
        assert ".config/fish/config.fish" in changed
        own = Path(str(mesh.home)).name

        told = typed(mesh, "uninstall", "--everything", "--dry-run")
        assert str(mesh.home) in told and ".zshrc" in told
        assert len(mesh.processes()) == 3, "a dry run changes nothing"
        assert mesh.postdevai("uninstall", "--everything").returncode == 2, "nobody said yes"

        typed(mesh, "uninstall", "--everything", "--yes")
        assert mesh.processes() == []
        after = held(user)
        assert not any(Path(path).parts[0] == own for path in after)
        _drop_what_git_made(before, after)
        assert after == before
        assert not sockets & runtime_sockets()
    finally:
        mesh.close()


def _drop_what_git_made(*lists: dict[str, str]) -> None:
    """git keeps an index and logs in a repository that is asked; the rest stays as it was."""
    for each in lists:
        for path in [path for path in each if OF_GIT.search(path)]:
            del each[path]


def test_without_everything_the_memory_stays(tmp_path: Path) -> None:
    _, mesh = person(tmp_path)
    (mesh.home / "developer").mkdir(parents=True)
    mesh.home.chmod(0o700)
    (mesh.home / "developer" / "kept").write_text("x")
    typed(mesh, "uninstall", "--yes")
    assert (mesh.home / "developer" / "kept").read_text() == "x"


def test_a_file_of_somebody_else_in_home_stays_and_is_named(tmp_path: Path) -> None:
    _, mesh = person(tmp_path)
    typed(mesh, "run", "--", "true")
    (mesh.home / "developer" / "novel.txt").write_text("x")
    assert (mesh.home / "developer" / "machine_id").exists(), "the control"
    told = typed(mesh, "uninstall", "--everything", "--yes")
    assert told.count("novel.txt") == 2, "before and after"
    assert [path for path in mesh.home.rglob("*") if path.is_file()] == [
        mesh.home / "developer" / "novel.txt"
    ]


def test_a_directory_that_is_not_ours_is_never_removed(tmp_path: Path) -> None:
    _, mesh = person(tmp_path)
    mesh.home.mkdir(mode=0o700)
    (mesh.home / "thesis.txt").write_text("x")
    done = mesh.postdevai("uninstall", "--everything", "--yes")
    assert done.returncode == 2
    assert "does not look like a directory of PostDevAI" in done.stderr
    assert (mesh.home / "thesis.txt").exists()
