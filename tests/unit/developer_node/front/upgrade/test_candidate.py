"""What --to may name, which version comes after which, and whose links are turned."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.daemon.formats import StoreFormat
from common.errors import Invalid, Missing, PostDevAIError
from developer_node.front.upgrade import links
from developer_node.front.upgrade.candidate import candidate, order
from developer_node.front.upgrade.environment import Environment
from developer_node.front.upgrade.moving import said_of_formats


def wheel(directory: Path, version: str) -> Path:
    path = directory / f"postdevai-{version}-py3-none-any.whl"
    path.touch()
    return path


def test_a_directory_means_the_newest_wheel_in_it(tmp_path: Path) -> None:
    for version in ("0.9.0", "0.10.0", "0.10.0rc1", "0.2.11"):
        wheel(tmp_path, version)
    found = candidate(str(tmp_path), network=False)
    assert (found.version, found.wheels) == ("0.10.0", tmp_path)
    assert candidate(str(wheel(tmp_path, "0.2.11")), network=False).version == "0.2.11"


def test_the_network_is_asked_only_where_the_person_said_so() -> None:
    with pytest.raises(Invalid, match="nobody allowed") as refused:
        candidate("0.2.0", network=False)
    assert "--network" in refused.value.hint
    assert candidate("0.2.0", network=True).wheels is None


@pytest.mark.parametrize(
    ("named", "error"), [("none/x.whl", Missing), ("newest", Invalid), ("", Invalid)]
)
def test_what_is_nothing_of_all_that_is_refused(
    named: str, error: type[PostDevAIError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((error, Missing)):
        candidate(named, network=False)


def test_versions_are_in_their_order() -> None:
    rising = ["0.2.0", "0.9.1", "0.10.0rc1", "0.10.0", "1.0.0"]
    assert sorted(reversed(rising), key=order) == rising


def test_an_environment_lies_beside_the_present_one_however_often(tmp_path: Path) -> None:
    for name in ("postdevai", "postdevai-0.2.0"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pyvenv.cfg").touch()
    first = Environment(tmp_path / "postdevai").beside("0.2.0")
    assert first.root == tmp_path / "postdevai-0.2.0"
    assert first.beside("0.3.0").root == tmp_path / "postdevai-0.3.0"
    with pytest.raises(Invalid, match="no environment of its own") as refused:
        Environment(tmp_path).beside("0.2.0")
    assert "--into" in refused.value.hint


def test_only_links_to_this_very_program_are_turned(tmp_path: Path) -> None:
    old, new, other = (tmp_path / name for name in ("old", "new", "other"))
    for directory in (old, new, other):
        directory.mkdir()
        (directory / "postdevai").touch()
    for name, target in (("a", old / "postdevai"), ("b", other / "postdevai")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "postdevai").symlink_to(target)
    path = f"{tmp_path / 'a'}:{tmp_path / 'b'}:{old}::/nowhere"
    found = links.leading_to(old, path)
    assert found == [tmp_path / "a" / "postdevai"]
    assert links.turn(found, new) == found
    assert found[0].resolve() == new / "postdevai"
    assert (tmp_path / "b" / "postdevai").resolve() == other / "postdevai"


def test_what_a_new_program_cannot_read_is_told() -> None:
    assert StoreFormat("a", 0, 3, 1).readable and StoreFormat("a", 1, 3, 1).readable
    assert not StoreFormat("a", 4, 3, 1).readable
    assert not StoreFormat("a", 1, 3, 2).readable
    assert not StoreFormat("a", 2, 3, 1, "damaged").readable


def test_formats_that_move_are_named() -> None:
    old = [StoreFormat("a", 2, 2, 1), StoreFormat("b", 0, 1, 1)]
    assert "stays as it is" in said_of_formats(old, old)
    new = [StoreFormat("a", 2, 3, 1), StoreFormat("b", 0, 1, 1), StoreFormat("c", 0, 1, 1)]
    assert said_of_formats(old, new) == "Formats: a from 2 to 3."
