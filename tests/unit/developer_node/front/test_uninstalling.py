"""Only what PostDevAI wrote is taken away, in a directory and in a file that others use as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.daemon.home import Home
from developer_node.front import uninstalling
from developer_node.front.completion import installing as completion
from developer_node.front.shell.recorded import installing as recorded

BYTES = b"# caf\xe9, in Latin-1\r\nalias l='ls -l'\r\n\x0cPS1='> '"


def write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    runtime = tmp_path / "run"
    runtime.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("POSTDEVAI_MODELS", str(tmp_path / "models"))
    root = tmp_path / "home"
    root.mkdir(mode=0o700)
    return Home(root)


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "ZDOTDIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    (tmp_path / "user").mkdir()
    return tmp_path / "user"


OURS = (
    "ports.json", "ports.lock", "developer.lock", ".ports.json.a1b2", "coordinator/state.db",
    "coordinator/state.db-wal", "developer/machine_id", "developer/outbox.db-shm",
    "developer/spool/one.rec", "developer/near.db.aside", "developer/.variables_key.12.ab",
    "developer/.outbox.db.0a1b.copying-wal", "dragon/key.json", "dragon/asleep.json.damaged",
    "dragon/models-pinned.json", "dragon/models.last-good.toml",
    "elsewhere", "coordinator-moved-20260102-030405/state.db", "dragon-left-20260102-030405/key",
    "dragon/parted-20260102-030405/journal.db",
    "upgrade.lock", "upgrade/upgrade.json", "upgrade/before/dragon/key", "upgrade/after.1/x",
)  # fmt: skip


def left(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_a_home_of_ours_alone_goes_whole(home: Home) -> None:
    write(home.root, *OURS)
    (home.root / "joining").mkdir()
    assert list(uninstalling.remove(home)) == [f"{home.root}: removed"]
    assert not home.root.exists()


def test_in_a_directory_that_others_use_only_what_is_ours_goes(home: Home) -> None:
    theirs = {
        "thesis.txt", "code/a.py", "tui.toml", "developer/novel.txt", "developer/src/b.py",
        "dragon/drawing.png", "dragon/models.toml", "dragon/.hidden.png", "developer.lock.txt",
        ".key", "parted-20260102-030405/a.txt", "dragon-left-home/a.txt",
    }  # fmt: skip
    write(home.root, *OURS, *theirs)
    (home.root / "up.lock").symlink_to(home.root / "thesis.txt")
    staying = uninstalling.stays(home)
    said = list(uninstalling.remove(home))
    assert left(home.root) == theirs | {"up.lock"}
    assert not (home.root / "coordinator").exists()
    assert [line.strip() for line in said[1:]] == [str(path) for path in staying]
    assert {"thesis.txt", "code", "models.toml", "up.lock", "novel.txt"} <= {
        p.name for p in staying
    }


def test_directories_with_our_names_that_were_never_ours_are_left(home: Home) -> None:
    theirs = {"developer/proofs/lemma.tex", "dragon/key", "ports.json"}
    write(home.root, *theirs)
    (home.root / "coordinator").mkdir()
    assert not uninstalling.is_ours(home)
    assert "does not look like" in next(iter(uninstalling.remove(home)))
    assert left(home.root) == theirs
    assert (home.root / "coordinator").is_dir()


def test_what_a_link_leads_to_is_left(home: Home, tmp_path: Path) -> None:
    write(tmp_path / "elsewhere", "machine_id", "photo.jpg")
    write(home.root, "coordinator/state.db")
    (home.root / "developer").symlink_to(tmp_path / "elsewhere")
    (home.root / "coordinator" / "identity").symlink_to(tmp_path / "elsewhere")
    list(uninstalling.remove(home))
    assert left(tmp_path / "elsewhere") == {"machine_id", "photo.jpg"}
    assert [path.name for path in home.root.iterdir()] == ["developer"]


def test_what_is_said_to_be_lost_is_what_goes(home: Home) -> None:
    write(home.root, *OURS, "thesis.txt")
    (loss,) = uninstalling.losses(home, everything=True)
    assert f"{len(OURS)} files" in loss.what
    assert uninstalling.stays(home) == (home.root / "thesis.txt",)


@pytest.mark.parametrize("shell", uninstalling.SHELLS)
def test_an_rc_file_in_any_encoding_is_byte_for_byte_what_it_was(
    user: Path, shell: completion.Shell
) -> None:
    path = recorded.rc_file(shell)
    assert path is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(BYTES + b"\n")
    path.chmod(0o640)
    assert recorded.change(shell, install=True) == 0
    completion.install(shell)
    written = path.read_bytes()
    assert BYTES in written
    assert recorded.SIGN.encode() in written
    assert (completion.SIGN.encode() in written) == (shell != "fish")
    assert f"{path}: took the line out" in list(uninstalling.take_lines_out())
    assert path.read_bytes() == BYTES + b"\n"
    assert path.stat().st_mode & 0o777 == 0o640


def test_an_rc_file_that_cannot_be_read_keeps_no_other_line_in_its_shell(user: Path) -> None:
    completion.install("bash")
    completion.install("zsh")
    (user / ".bashrc").unlink()
    (user / ".bashrc").mkdir()
    said = list(uninstalling.take_lines_out())
    assert f"{user / '.bashrc'} was left as it is: Is a directory" in said
    assert not (user / ".zshrc").exists()
    assert not completion.script_file("zsh").exists()
