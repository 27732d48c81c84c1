"""The environment is read from files, and only what matters tells two of them apart."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from developer_node.text.environment import (
    find_python,
    lock_hash,
    packages_blob,
    variables_blob,
)


def _venv(root: Path, *distributions: str) -> Path:
    packages = root / "lib" / "python3.11" / "site-packages"
    packages.mkdir(parents=True)
    for name in distributions:
        (packages / name).mkdir()
    (root / "bin").mkdir()
    python = root / "bin" / "python"
    python.write_bytes(b"\x7fELF")
    python.chmod(0o755)
    (root / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.2\n")
    return root


def test_packages_are_those_of_the_first_python_on_the_path(tmp_path: Path) -> None:
    first = _venv(tmp_path / "one", "Foo_Bar-1.2.dist-info", "old-0.1-py3.11.egg-info", "foo_bar")
    second = _venv(tmp_path / "two", "other-9.dist-info")
    path = f"{first / 'bin'}:{second / 'bin'}"
    python = find_python(["make", "test"], tmp_path, {"PATH": path})
    assert python.name == "CPython 3.11.2"
    assert packages_blob(python) == b"foo-bar==1.2\nold==0.1\n"


def test_a_script_is_run_by_the_python_of_its_first_line(tmp_path: Path) -> None:
    mine = _venv(tmp_path / "mine", "pytest-8.0.dist-info")
    other = _venv(tmp_path / "other")
    script = tmp_path / "pytest"
    script.write_text(f"#!{mine / 'bin' / 'python'}\n")
    script.chmod(0o755)
    python = find_python(["./pytest"], tmp_path, {"PATH": str(other / "bin")})
    assert packages_blob(python) == b"pytest==8.0\n"


def test_a_project_tool_finds_the_environment_of_its_project(tmp_path: Path) -> None:
    _venv(tmp_path / "project" / ".venv", "here-1.dist-info")
    tool = tmp_path / "bin" / "uv"
    tool.parent.mkdir()
    tool.write_bytes(b"\x7fELF")
    tool.chmod(0o755)
    below = tmp_path / "project" / "src"
    below.mkdir()
    python = find_python(["uv", "run", "pytest"], below, {"PATH": str(tool.parent)})
    assert packages_blob(python) == b"here==1\n"


def test_behind_a_shim_is_the_version_that_the_directory_names(tmp_path: Path) -> None:
    for version in ("3.9.1", "3.11.7", "3.11.10"):
        (tmp_path / "versions" / version / "bin").mkdir(parents=True)
        python = tmp_path / "versions" / version / "bin" / "python"
        python.write_bytes(b"\x7fELF")
    shim = tmp_path / "shims" / "python"
    shim.parent.mkdir()
    shim.write_text("#!/usr/bin/env bash\n")
    shim.chmod(0o755)
    (tmp_path / "version").write_text("3.9.1\n")
    work = tmp_path / "work"
    work.mkdir()
    path = {"PATH": str(shim.parent)}
    assert find_python(["python"], work, path).name == "CPython 3.9.1"
    (work / ".python-version").write_text("3.11\n")
    assert find_python(["python"], work, path).name == "CPython 3.11.10"


def test_without_any_python_nothing_is_claimed(tmp_path: Path) -> None:
    python = find_python(["true"], tmp_path, {"PATH": str(tmp_path)})
    assert (python.name, packages_blob(python)) == ("", b"")


def test_variables_show_names_and_no_value() -> None:
    blob = variables_blob({"API": "swordfish", "EMPTY": ""}, b"k" * 16)
    assert b"swordfish" not in blob
    assert [line.split(b"=")[0] for line in blob.splitlines()] == [b"API", b"EMPTY"]


_OF_THE_SHELL = """
PWD OLDPWD SHLVL _ COLUMNS LINES TERM TERM_SESSION_ID SSH_TTY XDG_SESSION_ID DISPLAY
WINDOWID PYTEST_CURRENT_TEST POSTDEVAI_HOME
"""


@pytest.mark.parametrize("name", _OF_THE_SHELL.split())
def test_what_differs_between_two_shells_does_not_tell_environments_apart(name: str) -> None:
    assert variables_blob({name: "1", "CI": "1"}, b"k") == variables_blob({"CI": "1"}, b"k")


def test_a_changed_value_tells_environments_apart() -> None:
    assert variables_blob({"CI": "1"}, b"k") != variables_blob({"CI": "2"}, b"k")


def test_the_same_value_under_another_key_has_another_hash() -> None:
    """A short value could otherwise be found by trying."""
    assert variables_blob({"PIN": "1234"}, b"one") != variables_blob({"PIN": "1234"}, b"two")


def test_a_variable_that_is_no_text_is_still_hashed() -> None:
    assert variables_blob({"ODD": os.fsdecode(b"\xff")}, b"k").startswith(b"ODD=")


def test_the_lock_hash_follows_content_and_name(tmp_path: Path) -> None:
    assert lock_hash(tmp_path) == ""
    (tmp_path / "requirements-dev.txt").write_text("foo==1\n")
    first = lock_hash(tmp_path)
    (tmp_path / "notes.txt").write_text("no lock file\n")
    assert lock_hash(tmp_path) == first != ""
    (tmp_path / "requirements-dev.txt").write_text("foo==2\n")
    assert lock_hash(tmp_path) != first
