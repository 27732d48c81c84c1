"""What units say: taken by systemd without a word, and read back as they were meant."""

from __future__ import annotations

import os
import plistlib
import shutil
import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.daemon.home import Home
from common.model.node import Role
from developer_node.front.service import files, launchd_unit, systemd_unit
from developer_node.front.service.files import ROLES
from developer_node.front.service.unit import (
    STOP_MAC_S,
    Scope,
    Unit,
    kept_environment,
    programs_here,
    unit_of,
)

ODD = "ho me %h $HOME 'q\""
analyze = shutil.which("systemd-analyze")


def made(home: Home, role: Role, scope: Scope, **environment: str) -> Unit:
    return unit_of(
        role, home, "systemd", scope,
        programs=programs_here(), environment=environment, beside=ROLES,
    )  # fmt: skip


@pytest.mark.skipif(analyze is None, reason="there is no systemd-analyze here (apt: systemd)")
@pytest.mark.parametrize("scope", get_args(Scope))
@pytest.mark.parametrize("name", ["home", ODD])
def test_systemd_takes_every_unit_without_a_word(tmp_path: Path, scope: Scope, name: str) -> None:
    assert analyze is not None
    home = Home.from_env(str(tmp_path / name))
    for role in ROLES:
        unit = made(home, role, scope, PATH="/usr/bin", POSTDEVAI_RAM='a "b" $x %h')
        (tmp_path / unit.name).write_text(systemd_unit.text(unit, 252))
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    done = subprocess.run(
        [analyze, "--man=no", f"--{scope}", "verify", *map(str, tmp_path.glob("*.service"))],
        env=os.environ | {"XDG_RUNTIME_DIR": str(runtime)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(analyze is None, reason="there is no systemd-analyze here (apt: systemd)")
def test_a_unit_that_is_wrong_is_told_so_that_silence_means_something(tmp_path: Path) -> None:
    """The control of the test above."""
    assert analyze is not None
    home = Home.from_env(str(tmp_path / "home"))
    text = systemd_unit.text(made(home, "dragon", "system"), 252)
    (tmp_path / "a.service").write_text(text.replace("KillMode=mixed", "KillMode=never\nNo=1"))
    done = subprocess.run(
        [analyze, "--man=no", "verify", str(tmp_path / "a.service")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "KillMode" in done.stderr or "No" in done.stderr


words = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs")), min_size=1)


@pytest.mark.parametrize("kind", ["systemd", "launchd"])
@given(home=words, program=words, value=words)
def test_a_unit_is_read_back_as_it_was_meant(
    kind: Any, home: str, program: str, value: str
) -> None:
    unit = Unit("dragon", kind, "user", Path("/h") / home, Path("/p") / program,
                environment={"POSTDEVAI_RAM": value})  # fmt: skip
    data = files.content(unit, 252)
    read = files.parsed(kind, data)
    assert read == (list(unit.words), str(unit.home))


@pytest.mark.parametrize("role", ROLES)
def test_a_property_list_waits_long_and_gives_the_settings_on(tmp_path: Path, role: Role) -> None:
    home = Home.from_env(str(tmp_path / ODD))
    unit = unit_of(role, home, "launchd", "system", programs=Path("/p"),
                   environment={"POSTDEVAI_RAM": "shm", "EDITOR": "vi"})  # fmt: skip
    said = plistlib.loads(launchd_unit.plist(unit))
    assert said["Label"] == f"com.postdevai.{role}"
    assert said["ProgramArguments"][0] == f"/p/{role}-node"
    assert said["ExitTimeOut"] == STOP_MAC_S[role] >= 60
    assert said["KeepAlive"] == {"SuccessfulExit": False}
    settings = said["EnvironmentVariables"]
    assert settings["POSTDEVAI_HOME"] == str(home.root)
    assert settings["POSTDEVAI_SERVICE"] == "launchd:system"
    assert settings["POSTDEVAI_RAM"] == "shm" and "EDITOR" not in settings
    assert said["UserName"]


@pytest.mark.skipif(shutil.which("plutil") is None, reason="there is no plutil here (macOS)")
@pytest.mark.parametrize("role", ROLES)
def test_plutil_takes_every_property_list(tmp_path: Path, role: Role) -> None:
    unit = Unit(role, "launchd", "user", tmp_path / ODD, Path("/p/node"))
    path = tmp_path / "unit.plist"
    path.write_bytes(launchd_unit.plist(unit))
    done = subprocess.run(["plutil", "-lint", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_a_restart_waits_longer_each_time_only_where_systemd_can(tmp_path: Path) -> None:
    unit = made(Home.from_env(str(tmp_path)), "dragon", "user")
    assert "RestartSteps" not in systemd_unit.text(unit, 253)
    assert "RestartSteps=5\nRestartMaxDelaySec=300s" in systemd_unit.text(unit, 254)
    for version in (0, 254):
        text = systemd_unit.text(unit, version)
        assert "StartLimitIntervalSec=0" in text
        assert "RestartPreventExitStatus=2 5" in text


def test_the_coordinator_comes_first_where_there_is_one(tmp_path: Path) -> None:
    home = Home.from_env(str(tmp_path))
    first = "After=postdevai-coordinator.service"
    assert first in systemd_unit.text(made(home, "developer", "user"))
    assert first not in systemd_unit.text(made(home, "coordinator", "user"))
    alone = Unit("dragon", "systemd", "user", tmp_path, Path("/p/dragon-node"))
    assert first not in systemd_unit.text(alone)


def test_a_unit_takes_over_settings_and_nothing_of_the_shell_it_was_typed_in() -> None:
    typed = {"POSTDEVAI_TTY": "/dev/pts/1", "POSTDEVAI_HOME": "/x", "SECRET": "s",
             "POSTDEVAI_LAKE_BYTES": "1GB", "PATH": "/a:b:/c"}  # fmt: skip
    assert kept_environment(typed, "user") == {"POSTDEVAI_LAKE_BYTES": "1GB", "PATH": "/a:/c"}
    assert kept_environment(typed, "system")["PATH"] == "/usr/local/bin:/usr/bin:/bin"
