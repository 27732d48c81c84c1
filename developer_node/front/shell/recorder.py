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
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import TypeVar

from common.errors import PostDevAIError
from common.model.ids import EventId
from developer_node.front.shell.inner_shell import opens_shell
from developer_node.front.shell.kept_output import AlternateScreen, KeptOutput, OutputKeeper
from developer_node.front.shell.parts import APART_S, Parts
from developer_node.front.shell.passage import SIGNALLED, Passed, pass_through
from developer_node.front.shell.start import Start, begin
from developer_node.text.gates import Gate, gate

WRONG_USAGE = 2
T = TypeVar("T")
_Begun = tuple[Start | None, Gate]
_NEEDED_AT_THE_END = (
    "developer_node.text.redaction",
    "developer_node.text.spool",
    "developer_node.front.shell.ground",
    "developer_node.front.shell.written",
)


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
    cwd, begun_s = cwd.absolute(), time.time()
    try:
        begun = attempt(lambda: _begin(argv, cwd, home)) or (None, Gate(record=False))
    except KeyboardInterrupt:
        return SIGNALLED + 2
    if begun[0] is not None and begun[0].complaint:
        _say(f"recorded without its files: {begun[0].complaint}")
    sees = _Sees(argv, cwd, home, begun, begun_s)
    imports = Thread(target=_import_ahead, daemon=True)
    passed = pass_through(argv, cwd, sees.add, imports.start, sees.tell_parts)
    if passed.message:
        _say(passed.message)
        sees.output.add(f"{passed.message}\n".encode())
    try:
        attempt(lambda: sees.ended(passed))
    except KeyboardInterrupt:
        _say("not recorded: interrupted")
    return passed.exit_code


def _begin(argv: Sequence[str], cwd: Path, home: Path | None) -> _Begun:
    """The ground and what may be kept; no ground where nothing is recorded."""
    if home is None:
        return None, Gate(record=False)
    allowed = gate(home, cwd, shlex.join(argv))
    if os.isatty(0) and opens_shell(shlex.join(argv)):
        allowed = replace(allowed, output=False)
    return (begin(argv, cwd, home, os.environ) if allowed.record else None), allowed


class _Sees:
    """What goes by while the command runs, and its record."""

    def __init__(
        self, argv: Sequence[str], cwd: Path, home: Path | None, begun: _Begun, begun_s: float
    ) -> None:
        self.output = OutputKeeper()
        self._command, self._cwd, self._home = shlex.join(argv), cwd, home
        self._begin = lambda: begin(argv, cwd, home, os.environ) if home else None
        self._start, self._gate = begun
        self._screen = AlternateScreen() if os.isatty(1) else None
        self._parts = Parts()
        self._telling: Thread | None = None
        self._since, self._begun_s = time.monotonic(), begun_s

    def add(self, data: bytes) -> None:
        """What the command printed."""
        shown = self._screen.visible(data) if self._screen else data
        self.output.add(shown)
        if self._start is not None and self._gate.output:
            self._parts.add(shown)

    def tell_parts(self) -> float | None:
        """Tells of a command that goes on, when it is quiet again; when to be asked next."""
        wait_s = self._parts.wait_s()
        if wait_s is None or wait_s > 0 or (self._telling and self._telling.is_alive()):
            return wait_s or APART_S
        part = self._parts.take()
        if self._parts.worth(part.text()):
            duration_ms = int((time.monotonic() - self._since) * 1000)
            run = self._parts.name()
            self._telling = Thread(
                target=lambda: attempt(lambda: self._write(part, (), duration_ms, run, True)),
                daemon=True,
            )
            self._telling.start()
        return None

    def ended(self, passed: Passed) -> None:
        """The record of the whole."""
        if self._telling is not None:
            self._telling.join()
        if self._screen:
            self.output.add(self._screen.rest())
        codes = (passed.exit_code,)
        self._write(self.output.kept(), codes, passed.duration_ms, self._parts.run, False)

    def _write(
        self,
        output: KeptOutput,
        exit_codes: tuple[int, ...],
        duration_ms: int,
        run: EventId,
        running: bool,
    ) -> None:
        if self._start is None or self._home is None:
            return
        allowed = gate(self._home, self._cwd, self._command, self._begun_s)
        if not allowed.record:
            if not running:
                _say(f"not recorded: {allowed.why}")
            return
        if (start := self._begin() if running else self._start) is None:
            return
        from developer_node.front.shell.written import Facts, write

        facts = Facts(
            command=self._command,
            cwd=os.fspath(self._cwd),
            exit_codes=exit_codes,
            duration_ms=duration_ms,
            output=output,
            recorder="run",
            ci=bool(os.environ.get("CI")),
            run=run,
            running=running,
            with_output=self._gate.output and allowed.output,
        )
        write(self._home, start, facts)


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


def _say(sentence: str) -> None:
    try:
        sys.stderr.write(f"postdevai: {sentence}\n")
        sys.stderr.flush()
    except OSError:
        return
