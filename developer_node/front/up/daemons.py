"""One daemon as a process: its command line, its start, its last words and its end.

HOME/ROLE/ROLE.err holds what the process printed since its last start: a refusal of its own.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from common.daemon.home import Home, Ready
from common.errors import Corrupt, Denied, PostDevAIError, Unavailable
from common.model.node import Role

ORDER: tuple[Role, ...] = ("coordinator", "dragon", "developer")
"""Each needs those before it; they are stopped the other way round."""

MODULES: dict[Role, str] = {
    "coordinator": "coordinator_node",
    "dragon": "dragon_node",
    "developer": "developer_node",
}

POLL_S = 0.05
START_S = 300.0
"""A lake that is replayed may take minutes; a process that ends is noticed at once."""
DRAIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Child:
    """A daemon that this process started."""

    role: Role
    process: subprocess.Popen[bytes]


def command(role: Role, home: Home, *, join_file: Path | None, with_parent: bool) -> list[str]:
    """The words that start a daemon."""
    serve = ["serve"] if role == "coordinator" else []
    words = [sys.executable, "-m", MODULES[role], *serve, "--home", str(home.root)]
    if join_file:
        words += ["--join-file", str(join_file)]
    # PID 1 has no parent's death to wait for, and its children would take it for dead.
    return [*words, "--die-with-parent"] if with_parent and os.getpid() != 1 else words


def start(role: Role, home: Home, *, join_file: Path | None = None, with_parent: bool) -> Child:
    """Starts a daemon in a session of its own, so that a Ctrl-C at the terminal is not its."""
    printed = os.open(printed_path(home, role), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        process = subprocess.Popen(
            command(role, home, join_file=join_file, with_parent=with_parent),
            # The other end of this pipe closes with us: that is how macOS tells a parent's death.
            stdin=subprocess.PIPE if with_parent else subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
            cwd=home.root,
            env=os.environ | {"POSTDEVAI_HOME": str(home.root)},
            start_new_session=True,
        )
    finally:
        os.close(printed)
    return Child(role, process)


def printed_path(home: Home, role: Role) -> Path:
    """What the process printed since its last start."""
    return home.directory(role) / f"{role}.err"


async def until_ready(child: Child, home: Home, waiting: Callable[[float], None]) -> Ready:
    """Waits until the daemon serves; raises its own refusal when it ends instead."""
    clock = asyncio.get_running_loop()
    began = clock.time()
    while (waited := clock.time() - began) < START_S:
        ready = home.ready(child.role)
        if ready is not None:
            return ready
        if child.process.poll() is not None:
            raise ended(child.role, home, child.process.returncode)
        waiting(waited)
        await asyncio.sleep(POLL_S)
    raise Unavailable(
        f"the {child.role} node does not serve after {START_S:.0f} s",
        hint=f"it goes on trying; see {home.log_path(child.role)}",
    )


def ended(role: Role, home: Home, code: int | None) -> PostDevAIError:
    """A daemon's death as a refusal: its own sentence, and where to read more."""
    kind = {4: Denied, 5: Corrupt}.get(code or 0, Unavailable)
    how = f"signal {-code}" if code is not None and code < 0 else f"exit {code}"
    said = last_words(home, role) or ("no last words" if code is None else f"{how}, no last words")
    return kind(f"the {role} node has ended: {said}", hint=f"see {home.log_path(role)}")


def last_words(home: Home, role: Role) -> str:
    """The last sentence that the daemon printed, else the last complaint of its log."""
    said = _lines(printed_path(home, role))
    if said:
        # A refusal is a sentence, and its hint below it, indented.
        hint = said[-1].strip() if len(said) > 1 and said[-1].startswith("  ") else ""
        sentence = said[-2] if hint else said[-1]
        sentence = sentence.removeprefix(f"{role}: ").strip()
        return f"{sentence} ({hint})" if hint and not hint.startswith("see ") else sentence
    errors = [text for text in _lines(home.log_path(role)) if " ERROR " in text]
    return errors[-1].partition(" ERROR ")[2] if errors else ""


def _lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 8192))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    return [each.rstrip() for each in text.splitlines() if each.strip()]


def holder(home: Home, role: Role) -> int | None:
    """The pid that holds the role's lock, serving or still starting."""
    if not home.is_locked(role):
        return None
    try:
        return int(home.lock_path(role).read_text("ascii"))
    except (OSError, ValueError):
        return None


async def stop(pid: int, role: Role, *, drain_s: float = DRAIN_S) -> str:
    """Ends a daemon; how it ended, in words. Unavailable when it could not be ended.

    SIGTERM, then SIGKILL on Linux only: a Mac may lose the GPU memory that a killed process
    had wired until it is started anew.
    """
    try:
        process = psutil.Process(pid)
        process.terminate()
        if await _gone(process, drain_s):
            return "stopped"
        if sys.platform != "linux":
            raise Unavailable(
                f"the {role} node (pid {pid}) does not stop within {drain_s:.0f} s",
                hint=f"it is not killed, because that may lose GPU memory; look at: ps -p {pid}",
            )
        process.kill()
        if await _gone(process, drain_s):
            return f"killed: it did not stop within {drain_s:.0f} s"
    except psutil.NoSuchProcess:
        return "stopped"
    except psutil.AccessDenied:
        raise Denied(f"the {role} node (pid {pid}) belongs to somebody else") from None
    raise Unavailable(f"the {role} node (pid {pid}) cannot be ended", hint=f"ps -p {pid}")


async def _gone(process: psutil.Process, within_s: float) -> bool:
    clock = asyncio.get_running_loop()
    end = clock.time() + within_s
    while clock.time() < end:
        # A zombie has ended; that nobody has asked for its exit code yet is not its matter.
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        await asyncio.sleep(POLL_S)
    return False
