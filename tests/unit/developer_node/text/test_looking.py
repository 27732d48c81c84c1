"""What somebody only looked at did not fail here."""

from __future__ import annotations

import pytest

from common.model.event import CommandFinished, Output
from developer_node.text.failures import from_text, interpret
from developer_node.text.looking import only_looks

LOG = 'shop/cart.py:17: error: Name "x" is not defined  [name-defined]\n'


@pytest.mark.parametrize(
    "command",
    [
        "cat build.log",
        "tail -f /var/log/app.log | grep -E 'error|panic'",
        "git --no-pager diff --exit-code",
        "git log -p | head -50 > out.txt",
        "sudo journalctl -u shop",
        "LC_ALL=C grep -rn 'TODO; x' . && ls",
        "docker logs web 2>&1 | less",
    ],
)
def test_a_command_that_only_shows_fails_with_nothing_of_what_it_shows(command: str) -> None:
    assert only_looks(command)
    shown = CommandFinished(command, "/r", (1,), 1, Output(LOG))
    assert interpret(shown, "/r").failures == ()


@pytest.mark.parametrize(
    "command",
    ["mypy .", "make 2>&1 | tee build.log", "cat list | xargs mypy", "git push", "", "cat 'x"],
)
def test_any_other_is_heard(command: str) -> None:
    """The control case, and the unsure ones."""
    assert not only_looks(command)
    done = CommandFinished(command, "/r", (1,), 1, Output(LOG))
    assert [f.tool for f in interpret(done, "/r").failures] == ["mypy"]


def test_a_file_that_cannot_be_shown_is_the_commands_own_failure() -> None:
    gone = Output("cat: build.log: No such file or directory\n")
    (failure,) = interpret(CommandFinished("cat build.log", "/r", (1,), 1, gone), "/r").failures
    assert failure.tool == "shell"


def test_pasted_words_are_not_believed_to_be_an_unknown_tools_error() -> None:
    assert from_text("zip: error: no such archive", "/r", "/r") is None
    assert from_text("make: *** [Makefile:2: test] Error 2", "/r", "/r") is None
    assert from_text(LOG, "/r", "/r") is not None
