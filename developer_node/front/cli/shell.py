"""`postdevai shell`, read by hand: a shell must not wait for a parser."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Sequence

USAGE = """\
Usage: postdevai shell [--shell PATH] [--marks hooks|terminal]
       postdevai shell --install [--shell PATH]
       postdevai shell --uninstall [--shell PATH]

  Opens your shell with your own settings, and records what you run in it: command, output, exit
  codes, and the state of the files it ran on. Works whether or not a daemon runs. A command that
  begins with a space is private. If the recorder fails, the shell goes on as a plain one.

Options:
  --shell PATH      bash (4.4 or newer), zsh or fish; else the shell that you log in with.
  --marks terminal  Read the marks that your terminal's shell integration prints (VS Code, kitty,
                    WezTerm, Ghostty, fish 4) instead of adding hooks of our own.
  --install         Write one line into .bashrc, .zshrc or config.fish, so that every new terminal
                    is recorded. --uninstall takes it out.
  --help            Show this and exit.
"""
_WRONG = 2


def shell(words: Sequence[str]) -> int:
    """Opens, installs or uninstalls; the shell's exit code, or 2 for wrong usage."""
    chosen, marks, act = "", "hooks", ""
    rest = list(words)
    while rest:
        word, _, value = rest.pop(0).partition("=")
        if word in ("--shell", "--marks"):
            if not value and not rest:
                return _wrong(f"{word} needs a value.")
            value = value or rest.pop(0)
            chosen, marks = (value, marks) if word == "--shell" else (chosen, value)
        elif word in ("--install", "--uninstall", "--from-rc") and not value:
            act = word
        elif word in ("--help", "-h"):
            sys.stdout.write(USAGE)
            return 0
        else:
            return _wrong(f"There is no option {word}.")
    if marks not in ("hooks", "terminal"):
        return _wrong(f"--marks is hooks or terminal, not {marks}.")
    program = chosen or _own_shell()
    if act in ("--install", "--uninstall"):
        from developer_node.front.shell.recorded.installing import change

        return change(program, install=act == "--install")
    from developer_node.front.shell.recorded.opening import Asked, open_shell

    return open_shell(Asked(program, marks == "terminal", act == "--from-rc"))


def _own_shell() -> str:
    return os.environ.get("SHELL", "") or pwd.getpwuid(os.getuid()).pw_shell or "/bin/sh"


def _wrong(sentence: str) -> int:
    sys.stderr.write(f"{sentence} Type: postdevai shell --help\n")
    return _WRONG
