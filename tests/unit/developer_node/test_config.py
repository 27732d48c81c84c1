"""The command line of the laptop's daemon."""

from __future__ import annotations

from pathlib import Path

import pytest

from developer_node.config import parse


def test_every_option_arrives(tmp_path: Path) -> None:
    words = ["--home", str(tmp_path), "--join-file", "/c", "--repo", "/a", "--repo", "/b"]
    config = parse([*words, "--die-with-parent"])
    assert config.home.root == tmp_path
    assert config.join_file == Path("/c")
    assert config.repositories == (Path("/a"), Path("/b"))
    assert config.die_with_parent


def test_a_relative_repository_is_meant_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse(["--home", str(tmp_path), "--repo", "x"]).repositories == (tmp_path / "x",)


def test_wrong_usage_ends_with_two(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--home", str(tmp_path), "--nonsense"])
    assert ended.value.code == 2
