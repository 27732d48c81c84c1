"""Where the nodes of a machine listen is kept for every start."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.daemon.home import Home
from common.daemon.listening import in_words, listen_at, listens_at
from common.errors import Invalid


def test_it_is_loopback_until_something_else_is_said(tmp_path: Path) -> None:
    home = Home.from_env(str(tmp_path))
    assert listens_at(home) == "127.0.0.1"
    assert listen_at(home, "all")
    assert listens_at(home) == "0.0.0.0"
    assert not listen_at(home, "0.0.0.0")
    assert listen_at(home, "127.0.0.1")
    assert listens_at(home) == "127.0.0.1"


def test_what_is_no_address_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    home = Home.from_env(str(tmp_path))
    listen_at(home, "all")
    with pytest.raises(Invalid, match="no address to listen on"):
        listen_at(home, "my-laptop")
    assert listens_at(home) == "0.0.0.0"


def test_a_file_that_cannot_be_read_means_loopback(tmp_path: Path) -> None:
    home = Home.from_env(str(tmp_path))
    (home.root / "host").write_bytes(b"\xff\x00 nonsense")
    assert listens_at(home) == "127.0.0.1"


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("0.0.0.0", "at every address of this machine"),
        ("127.0.0.1", "for this machine alone"),
        ("192.168.1.7", "at 192.168.1.7"),
    ],
)
def test_people_are_told_who_may_connect(host: str, said: str) -> None:
    assert in_words(host) == said
