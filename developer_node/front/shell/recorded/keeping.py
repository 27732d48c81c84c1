"""The recorder's thread that looks at files and writes records: reading never waits for it."""

from __future__ import annotations

import os
import queue
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from common.errors import PostDevAIError
from common.model.ids import EventId
from developer_node.front.shell.kept_output import KeptOutput
from developer_node.front.shell.recorded.told import Told
from developer_node.front.shell.start import Start, begin
from developer_node.front.shell.written import Facts, write
from developer_node.text.gates import Gate

WAITING_MAX = 64
"""Commands that wait to be written; beyond it new ones are not recorded, and that is said."""
LOOKED_IN_TIME_S = 0.3
"""The hook holds a command back no longer than this."""


@dataclass(slots=True)
class Command:
    """A command from its beginning to its end; the thread alone touches what it finds."""

    told: Told
    gate: Gate
    begun: float = field(default_factory=time.monotonic)
    begun_s: float = field(default_factory=time.time)
    start: Start | None = None
    late: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, or how far it has come."""

    command: Command
    exit_codes: tuple[int, ...]
    duration_ms: int
    output: KeptOutput
    run: EventId = EventId("")
    running: bool = False


class Keeper:
    """Takes jobs in order; `say` is given one sentence for what cannot be recorded, once each."""

    def __init__(self, home: Path, go: Callable[[int], None], say: Callable[[str], None]) -> None:
        """`go` lets the command of this number run, which its hook holds back."""
        self._home, self._go, self._say = home, go, say
        self._jobs: queue.Queue[Callable[[], None] | None] = queue.Queue(WAITING_MAX)
        self._said: set[str] = set()
        self._ci = bool(os.environ.get("CI"))
        self._thread = Thread(target=self._work, name="keeper", daemon=True)
        self._thread.start()

    def begin(self, command: Command) -> None:
        """Looks at the files now, ahead of the command if it is held back."""
        self._put(lambda: self._begin(command))

    def end(self, ended: Ended) -> None:
        """Writes it down, whether it has ended or not."""
        self._put(lambda: self._end(ended))

    def close(self) -> None:
        """Returns when everything is written."""
        self._jobs.put(None)
        self._thread.join()

    def _put(self, job: Callable[[], None]) -> None:
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            self.say_once("some commands were not recorded: they came faster than they are written")

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._attempt(job)

    def _attempt(self, job: Callable[[], None]) -> None:
        """The recorder's lifecycle: what fails is said, and the next command is another matter."""
        try:
            job()
        except PostDevAIError as error:
            hint = f" ({error.hint})" if error.hint else ""
            # a figure in the sentence changes, and it would be said at every prompt
            self.say_once(f"not recorded: {error.message}{hint}", type(error).__name__)
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            self.say_once(f"not recorded: {error.strerror or error}{where}", str(error.errno))
        except Exception as error:
            self.say_once(f"not recorded: {type(error).__name__}: {error}")

    def _begin(self, command: Command) -> None:
        told = command.told
        try:
            start = begin(words(told.text), Path(told.cwd), self._home, told.environment)
        finally:
            # later than that it has gone on by itself
            if told.held and time.time() - told.at_s < LOOKED_IN_TIME_S:
                self._go(told.number)
        took = time.time() - told.at_s if told.at_s else LOOKED_IN_TIME_S
        if not told.held or not 0.0 <= took < LOOKED_IN_TIME_S:
            command.late = f"files were looked at {max(0, took) * 1000:.0f} ms after the start"
        if start.complaint:
            self.say_once(f"recorded without its files: {start.complaint}")
        command.start = start

    def _end(self, ended: Ended) -> None:
        command = ended.command
        start = command.start
        if ended.running:
            told = command.told
            start = begin(words(told.text), Path(told.cwd), self._home, told.environment)
        if start is None:
            return  # why was said when it began
        write(
            self._home,
            start,
            Facts(
                command=command.told.text.rstrip("\n"),
                cwd=command.told.cwd,
                exit_codes=ended.exit_codes,
                duration_ms=ended.duration_ms,
                output=ended.output,
                recorder="shell",
                ci=self._ci,
                run=ended.run,
                running=ended.running,
                with_output=command.gate.output,
                late="" if ended.running or not start.repository else command.late,
            ),
        )

    def say_once(self, sentence: str, sort: str = "") -> None:
        """A sentence for the person, unless one of its sort was said before."""
        if (sort or sentence) not in self._said:
            self._said.add(sort or sentence)
            self._say(sentence)


def words(text: str) -> list[str]:
    """The program and its arguments, as far as that can be told without running the shell."""
    try:
        found = shlex.split(text, comments=True)
    except ValueError:
        found = text.split()
    while found and found[0].partition("=")[0].isidentifier() and "=" in found[0]:
        del found[0]  # PYTHONPATH=. pytest
    return found or ["sh"]
