"""The environment of a failure is found again by what was recorded, or it is said to differ."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from common.model.ids import content_hash
from developer_node.proof.hindrance import Hindrance
from developer_node.proof.surroundings import Recorded, Surroundings, check_locks, find
from developer_node.text.environment import find_python, lock_hash, packages_blob, variables_blob

KEY = b"k" * 32


def _venv(place: Path, version: str, *packages: str) -> Path:
    """As far as files tell."""
    site = place / "lib" / "python3.11" / "site-packages"
    site.mkdir(parents=True)
    for package in packages:
        (site / f"{package}.dist-info").mkdir()
    (place / "bin").mkdir()
    (place / "bin" / "python").touch(0o755)
    (place / "pyvenv.cfg").write_text(f"version = {version}\n")
    return place


@pytest.fixture
def root(tmp_path: Path) -> Path:
    _venv(tmp_path / "repo" / ".venv", "3.11.7", "requests-2.32.0")
    (tmp_path / "empty").mkdir()
    return tmp_path / "repo"


def then(root: Path, environment: dict[str, str]) -> Recorded:
    """As the recorder would have noted it."""
    python = find_python(["python"], root, environment)
    lines = variables_blob(environment, KEY).decode().splitlines()
    variables = dict(line.split("=") for line in lines)
    return Recorded(python.name, content_hash(packages_blob(python)), variables, lock_hash(root))


def _find(recorded: Recorded, root: Path, own: dict[str, str]) -> Surroundings:
    return find(recorded, "python -m pytest", root, root, KEY, own)


def test_an_activated_environment_is_found_though_the_daemon_has_none(root: Path) -> None:
    """The person's shell had activated .venv; the daemon was started elsewhere."""
    activated = {"PATH": f"{root}/.venv/bin:/usr/bin", "VIRTUAL_ENV": f"{root}/.venv"}
    found = _find(then(root, activated), root, {"PATH": "/usr/bin", "LANG": "C"})
    assert found.variables == {**activated, "LANG": "C"}
    assert found.lost == ()


def test_a_variable_with_the_same_value_is_given_and_one_with_another_is_named(root: Path) -> None:
    recorded = then(root, {"PATH": "/usr/bin", "MODE": "fast", "SEED": "1"})
    found = _find(recorded, root, {"PATH": "/usr/bin", "MODE": "fast", "SEED": "2", "OWN": "x"})
    assert found.variables["MODE"] == "fast"
    assert {"SEED", "OWN"} & set(found.variables) == set()
    assert found.sentence() == "set otherwise then: SEED"


def test_other_packages_than_then_are_a_difference(root: Path) -> None:
    recorded = then(root, {"PATH": f"{root}/.venv/bin:{root.parent}/empty"})
    site = root / ".venv" / "lib" / "python3.11" / "site-packages"
    os.rename(site / "requests-2.32.0.dist-info", site / "requests-2.33.0.dist-info")
    with pytest.raises(Hindrance, match="environment differs: other packages are installed now"):
        _find(recorded, root, {"PATH": f"{root.parent}/empty"})


def test_another_interpreter_than_then_is_a_difference(root: Path) -> None:
    recorded = then(root, {"PATH": f"{root}/.venv/bin:{root.parent}/empty"})
    (root / ".venv" / "pyvenv.cfg").write_text("version = 3.12.1\n")
    with pytest.raises(Hindrance, match=r"CPython 3.11.7 then, CPython 3.12.1 now"):
        _find(recorded, root, {"PATH": f"{root.parent}/empty"})


def test_lock_files_that_changed_outside_git_are_a_difference(root: Path) -> None:
    (root / "uv.lock").write_text("one\n")
    recorded = then(root, {"PATH": "/usr/bin"})
    check_locks(recorded, root)
    (root / "uv.lock").write_text("two\n")
    with pytest.raises(Hindrance, match="lock files"):
        check_locks(recorded, root)


def test_the_daemons_own_sockets_are_given_to_nobody(root: Path) -> None:
    own = {"PATH": "/usr/bin", "SSH_AUTH_SOCK": "/run/agent", "POSTDEVAI_HOME": "/memory"}
    assert set(_find(then(root, own), root, own).variables) == {"PATH"}
