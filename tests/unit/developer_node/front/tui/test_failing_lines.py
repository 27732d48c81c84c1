"""Where an output tells of its failures."""

from __future__ import annotations

from pathlib import Path

from common.model.event import CommandFinished
from common.model.failure import Failure, Frame
from developer_node.front.tui.failing_lines import failing_lines

OUTPUT = """\
collected 2 items
tests/test_a.py:9: in test_a
lib/x.py:3: ValueError
E   ValueError: no
tests/test_b.py:31: AssertionError
""".splitlines()


def failure(path: str, line: int, message: str = "", test: str = "") -> Failure:
    frames = (Frame(path, "f", line, in_app=True),) if path else ()
    return Failure("pytest", "TypeError", "test", message, message, test=test, frames=frames)


def ran(*failures: Failure) -> CommandFinished:
    return CommandFinished("pytest", "/w", (1,), 5, failures=failures)


def test_each_failure_has_the_line_that_names_its_place_in_the_order_of_the_text() -> None:
    stops = failing_lines(OUTPUT, ran(failure("tests/test_b.py", 31), failure("lib/x.py", 3)))
    assert [(stop.line, stop.at) for stop in stops] == [(3, 3), (5, 31)]
    assert [stop.file for stop in stops] == [Path("/w/lib/x.py"), Path("/w/tests/test_b.py")]


def test_without_a_place_the_message_is_found() -> None:
    (stop,) = failing_lines(OUTPUT, ran(failure("", 0, "ValueError: no\nmore")))
    assert (stop.line, stop.file) == (4, None)


def test_what_the_text_does_not_tell_has_no_line() -> None:
    assert failing_lines(OUTPUT, ran(failure("gone.py", 1, "other", "test_gone"))) == ()
    assert failing_lines([], ran(failure("lib/x.py", 3))) == ()
