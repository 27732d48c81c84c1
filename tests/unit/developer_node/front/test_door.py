"""A front end gives its questions to nobody's daemon but its owner's."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from common.daemon.home import Home, Ready
from common.daemon.locks import only_instance
from common.errors import Corrupt, Denied, Unavailable
from developer_node.front.door import find_door


@pytest.fixture
def home(tmp_path: Path) -> Generator[Home]:
    """As a daemon leaves it that serves."""
    made = Home.from_env(str(tmp_path / "home"))
    sockets = tmp_path / "sockets"
    sockets.mkdir(0o700)
    token = made.directory("developer") / "token"
    token.touch(0o600)
    token.write_text("secret\n")
    extra = {"socket": str(sockets / "s"), "token_file": str(token)}
    with only_instance(made.lock_path("developer"), "developer"):
        made.write_ready(Ready("developer", os.getpid(), "", 1, "0", extra))
        yield made


def test_the_door_is_where_the_ready_file_says(home: Home, tmp_path: Path) -> None:
    door = find_door(home)
    assert (door.socket, door.token) == (tmp_path / "sockets" / "s", "secret")


@pytest.mark.parametrize("mode", [0o710, 0o707, 0o770])
def test_a_directory_open_to_others_is_refused(home: Home, tmp_path: Path, mode: int) -> None:
    (tmp_path / "sockets").chmod(mode)
    with pytest.raises(Denied, match="open to others"):
        find_door(home)


def test_a_directory_that_is_a_link_is_refused(home: Home, tmp_path: Path) -> None:
    (tmp_path / "sockets").rename(tmp_path / "elsewhere")
    (tmp_path / "sockets").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Denied, match="not what it should be"):
        find_door(home)


def test_a_directory_of_somebody_else_is_refused(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(Denied, match="belongs to somebody else"):
        find_door(home)


def test_a_token_that_is_gone_means_that_the_daemon_is(home: Home) -> None:
    (home.directory("developer") / "token").unlink()
    with pytest.raises(Unavailable, match="has gone"):
        find_door(home)


def test_a_ready_file_without_a_socket_is_corrupt(home: Home) -> None:
    home.write_ready(Ready("developer", os.getpid(), "", 1, "0", {}))
    with pytest.raises(Corrupt, match="socket"):
        find_door(home)
