"""Every command of `postdevai` in one list, and the way from words to an exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from common.daemon.home import OTHER_HOME
from common.errors import Denied, PostDevAIError
from developer_node.front.cli import (
    answers,
    capturing,
    keeping,
    lake,
    machine,
    memory,
    models,
    nodes,
    redacting,
    remedies,
)
from developer_node.front.cli.recording import USAGE
from developer_node.front.cli.refusal import INTERRUPTED, refuse

HELP = """A developer's memory, on the developer's own machines.

Start with `postdevai up --repo DIR`, record with `postdevai shell`, then ask.
"""

COMMANDS: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("up", machine.up),
    ("down", machine.down),
    ("status", machine.status),
    ("tui", machine.tui),
    ("watch", machine.watch),
    ("ask", answers.ask),
    ("search", answers.search),
    ("open", answers.open_blob),
    ("recall", memory.recall),
    ("history", memory.history),
    ("pause", capturing.pause),
    ("resume", capturing.resume),
    ("never", capturing.never),
    ("redact", redacting.redact),
    ("import", capturing.bring_in),
    ("unwatch", capturing.unwatch),
    ("prove", remedies.prove),
    ("mine", remedies.mine),
    ("patch", remedies.patch),
    ("cards", remedies.cards),
    ("snooze", remedies.snooze),
    ("autonomy", remedies.autonomy),
    ("revert", remedies.revert),
    ("related", keeping.related),
    ("kept", keeping.kept),
    ("forget", keeping.forget),
    ("snapshot", lake.snapshot),
    ("restore", lake.restore),
    ("backup", lake.backup),
    ("nodes", nodes.nodes),
    ("invite", nodes.invite),
    ("join", nodes.join),
)


UNWRITABLE = frozenset((errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT))
"""What a file system says when nothing may be kept on it."""


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        sys.stdout.write(f"postdevai {version('postdevai')}\n")
        raise typer.Exit


class _Commands(TyperGroup):
    """Says what is wrong with a value in the words of this program alone."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        try:
            return super().invoke(ctx)
        except typer.BadParameter as wrong:
            wrong.message = wrong.message.removeprefix("Value error, ")
            raise


def application() -> typer.Typer:
    """The parser: plain help, so that it comes at once."""
    app = typer.Typer(
        name="postdevai",
        cls=_Commands,
        help=HELP,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    app.callback()(start)
    for name, command in COMMANDS:
        app.command(name)(command)
    app.add_typer(lake.group(), name="lake")
    app.add_typer(models.group(), name="models")
    app.command("run", add_help_option=False)(run)
    app.command("shell", add_help_option=False)(shell)
    return app


def start(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version."),
    ] = False,
) -> None:
    """Options of no command."""


def run() -> None:
    """Run a command as it is, and record it: run -- CMD..."""
    # Reached only through completion and `--help` of the whole: main() dispatches `run` earlier.
    sys.stdout.write(USAGE)


def shell() -> None:
    """Open your shell, and record what you run in it."""
    # Reached only through completion and `--help` of the whole, as `run` is.
    from developer_node.front.cli.shell import USAGE as SHELL

    sys.stdout.write(SHELL)


def answer(words: Sequence[str]) -> int:
    """Parses and does; no stack trace reaches a person."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
    try:
        application()(args=list(words), prog_name="postdevai")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    except PostDevAIError as error:
        return refuse(error)
    except BrokenPipeError:
        # The reader, such as `head`, has what it wanted. Nothing more may be flushed to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        where = error.filename or "a file"
        return refuse(Denied(f"{where} cannot be used: {error.strerror}.", hint=OTHER_HOME))
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0
