"""The table of commands: it names what there is, and nothing is imported before it is used."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import typer

from developer_node.front.cli import commands
from developer_node.front.cli.application import application

ROWS = list(commands.every())
CLI = (sys.executable, "-m", "developer_node.front.cli")


def imported(*words: str) -> set[str]:
    """Modules that a command leaves behind in a fresh interpreter."""
    code = f"import sys; from developer_node.front.cli import main; main({list(words)!r})"
    code += "; sys.stderr.write(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_no_name_is_there_twice() -> None:
    names = [name for name, _, _ in ROWS]
    assert len(names) == len(set(names)) > 30


@pytest.mark.parametrize(("name", "line"), [(name, line) for name, _, line in ROWS])
def test_a_line_of_help_is_how_the_commands_own_help_begins(name: str, line: str) -> None:
    group: Any = typer.main.get_command(application((name,)))
    own = " ".join(group.commands[name].help.split())
    assert own.startswith(line.rstrip("."))


def test_help_names_every_command_and_loads_no_parser() -> None:
    done = subprocess.run([*CLI, "--help"], capture_output=True, text=True, check=True)
    for name, _, line in ROWS:
        assert f"  {name:<10} {line}\n" in done.stdout
    assert not imported("--help") & {"typer", "asyncio", "grpc", "rich"}


def test_a_command_loads_no_other_commands_module() -> None:
    loaded = {name for name in imported("cards", "--help") if ".front.cli." in name}
    known = {f"developer_node.front.cli.{made.partition(':')[0]}" for _, made, _ in ROWS}
    assert loaded & known == {
        "developer_node.front.cli.application",
        "developer_node.front.cli.remedies",
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("serach", "x"), "There is no command 'serach'.\n  Did you mean: postdevai search\n"),
        (("zzz",), "There is no command 'zzz'.\n  Type: postdevai --help\n"),
        (("--jsno",), "There is no option --jsno here.\n  Type: postdevai --help\n"),
    ],
    ids=lambda value: value[0],
)
def test_a_word_that_is_no_command_is_said_with_the_near_one(
    words: tuple[str, ...], said: str
) -> None:
    done = subprocess.run([*CLI, *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)
