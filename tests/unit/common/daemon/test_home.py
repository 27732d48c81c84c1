"""HOME is private, and a ready file is believed only while its process lives."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from common.daemon.home import Home, Ready, models_directory
from common.daemon.locks import held, only_instance
from common.daemon.ports import Ports
from common.errors import Conflict, Denied, Invalid


def ready(pid: int) -> Ready:
    return Ready("dragon", pid, "127.0.0.1:1", 1, "0", {"a": "b"})


def test_home_is_the_one_that_was_named_else_the_environments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTDEVAI_HOME", str(tmp_path / "env"))
    assert Home.from_env(str(tmp_path / "named")).root == tmp_path / "named"
    assert Home.from_env().root == tmp_path / "env"
    monkeypatch.delenv("POSTDEVAI_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Home.from_env().root == tmp_path / ".postdevai"


def test_home_and_all_in_it_are_private(tmp_path: Path) -> None:
    home = Home.from_env(str(tmp_path / "home"))
    (home.root / "dragon").mkdir(mode=0o755)
    made = (home.root, home.directory("dragon"), home.identity_directory("dragon"))
    assert all(path.stat().st_mode & 0o777 == 0o700 for path in made)


@pytest.mark.parametrize("mode", [0o1777, 0o755, 0o710])
def test_a_directory_that_others_may_enter_is_refused_and_left_as_it_is(
    tmp_path: Path, mode: int
) -> None:
    root = tmp_path / "a home"
    root.mkdir()
    root.chmod(mode)
    with pytest.raises(Denied, match="is open to others") as refused:
        Home.from_env(str(root))
    shared = mode & 0o1000
    assert (f"chmod 700 '{root}'" in refused.value.hint) is not bool(shared)
    assert "POSTDEVAI_HOME" in refused.value.hint
    assert root.stat().st_mode & 0o7777 == mode


def test_a_home_that_cannot_be_made_is_refused_and_says_where_to_name_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Denied, match="cannot be made") as by_option:
        Home.from_env(str(tmp_path / "file" / "home"))
    monkeypatch.setenv("POSTDEVAI_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(Denied, match="cannot be made") as by_environment:
        Home.from_env()
    assert "POSTDEVAI_HOME or --home" in by_option.value.hint
    assert "POSTDEVAI_HOME" in by_environment.value.hint
    assert "--home" not in by_environment.value.hint


def test_a_home_that_cannot_be_written_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As on a read-only mount, where the mode is right and yet nothing can be kept."""
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)  # type: ignore[reportUnknownLambdaType]
    with pytest.raises(Denied, match="cannot be written"):
        Home.from_env(str(tmp_path / "home"))


def test_a_home_of_a_user_nobody_knows_is_refused() -> None:
    with pytest.raises(Denied, match="~no-such-user/x"):
        Home.from_env("~no-such-user/x")


def test_a_home_that_is_a_file_is_invalid(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(Invalid, match="is a file"):
        Home.from_env(str(tmp_path / "home"))


def test_ready_is_believed_only_while_its_process_holds_the_lock(tmp_path: Path) -> None:
    home = Home.from_env(str(tmp_path / "home"))
    home.directory("dragon")
    assert home.ready("dragon") is None
    with only_instance(home.lock_path("dragon"), "dragon"):
        assert home.ready("dragon") is None
        home.write_ready(ready(os.getpid()))
        assert home.ready("dragon") == ready(os.getpid())
    assert home.ready("dragon") is None  # the file is there, the daemon is not


def test_ready_of_a_dead_process_is_not_believed(tmp_path: Path) -> None:
    home = Home.from_env(str(tmp_path / "home"))
    home.directory("dragon")
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    with only_instance(home.lock_path("dragon"), "dragon"):
        home.write_ready(ready(process.pid))
        assert home.ready("dragon") is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"role": "dragon"}'])
def test_a_torn_ready_file_is_no_ready_file(tmp_path: Path, text: str) -> None:
    home = Home.from_env(str(tmp_path / "home"))
    home.directory("dragon")
    home.ready_path("dragon").write_text(text)
    assert home.ready("dragon") is None


def test_the_second_instance_is_told_who_is_first(tmp_path: Path) -> None:
    lock = tmp_path / "dragon.lock"
    with (
        only_instance(lock, "dragon"),
        pytest.raises(Conflict, match=f"runs already \\(pid {os.getpid()}\\)"),
        only_instance(lock, "dragon"),
    ):
        pass
    with only_instance(lock, "dragon"):
        pass


def test_the_runtime_directory_is_short_private_and_one_per_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("long" * 40)
    found = {
        Home.from_env(str(root)).runtime_directory()
        for root in (deep / "a", deep / "b", deep / "a")
    }
    assert len(found) == 2
    for directory in found:
        assert len(os.fsencode(directory / "developer.sock")) <= 103
        assert directory.stat().st_mode & 0o777 == 0o700
        assert directory.stat().st_uid == os.getuid()


def test_the_runtime_directory_goes_when_its_daemon_has_gone(tmp_path: Path) -> None:
    home = Home.from_env(str(tmp_path / "home"))
    directory = home.runtime_directory()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(directory / "developer.sock"))
    with only_instance(home.lock_path("developer"), "developer"):
        home.leave_runtime_directory()
    assert (directory / "developer.sock").exists()
    home.leave_runtime_directory()
    assert not directory.exists()
    home.leave_runtime_directory()


def test_a_runtime_directory_with_a_file_of_somebody_stays(tmp_path: Path) -> None:
    home = Home.from_env(str(tmp_path / "home"))
    note = home.runtime_directory() / "note"
    note.write_text("")
    home.leave_runtime_directory()
    assert note.exists()
    note.unlink()
    home.leave_runtime_directory()


def test_a_runtime_directory_that_others_prepared_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody may write to /tmp: a link there would put our sockets in their directory."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000)
    link = Path("/tmp/postdevai-4000000")
    link.symlink_to(tmp_path)
    try:
        with pytest.raises(Denied, match="is a link"):
            Home(tmp_path / "home").runtime_directory()
    finally:
        link.unlink()


def test_models_are_shared_by_all_homes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("POSTDEVAI_MODELS", str(tmp_path / "m"))
    assert models_directory() == tmp_path / "m"
    monkeypatch.delenv("POSTDEVAI_MODELS")
    assert models_directory().parts[-2:] == ("postdevai", "models")


def test_ports_are_remembered_and_a_lost_file_costs_only_the_habit(tmp_path: Path) -> None:
    home = Home.from_env(str(tmp_path / "home"))
    assert Ports.of(home).usual("dragon") == 50051
    Ports.of(home).remember("dragon", 4242)
    Ports.of(home).remember("coordinator", 4243)
    assert (Ports.of(home).usual("dragon"), Ports.of(home).usual("coordinator")) == (4242, 4243)
    Ports.of(home).path.write_text("torn {")
    assert Ports.of(home).usual("dragon") == 50051


def test_a_held_lock_is_held_for_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "turn.lock"
    with held(path), path.open("rb") as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
