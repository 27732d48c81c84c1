"""What may come next in an unfinished line. Nothing is started for it, and nothing is refused.

Commands come from the table, options and choices from the parser of the command that is typed,
names of projects, models and working copies from a daemon that runs anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast, get_args, get_origin

from developer_node.front.cli import commands

if TYPE_CHECKING:
    from common.model.laptop import LaptopStatus

Candidate = tuple[str, str]
"""A word, and what it means."""
Asked = Callable[[], "LaptopStatus | None"]

BY_HAND = {
    "run": (("--cwd", "Run it in this directory."), ("--", "The command comes after it.")),
    "shell": (
        ("--shell", "bash, zsh or fish."),
        ("--marks", "hooks or terminal."),
        ("--install", "Every new terminal is recorded."),
        ("--uninstall", "Takes the line out again."),
    ),
}
"""Commands without a parser of their own."""
FIRST = (("--help", "Show every command."), ("--version", "Show the version."))
SHELLS = ("bash", "zsh", "fish")


def candidates(words: Sequence[str], status: Asked) -> list[Candidate]:
    """Those that begin with the last word; none where a file name is to come."""
    last = words[-1] if words else ""
    return [each for each in _possible(list(words[:-1]), last, status) if each[0].startswith(last)]


def _possible(before: list[str], last: str, status: Asked) -> Iterator[Candidate]:
    if not before:
        yield from ((name, line) for name, _, line in commands.every())
        yield from FIRST if last.startswith("-") else ()
        return
    first, rest = before[0], before[1:]
    if not commands.target(first) or "--" in rest:
        return
    if first in BY_HAND:
        yield from BY_HAND[first]
        return
    yield from _of_command(_parsers(first), rest, last, status)


def _parsers(first: str) -> Any:
    import typer

    from developer_node.front.cli.application import application

    group: Any = typer.main.get_command(application((first,)))
    return group.commands[first]


def _of_command(parser: Any, rest: list[str], last: str, status: Asked) -> Iterator[Candidate]:
    below: dict[str, Any] = getattr(parser, "commands", {})
    if rest and rest[0] in below:
        yield from _of_command(below[rest[0]], rest[1:], last, status)
        return
    if not rest:
        yield from ((name, _first_line(each.help)) for name, each in below.items())
    shown = [each for each in parser.params if not getattr(each, "hidden", False)]
    options = [each for each in shown if each.opts[0].startswith("-")]
    open_one = next((each for each in options if rest and rest[-1] in each.opts), None)
    if open_one is not None and not open_one.is_flag:
        yield from _values(open_one, status)
        return
    if last.startswith("-"):
        for each in options:
            for name in (*each.opts, *each.secondary_opts):
                if name.startswith("--"):
                    yield name, each.help or ""
        yield "--help", "Tell of this command."
        return
    takes = [each for each in shown if not each.opts[0].startswith("-")]
    given = _given(rest, options)
    if takes and (given < len(takes) or takes[-1].nargs == -1):
        yield from _values(takes[min(given, len(takes) - 1)], status)


def _given(rest: list[str], options: list[Any]) -> int:
    """How many arguments stand there already."""
    with_value = {name for each in options if not each.is_flag for name in each.opts}
    return sum(
        not word.startswith("-") and (at == 0 or rest[at - 1] not in with_value)
        for at, word in enumerate(rest)
    )


def _values(parameter: Any, status: Asked) -> Iterator[Candidate]:
    choices = _choices(parameter.type_descriptor.annotation)
    if choices:
        yield from ((each, "") for each in choices)
        return
    metavar = str(parameter.metavar or "")
    match (parameter.name, metavar):
        case (_, "SHELL"):
            yield from ((each, "") for each in SHELLS)
        case ("project" | "into", _):
            yield from _names(status, _projects)
        case (_, "MODEL"):
            yield from _names(status, _models)
        case ("copy", _) | ("directory", "DIR"):
            yield from _names(status, _copies)
        case _:
            return


def _names(
    status: Asked, names: Callable[[LaptopStatus], Iterator[Candidate]]
) -> Iterator[Candidate]:
    now = status()
    if now is not None:
        yield from sorted(set(names(now)))


def _projects(now: LaptopStatus) -> Iterator[Candidate]:
    if now.lake is not None:
        yield from ((each.project, each.copy) for each in now.lake.freshness.projects)


def _models(now: LaptopStatus) -> Iterator[Candidate]:
    yield from ((each.name, each.state) for each in now.models)


def _copies(now: LaptopStatus) -> Iterator[Candidate]:
    yield from ((each.path, each.state) for each in now.repositories)


def _choices(annotation: object) -> tuple[str, ...]:
    """The words of a Literal, also of one that may be left out."""
    if get_origin(annotation) is Literal:
        return tuple(str(each) for each in get_args(annotation))
    inner = (_choices(each) for each in cast("tuple[object, ...]", get_args(annotation)))
    return next((found for found in inner if found), ())


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]
