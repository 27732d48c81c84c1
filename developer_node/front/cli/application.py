"""The way from words to an exit code; only the command that is named is imported."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from common.errors import Denied, PostDevAIError
from developer_node.front.cli import commands

if TYPE_CHECKING:
    import typer

UNWRITABLE = frozenset((errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT))
"""What a file system says when nothing may be kept on it."""
WRONG_USAGE = 2
INTERRUPTED = 130


def application(names: Iterable[str] | None = None) -> typer.Typer:
    """The parser of these commands, else of all: plain help, so that it comes at once."""
    import typer
    from typer.core import TyperGroup

    class Commands(TyperGroup):
        """Says what is wrong with a value in the words of this program alone."""

        def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
            try:
                return super().invoke(ctx)
            except typer.BadParameter as wrong:
                wrong.message = wrong.message.removeprefix("Value error, ")
                raise

    app = typer.Typer(
        name="postdevai",
        cls=Commands,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    app.callback()(start)
    wanted = set(names) if names is not None else None
    for name, made, _ in commands.every():
        if wanted is None or name in wanted:
            _add(app, name, made)
    return app


def _add(app: typer.Typer, name: str, made: str) -> None:
    module, _, function = made.partition(":")
    command = getattr(importlib.import_module(f"developer_node.front.cli.{module}"), function)
    if function == "group":
        app.add_typer(command(), name=name)
    else:
        app.command(name, add_help_option=name not in ("run", "shell"))(command)


def start() -> None:
    """Options of no command."""


def run() -> None:
    """Run a command as it is, and record it: run -- CMD..."""
    # Reached only through completion: main() dispatches `run` earlier, and so `shell`.
    from developer_node.front.cli.recording import USAGE

    sys.stdout.write(USAGE)


def shell() -> None:
    """Open your shell, and record what you run in it."""
    from developer_node.front.cli.shell import USAGE

    sys.stdout.write(USAGE)


def answer(words: Sequence[str]) -> int:
    """Parses and does; no stack trace reaches a person."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
    try:
        return _answer(words)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    except PostDevAIError as error:
        return _refused(error)
    except BrokenPipeError:
        # The reader, such as `head`, has what it wanted. Nothing more may be flushed to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        from common.daemon.home import OTHER_HOME

        where = error.filename or "a file"
        return _refused(Denied(f"{where} cannot be used: {error.strerror}.", hint=OTHER_HOME))
    except KeyboardInterrupt:
        return INTERRUPTED


def _refused(error: PostDevAIError) -> int:
    from developer_node.front.cli.refusal import refuse

    return refuse(error)


def _answer(words: Sequence[str]) -> int:
    first = words[0] if words else ""
    if first in ("", "--help", "-h"):
        (sys.stdout if words else sys.stderr).write(commands.help_text())
        return 0 if words else WRONG_USAGE
    if first == "--version":
        from importlib.metadata import version

        sys.stdout.write(f"postdevai {version('postdevai')}\n")
        return 0
    if first == "__complete":  # what shells ask, see completion/scripts.py
        from developer_node.front.cli.completing import complete

        return complete(words[1:])
    if not commands.target(first):
        return _unknown(first)
    if "--json" in words:
        from developer_node.front.cli.quick import quick

        code = quick(words)
        if code is not None:
            return code
    application((first,))(args=list(words), prog_name="postdevai")
    return 0


def _unknown(name: str) -> int:
    """Says so, and which one was probably meant."""
    from developer_node.front.output_page import plain

    if name.startswith("-"):
        sys.stderr.write(f"There is no option {plain(name)} here.\n  Type: postdevai --help\n")
        return WRONG_USAGE
    meant = commands.near(name)
    hint = f"Did you mean: postdevai {meant}" if meant else "Type: postdevai --help"
    sys.stderr.write(f"There is no command {plain(name)!r}.\n  {hint}\n")
    return WRONG_USAGE
