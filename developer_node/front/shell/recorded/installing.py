"""One line in the person's rc file, so that every new terminal is recorded; and out again."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from developer_node.front import marked_lines
from developer_node.front.shell.recorded.session import TTY_VARIABLE, ShellKind, kind_of

SIGN = "# postdevai: recorded shell"
_NO_RC, _FAILED = 2, 1


def change(shell: str, *, install: bool) -> int:
    """Writes or removes the line and says what it did; 0 also when it was so already."""
    kind = kind_of(shell)
    path = rc_file(kind)
    if path is None:
        sys.stderr.write(
            f"postdevai: {shell} has no rc file that is known here; there is one for bash, zsh and "
            "fish. Type: postdevai shell --install --shell zsh\n"
        )
        return _NO_RC
    try:
        said = _change(path, line(kind, shell) if install else "")
    except OSError as error:
        sys.stderr.write(f"postdevai: {path} was left as it is: {error}\n")
        return _FAILED
    sys.stdout.write(said + "\n")
    return 0


def rc_file(kind: ShellKind) -> Path | None:
    """The file that the shell reads when it begins a session; None for a shell not known here."""
    home = Path.home()
    match kind:
        case "bash":
            return home / ".bashrc"
        case "zsh":
            return Path(os.environ.get("ZDOTDIR", "") or home) / ".zshrc"
        case "fish":
            config = os.environ.get("XDG_CONFIG_HOME", "")
            return (Path(config) if config else home / ".config") / "fish" / "config.fish"
        case "other":
            return None


def line(kind: ShellKind, shell: str) -> str:
    """The line itself: only where somebody sits, never twice on one terminal, and the shell that
    reads it is still there if the recorded one is killed, on a terminal as it should be. (fish's
    `exit` does not end a shell that still reads its settings.)"""
    program, chosen = shlex.quote(_program()), shlex.quote(shell)
    opened = f"{program} shell --from-rc --shell {chosen}"
    if kind == "fish":
        return (
            f"if status is-interactive; and isatty stdin; and isatty stdout; "
            f'and test "${TTY_VARIABLE}" != (tty); and test -x {program}; '
            f"{opened}; and exec sh -c exit; or stty sane; end {SIGN}"
        )
    return (
        f'[[ $- == *i* && -t 0 && -t 1 && "${{{TTY_VARIABLE}-}}" != "$(tty)" && -x {program} ]] '
        f"&& {{ {opened} && exit || stty sane; }} {SIGN}"
    )


def _program() -> str:
    return os.path.abspath(sys.argv[0])


def _change(path: Path, wanted: str) -> str:
    """The line comes first: what the rc file does is then done once, in the recorded shell."""
    path = path.resolve()
    before = marked_lines.read(path)
    after = os.fsencode(wanted + "\n" if wanted else "") + marked_lines.without(before, SIGN)
    if after == before:
        return f"{path}: the line is there already" if wanted else f"{path}: there is no such line"
    marked_lines.replace(path, after)
    if wanted:
        undo = "Take it out with: postdevai shell --uninstall"
        return f"{path}: wrote one line, the first:\n  {wanted}\n{undo}"
    return f"{path}: took the line out"
