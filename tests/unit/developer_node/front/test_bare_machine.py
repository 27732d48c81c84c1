"""A machine that lacks something hears which line to type, never a stack trace."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from developer_node.front import bare_machine, cli


def test_here_nothing_is_lacking() -> None:
    assert bare_machine.lacking() == ()


def test_what_is_lacking_is_named_with_who_needs_it() -> None:
    assert bare_machine.lacking(lambda module: module != "tantivy") == ("tantivy (for the Dragon)",)
    assert "tantivy (for the Dragon)" in bare_machine.refusal(["tantivy (for the Dragon)"])


def test_a_package_inside_a_missing_package_is_lacking_too() -> None:
    assert not bare_machine._is_there("no_such_package.inside")


@pytest.mark.parametrize(("platform", "line"), [("darwin", "brew install"), ("linux", "apt-get")])
def test_an_old_python_hears_the_line_for_its_machine(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    platform: str,
    line: str,
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 6))
    monkeypatch.setattr(sys, "platform", platform)
    assert cli.main(["up"]) == 2
    said = capsys.readouterr().err
    assert "this is 3.9" in said and line in said


def test_what_an_old_python_reads_first_is_written_for_it() -> None:
    source = Path(cli.__file__).read_text()
    ast.parse(source, feature_version=(3, 9))
    loaded = [n for n in ast.parse(source).body if isinstance(n, ast.Import | ast.ImportFrom)]
    names = {a.name for node in loaded for a in node.names}
    assert names == {"annotations", "sys"}
