"""What is made of the words of macOS's `security`, as they are recorded."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from common.daemon import keychain
from common.daemon.keychain import SecurityTool
from common.errors import Denied, Invalid, Missing

NOT_FOUND = (
    "security: SecKeychainSearchCopyNext: The specified item could not be found in the keychain."
)


def _tool(monkeypatch: pytest.MonkeyPatch, directory: Path, script: str) -> Path:
    path = directory / "security"
    path.write_text(f'#!/bin/sh\necho "$@" >> {directory}/asked\n{script}\n')
    path.chmod(stat.S_IRWXU)
    monkeypatch.setattr(keychain, "TOOL", str(path))
    return directory / "asked"


def test_a_secret_is_given_on_standard_input_not_as_an_argument(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = _tool(monkeypatch, tmp_path, f"cat > {tmp_path}/heard")
    SecurityTool().put("0a1b", "5ec2e7")
    assert asked.read_text() == "-i\n"
    said = (tmp_path / "heard").read_text()
    assert said == "add-generic-password -a 0a1b -s postdevai -j PostDevAI -w 5ec2e7\n"


def test_a_secret_is_read_without_its_line_feed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = _tool(monkeypatch, tmp_path, "echo 5ec2e7")
    assert SecurityTool().get("0a1b") == "5ec2e7"
    assert asked.read_text() == "find-generic-password -a 0a1b -s postdevai -w\n"


def test_none_of_this_name_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _tool(monkeypatch, tmp_path, f'echo "{NOT_FOUND}" >&2; exit 44')
    with pytest.raises(Missing):
        SecurityTool().get("0a1b")
    with pytest.raises(Missing):
        SecurityTool().remove("0a1b")


@pytest.mark.parametrize("code", [36, 51, 128])
def test_a_refusal_is_denied(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: int) -> None:
    _tool(monkeypatch, tmp_path, f'cat > /dev/null; echo "security: refused" >&2; exit {code}')
    with pytest.raises(Denied):
        SecurityTool().get("0a1b")
    with pytest.raises(Denied, match="refused"):
        SecurityTool().put("0a1b", "5ec2e7")


def test_an_error_of_the_interactive_mode_is_seen_though_it_exits_with_0(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _tool(monkeypatch, tmp_path, 'cat > /dev/null; echo "add-generic-password: returned 45" >&2')
    with pytest.raises(Denied, match="45"):
        SecurityTool().put("0a1b", "5ec2e7")


def test_a_machine_without_the_tool_is_denied(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(keychain, "TOOL", str(tmp_path / "none"))
    with pytest.raises(Denied, match="did not answer"):
        SecurityTool().get("0a1b")


def test_words_that_the_tool_would_take_apart_are_refused() -> None:
    with pytest.raises(Invalid):
        SecurityTool().put("0a1b", "5ec2e7 -A")
