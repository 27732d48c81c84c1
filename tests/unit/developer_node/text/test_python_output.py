"""Python's own tracebacks, printed by the real interpreter."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from common.model.event import CommandFinished, Output
from developer_node.text.failures import failed, from_text, interpret
from tests.support import shop_project


def run(root: Path, source: str) -> CommandFinished:
    shop_project.make(root)
    script = root / "job.py"
    script.write_text(f"import sys\nsys.path.insert(0, 'src')\n{source}\n")
    return shop_project.command(root, [sys.executable, "job.py"])


def test_an_exception_is_read_with_its_frames(tmp_path: Path) -> None:
    (failure,) = run(tmp_path, "from shop.cart import total\ntotal(['pear'])").failures
    assert (failure.tool, failure.code, failure.kind) == ("python", "KeyError", "runtime")
    own = [(f.path, f.function) for f in failure.frames if f.in_app]
    assert own[0] == ("job.py", "<module>")
    assert own[-1] == ("src/shop/cart.py", "price")


def test_an_exception_alone_is_known_by_its_words_and_identical_to_none(tmp_path: Path) -> None:
    (failure,) = run(tmp_path, "raise KeyError('region')").failures
    alone = from_text("KeyError: 'region'", "/x", "")
    assert alone is not None
    said = (alone.code, alone.normalised, alone.values)
    assert said == (failure.code, failure.normalised, failure.values)
    assert alone.fingerprint == ""


@pytest.mark.parametrize(
    "text", ["ERROR: it failed", "why does it say KeyError: 'region'", "KeyError: 'a'\nand more"]
)
def test_words_that_are_no_exception_alone_are_no_failure(text: str) -> None:
    assert from_text(text, "/x", "") is None


def test_a_chain_is_one_failure_with_its_cause(tmp_path: Path) -> None:
    (failure,) = run(tmp_path, "from shop.cart import checkout\ncheckout(['pear'])").failures
    assert failure.code == "CartError"
    assert failure.normalised.endswith("; from KeyError: <value>")


def test_two_causes_behind_one_wrapper_are_two_failures(tmp_path: Path) -> None:
    source = "try:\n    {}\nexcept Exception as e:\n    raise RuntimeError('cannot load') from e"
    (one,) = run(tmp_path / "a", source.format("open('nowhere')")).failures
    (two,) = run(tmp_path / "b", source.format("int('x')")).failures
    assert one.fingerprint != two.fingerprint


def test_a_handled_exception_that_was_logged_is_not_the_failure(tmp_path: Path) -> None:
    logged = "import logging\ntry:\n    1/0\nexcept ZeroDivisionError:\n    logging.exception('x')"
    (failure,) = run(tmp_path, f"{logged}\nraise ValueError('real')").failures
    assert failure.code == "ValueError"


def test_a_file_that_cannot_be_read_is_a_failure_without_a_traceback_header(
    tmp_path: Path,
) -> None:
    (failure,) = run(tmp_path, "def f(:").failures
    assert (failure.code, failure.kind) == ("SyntaxError", "build")
    assert [f.path for f in failure.frames if f.in_app] == ["job.py"]


def test_a_group_of_exceptions_is_told_by_what_is_in_it(tmp_path: Path) -> None:
    """All groups of a TaskGroup have one message: they would be one failure."""
    source = (
        "import asyncio\nasync def bad():\n    raise {}\nasync def main():\n"
        "    async with asyncio.TaskGroup() as g:\n        g.create_task(bad())\n"
        "asyncio.run(main())"
    )
    (one,) = run(tmp_path / "a", source.format("ValueError('v')")).failures
    (two,) = run(tmp_path / "b", source.format("KeyError('v')")).failures
    assert one.fingerprint != two.fingerprint


def test_a_person_who_stops_a_program_has_not_failed(tmp_path: Path) -> None:
    assert run(tmp_path, "raise KeyboardInterrupt").failures == ()


def test_a_command_that_ended_well_has_no_failures_whatever_it_printed(tmp_path: Path) -> None:
    source = "import traceback\ntry:\n    1/0\nexcept ZeroDivisionError:\n    traceback.print_exc()"
    command = run(tmp_path, source)
    assert "Traceback" in command.output.text
    assert command.failures == ()


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((0,), False),
        ((1,), True),
        ((1, 0), True),
        ((141, 0), False),
        ((0, 141), True),
        ((), False),
        ((5,), False),
    ],
)
def test_a_pipeline_fails_unless_a_reader_only_left_early(
    codes: tuple[int, ...], expected: bool
) -> None:
    assert failed(codes) is expected


def test_a_pasted_text_gives_its_failure_and_plain_words_give_none(tmp_path: Path) -> None:
    command = run(tmp_path, "from shop.cart import total\ntotal(['pear'])")
    pasted = from_text(command.output.text, command.cwd, str(tmp_path))
    assert pasted == command.failures[0]
    assert from_text("it does not work", command.cwd, str(tmp_path)) is None


def test_an_output_of_noise_is_no_failure() -> None:
    text = "Traceback (most recent call last):\n" * 50 + "\x00\x1b[31m====\n____ x ____\nE\n"
    command = CommandFinished("x", "/r", (1,), 1, Output(text))
    assert interpret(command, "/r").failures == ()
