"""The recorder process: reads along, finds where commands begin and end, and has them written."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from common.daemon.home import Home
from common.errors import PostDevAIError
from developer_node.front.shell.inner_shell import opens_shell
from developer_node.front.shell.kept_output import AlternateScreen, OutputKeeper
from developer_node.front.shell.parts import Parts
from developer_node.front.shell.recorded import orphans
from developer_node.front.shell.recorded.foreign import ForeignMarks
from developer_node.front.shell.recorded.keeping import Command, Ended, Keeper
from developer_node.front.shell.recorded.marks import Mark, MarkReader
from developer_node.front.shell.recorded.own_marks import Marks, OwnMarks
from developer_node.front.shell.recorded.session import Session, bases
from developer_node.front.shell.recorded.shell_output import without_shell
from developer_node.front.shell.recorded.told import Told
from developer_node.text.gates import Gate, gate
from developer_node.text.working_copy import find_root

READ_BYTES = 1 << 18
NOT_NAMED = (
    "not recorded: the marks of this terminal do not name the command; leave out --marks terminal"
)


def record(session: Session, pipe: int, words: int, is_in_front: Callable[[], bool] | None) -> None:
    """Until the pipe ends; sentences for the person go to `words`.

    `is_in_front` is given where the shell has no hooks of ours, to tell its marks from others.
    """

    def say(sentence: str) -> None:
        with suppress(OSError):
            os.write(words, f"{sentence}\n".encode("utf-8", "replace"))

    try:
        home = Home.from_env().root
    except PostDevAIError as error:
        say(f"not recorded: {error.message}" + (f" ({error.hint})" if error.hint else ""))
        return
    with suppress(OSError):  # a disk without room: only an orphan would be found by it
        orphans.sign_in(session.directory)
    for base in {*bases(), session.directory.parent}:
        orphans.end_orphans(base)
    keeper = Keeper(home, session.let_go, say)
    marks: Marks = OwnMarks(session)
    if is_in_front is not None:
        marks = ForeignMarks(is_in_front, os.getcwd(), os.environ)
    Recording(session, home, marks, keeper).run(pipe)
    session.close()  # a passer that was killed could not


class Recording:
    """One shell's commands, one at a time."""

    def __init__(self, session: Session, home: Path, marks: Marks, keeper: Keeper) -> None:
        self._session, self._home, self._marks, self._keeper = session, home, marks, keeper
        self._reader = MarkReader()
        self._running: Command | None = None
        self._prepare("")

    def run(self, pipe: int) -> None:
        """Reads until the shell has ended."""
        while True:
            wait_s = self._parts.wait_s() if self._running else None
            if not select.select([pipe], [], [], wait_s)[0]:
                self._tell_part()
            elif data := os.read(pipe, READ_BYTES):
                self.feed(data)
            else:
                break
        if self._running:
            self._end(())
        self._keeper.close()

    def feed(self, data: bytes) -> None:
        """What the shell's terminal printed."""
        for piece in self._reader.feed(data):
            if isinstance(piece, Mark):
                self._mark(piece)
            elif self._running is not None:
                self._print(piece)

    def _print(self, data: bytes) -> None:
        shown = self._screen.visible(data)
        self._output.add(shown)
        self._parts.add(shown)

    def _mark(self, mark: Mark) -> None:
        match self._marks.read(mark):
            case "begin":
                if self._running is not None:
                    self._end(())  # the shell did not say how it ended
                self._begin()
            case "end":
                if self._running is not None:
                    self._end(self._marks.exit_codes)
                self._prepare(self._marks.cwd)
            case "prompt":
                if self._running is not None:
                    self._end(())
                self._prepare(self._marks.cwd)
            case "":
                if self._running is not None and not self._marks.is_own(mark):
                    self._print(mark.raw)

    def _begin(self) -> None:
        told = self._marks.command()
        allowed = self._allowed(told)
        if told is None and isinstance(self._marks, ForeignMarks):
            self._keeper.say_once(NOT_NAMED)
        if told is not None and told.held and allowed is None:
            self._session.let_go(told.number)
        if told is None or allowed is None:
            return
        self._running = Command(told, allowed)
        self._output, self._screen, self._parts = OutputKeeper(), AlternateScreen(), Parts()
        self._keeper.begin(self._running)

    def _allowed(self, told: Told | None) -> Gate | None:
        if told is None or told.private or not told.text.strip():
            return None
        allowed = gate(self._home, Path(told.cwd), told.text)
        if opens_shell(told.text):
            allowed = replace(allowed, output=False)
        return allowed if allowed.record else None

    def _end(self, exit_codes: tuple[int, ...]) -> None:
        if self._running is None:
            return
        self._output.add(self._screen.rest())
        ended, self._running = self._running, None
        if (why := self._closed_since(ended)) is not None:
            self._keeper.say_once(f"not recorded: {why}")
            return
        duration_ms = int((time.monotonic() - ended.begun) * 1000)
        output = without_shell(self._output.kept(), self._session.kind)
        self._keeper.end(Ended(ended, exit_codes, duration_ms, output, self._parts.run))

    def _closed_since(self, command: Command) -> str | None:
        """Why nothing of it may be kept any more; None when it may."""
        told = command.told
        now = gate(self._home, Path(told.cwd), told.text, command.begun_s)
        command.gate = replace(command.gate, output=command.gate.output and now.output)
        return None if now.record else now.why

    def _tell_part(self) -> None:
        part = self._parts.take()
        if self._running is None or not self._running.gate.output:
            return
        if not self._parts.worth(part.text()) or self._closed_since(self._running) is not None:
            return
        duration_ms = int((time.monotonic() - self._running.begun) * 1000)
        run = self._parts.name()
        self._keeper.end(Ended(self._running, (), duration_ms, part, run, running=True))

    def _prepare(self, cwd: str) -> None:
        """Asks the hook to wait before the next command, where there are files to be looked at."""
        self._running = None
        self._output, self._screen, self._parts = OutputKeeper(), AlternateScreen(), Parts()
        wait = self._session.directory / "wait"
        with suppress(OSError):
            here = Path(cwd) if cwd else None
            if here and find_root(here) and gate(self._home, here, "").record:
                wait.touch(0o600)
            else:
                wait.unlink(missing_ok=True)
