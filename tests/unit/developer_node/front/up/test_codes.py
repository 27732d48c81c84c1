"""Which nodes `up` starts: those that live here, and none that has moved to another machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.daemon.elsewhere import came, roles_elsewhere, went
from common.daemon.home import Home
from common.errors import Missing
from common.model.node import Role
from developer_node.front.up.codes import roles_here
from developer_node.front.up.daemons import ORDER


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.from_env(str(tmp_path / "home"))


def enrolled(home: Home, *roles: Role) -> None:
    for role in roles:
        (home.identity_directory(role) / "leaf.pem").write_text("x")


def test_a_new_home_gets_all_three(home: Home) -> None:
    assert roles_here(home, ORDER) == ORDER


def test_a_machine_that_joined_starts_only_what_joined(home: Home) -> None:
    enrolled(home, "dragon")
    assert roles_here(home, ORDER) == ("dragon",)


def test_a_dragon_that_has_left_is_not_made_anew(home: Home) -> None:
    enrolled(home, "coordinator", "developer")
    went(home, ("dragon",))
    assert roles_here(home, ORDER) == ("coordinator", "developer")


def test_a_coordinator_that_has_left_is_not_made_anew_by_its_log(home: Home) -> None:
    """A directory that is left, or made by whoever looks for the log, is no Coordinator."""
    enrolled(home, "developer")
    went(home, ("coordinator", "dragon"))
    home.log_path("coordinator")
    assert roles_here(home, ORDER) == ("developer",)


def test_a_home_that_all_have_left_is_refused(home: Home) -> None:
    went(home, ORDER)
    with pytest.raises(Missing, match="all have moved"):
        roles_here(home, ORDER)


def test_what_is_back_is_started_again(home: Home) -> None:
    enrolled(home, "developer")
    went(home, ("coordinator", "dragon"))
    enrolled(home, "dragon")
    came(home, "dragon")
    assert roles_here(home, ORDER) == ("dragon", "developer")
    came(home, "coordinator")
    assert roles_elsewhere(home) == frozenset()
    assert not (home.root / "elsewhere").exists()
