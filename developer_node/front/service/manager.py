"""What a service manager is asked, and what it says of a unit."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from common.errors import Unavailable
from developer_node.front.service.unit import Unit

ANSWER_S = 900.0
"""A start waits until the node serves, and a lake may be replayed; a stop until it has drained."""

State = Literal["running", "starting", "stopping", "stopped", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class Said:
    """What a tool of the manager's answered."""

    code: int
    out: str
    err: str


Run = Callable[[Sequence[str]], Said]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a service stands, as its manager tells it."""

    state: State
    enabled: bool = False
    """Whether it starts by itself, at boot or when its person logs in."""
    pid: int = 0
    restarts: int = 0
    """Since it was started by a person or at boot, where the manager counts them."""
    last_exit: int | None = None
    """The exit code of its last process; None when there was none, or it still runs."""
    why: str = ""
    """Why the manager could not be asked, or what it says of a failure."""


class Manager(Protocol):
    """One service manager, for one scope."""

    def installed(self, units: Sequence[Unit]) -> None:
        """The files were written: it reads them anew, and starts them from the next boot on."""
        ...

    def removing(self, units: Sequence[Unit]) -> None:
        """The files are about to go: stopped, and no longer started at boot."""
        ...

    def removed(self, units: Sequence[Unit]) -> None:
        """The files are gone."""
        ...

    def start(self, unit: Unit) -> None:
        """Started, and for systemd also ready, when it returns."""
        ...

    def stop(self, unit: Unit) -> None:
        """Drained and ended when it returns."""
        ...

    def standing(self, unit: Unit) -> Standing:
        """Never raises: a manager that does not answer is told in `why`."""
        ...


def run_tool(words: Sequence[str]) -> Said:
    """Runs a tool of the manager's to its end."""
    try:
        done = subprocess.run(
            list(words), capture_output=True, text=True, timeout=ANSWER_S, check=False
        )
    except FileNotFoundError:
        return Said(127, "", f"there is no {words[0]} on this machine")
    except subprocess.TimeoutExpired:
        return Said(124, "", f"{words[0]} did not answer within {ANSWER_S:.0f} s")
    return Said(done.returncode, done.stdout, done.stderr)


def refuse_unless_done(said: Said, doing: str, hint: str) -> None:
    """Unavailable with the tool's own words."""
    if said.code:
        why = (said.err.strip() or said.out.strip() or f"exit {said.code}").splitlines()[0]
        raise Unavailable(f"{doing}: {why.rstrip('.')}", hint=hint)
