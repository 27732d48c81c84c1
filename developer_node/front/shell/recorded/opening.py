"""Opens a recorded shell: its terminal, its directory, the recorder, and then the passer's loop.

The shell is a child, never this process itself: if we are killed, the shell that the person came
from is still there.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from developer_node.front.shell import terminal
from developer_node.front.shell.recorded.passer import Passer
from developer_node.front.shell.recorded.session import TTY_VARIABLE, Session, kind_of
from developer_node.front.shell.recorded.tee import Tee

NO_TERMINAL, ALREADY = 2, 3
NOT_FOUND = 127


@dataclass(frozen=True, slots=True)
class Asked:
    """What kind of shell is wanted."""

    shell: str
    terminal_marks: bool = False
    """The shell's own marks are read; it is given no hooks."""
    from_rc: bool = False
    """Started by the line in an rc file: the end of the shell is then always 0."""


def open_shell(asked: Asked) -> int:
    """Until the shell ends; its exit code."""
    if not (os.isatty(0) and os.isatty(1)):
        _say("a recorded shell needs a terminal; for a single command type: postdevai run -- CMD")
        return NO_TERMINAL
    if os.environ.get(TTY_VARIABLE, "") == os.ttyname(0):
        if not asked.from_rc:
            _say("this shell is recorded already")
        return ALREADY
    if (session := _session(asked.shell)) is None:
        return _plain(asked)
    try:
        code = _with_session(asked, session)
    finally:
        session.close()
    return 0 if asked.from_rc else code


def _session(shell: str) -> Session | None:
    try:
        return Session.make(shell)
    except OSError as error:
        _say(f"this shell is not recorded: {error}")
        return None


def _plain(asked: Asked) -> int:
    """Nothing can be recorded: a shell all the same."""
    master, child = _start([asked.shell, "-i"], os.environ)
    code = Passer(master, child, None, lambda: None).run()
    return 0 if asked.from_rc else code


def _with_session(asked: Asked, session: Session) -> int:
    hooked = not asked.terminal_marks and kind_of(asked.shell) != "other"
    argv, env = session.hooked(os.environ) if hooked else ([asked.shell, "-i"], {**os.environ})
    master, child = _start(argv, env)
    tee = _recorder(session, master, child, hooked)
    _begin(asked)  # while the shell reads its files; what it prints comes after this
    passer = Passer(master, child, tee, session.close)
    code = passer.run()
    os.close(master)
    if passer.tee is not None:
        passer.tee.write(f"\x1b]133;D;{code};aid={session.nonce}\a".encode())
        for sentence in passer.tee.finish():
            _say(sentence)
    return code


def _recorder(session: Session, master: int, shell: int, hooked: bool) -> Tee:
    """A process of its own. It holds no end of the shell's terminal, which must hear of our end;
    only where marks carry no nonce it has the master, to ask who is in front."""
    read, write = os.pipe()
    words, said = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.close(write)
            os.close(words)
            if hooked:
                os.close(master)
            _detach()
            from developer_node.front.shell.recorded.foreign import shell_in_front
            from developer_node.front.shell.recorded.recording import record

            record(session, read, said, None if hooked else shell_in_front(master, shell))
            code = 0
        finally:
            os._exit(code)
    os.close(read)
    os.close(said)
    return Tee(pid, write, words)


def _detach() -> None:
    """No signal of the terminal reaches the recorder; it ends when its pipe does."""
    os.setsid()
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)


def _start(argv: Sequence[str], env: Mapping[str, str]) -> tuple[int, int]:
    """The master of the shell's terminal, and its process."""
    master, slave = os.openpty()
    terminal.copy_size(0, slave)
    terminal.copy_modes(0, slave)
    named = {**env, TTY_VARIABLE: os.ttyname(slave)}
    pid = os.fork()
    if pid == 0:
        try:
            os.close(master)
            os.login_tty(slave)
            for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them; a shell must not
                signal.signal(number, signal.SIG_DFL)
            os.execvpe(argv[0], list(argv), named)
        except OSError as error:
            os.write(2, f"postdevai: {argv[0]}: {error.strerror}\n".encode())
        finally:
            os._exit(NOT_FOUND)
    os.close(slave)
    return master, pid


def _begin(asked: Asked) -> None:
    """One dim line, so that a person knows; not in every new terminal of a shell that opens it."""
    if asked.from_rc:
        return
    from developer_node.front.recording_state import paused_sentence

    root = os.path.expanduser(os.environ.get("POSTDEVAI_HOME") or "~/.postdevai")
    said = paused_sentence(Path(root)) or "this shell is recorded"
    said += "; a command that begins with a space never is; exit leaves the shell"
    sys.stderr.write(f"\x1b[2mpostdevai: {said}\x1b[0m\n")
    sys.stderr.flush()


def _say(sentence: str) -> None:
    sys.stderr.write(f"postdevai: {sentence}\n")
