"""`postdevai run -- CMD`: a command as it always runs, and a record of it for the daemon.

Nothing here may keep a command from running or change how it ends: what cannot be recorded is
said in one line on stderr. The command is started before anything heavy is imported, and gRPC is
never imported: the record goes to the spool, where the daemon finds it whenever it runs.
"""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import TypeVar

from common.errors import PostDevAIError
from common.model.ids import new_event_id
from developer_node.front.shell.kept_output import AlternateScreen, KeptOutput, OutputKeeper
from developer_node.front.shell.passage import SIGNALLED, Passed, pass_through
from developer_node.front.shell.start import Start, begin

WRONG_USAGE = 2
T = TypeVar("T")
_NEEDED_AT_THE_END = (
    "developer_node.text.redaction",
    "developer_node.text.spool",
    "developer_node.front.shell.ground",
)
COMMAND_CHARACTERS_MAX = 32768


def run(argv: Sequence[str], *, cwd: Path, home: Path | None) -> int:
    """Runs the command in `cwd` and spools its record below `home`; its exit code.

    None for a HOME that cannot be used: the command runs all the same.
    """
    if not argv:
        _say("nothing to run: postdevai run -- CMD")
        return WRONG_USAGE
    if not cwd.is_dir():
        _say(f"{cwd} is no directory")
        return WRONG_USAGE
    cwd = cwd.absolute()
    try:
        start = attempt(lambda: begin(argv, cwd, home, os.environ)) if home else None
    except KeyboardInterrupt:
        return SIGNALLED + 2
    if start is not None and start.complaint:
        _say(f"recorded without its files: {start.complaint}")
    keeper, screen = OutputKeeper(), AlternateScreen()
    imports = Thread(target=_import_ahead, daemon=True)
    on_terminal = os.isatty(1)
    passed = pass_through(
        argv,
        cwd,
        (lambda data: keeper.add(screen.visible(data))) if on_terminal else keeper.add,
        imports.start,
    )
    if passed.message:
        _say(passed.message)
        keeper.add(f"{passed.message}\n".encode())
    keeper.add(screen.rest())
    if start is not None and home is not None:
        record = _Record(argv, cwd, home, start, passed, keeper.kept())
        try:
            attempt(record.write)
        except KeyboardInterrupt:
            _say("not recorded: interrupted")
    return passed.exit_code


@dataclass(frozen=True, slots=True)
class _Record:
    argv: Sequence[str]
    cwd: Path
    home: Path
    start: Start
    passed: Passed
    output: KeptOutput

    def write(self) -> None:
        """Redacts, completes the ground and puts the event on disk."""
        from common.model.event import CommandFinished, Event, Output
        from developer_node.front.shell.ground import finish
        from developer_node.text import spool
        from developer_node.text.redaction import redact, redact_bytes

        command = redact(_readable(shlex.join(self.argv)))[:COMMAND_CHARACTERS_MAX]
        output = Output(redact(self.output.text()), self.output.total, self.output.dropped)
        with finish(self.start, redact_bytes) as done:
            body = CommandFinished(
                command=command,
                cwd=_readable(os.fspath(self.cwd)),
                exit_codes=(self.passed.exit_code,),
                duration_ms=self.passed.duration_ms,
                output=output,
                ground=done.ground,
            )
            at_ms = time.time_ns() // 1_000_000
            event = Event(new_event_id(), at_ms, self.start.working_copy, body)
            spool.write(self.home / "developer" / "spool", event, done.blobs)


def attempt(step: Callable[[], T]) -> T | None:
    """The recorder's own lifecycle: whatever fails in it must not fail the command."""
    try:
        return step()
    except PostDevAIError as error:
        _say(f"not recorded: {error.message}" + (f" ({error.hint})" if error.hint else ""))
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        _say(f"not recorded: {error.strerror or error}{where}")
    except Exception as error:
        _say(f"not recorded: {type(error).__name__}: {error}")
    return None


def _import_ahead() -> None:
    """While the command runs; what fails here fails again when needed, and is said then."""
    for name in _NEEDED_AT_THE_END:
        try:
            import_module(name)
        except ImportError:
            return


def _readable(text: str) -> str:
    return os.fsencode(text).decode("utf-8", "replace")


def _say(sentence: str) -> None:
    try:
        sys.stderr.write(f"postdevai: {sentence}\n")
        sys.stderr.flush()
    except OSError:
        return
