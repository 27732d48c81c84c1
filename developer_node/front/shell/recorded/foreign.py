"""Reads the marks that terminals and shells emit by themselves, for a shell without our hooks.

They carry nothing that a program could not print. So they are believed only while the shell itself
is in front on its terminal: OSC 133 (kitty, WezTerm, fish 4), OSC 633 (VS Code), and the directory
by OSC 7, 633;P or 1337;CurrentDir. Ghostty's marks are read too, but do not name the command.
Variables are those that the shell was started with.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import shlex
from collections.abc import Callable, Mapping
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from developer_node.front.shell.recorded.marks import Mark
from developer_node.front.shell.recorded.own_marks import Boundary
from developer_node.front.shell.recorded.told import Told

_ESCAPED = re.compile(r"\\(\\|x[0-9a-fA-F]{2})")
_PROGRAM = "SetUserVar=WEZTERM_PROG="
_DIRECTORY = "CurrentDir="


def shell_in_front(master: int, shell: int) -> Callable[[], bool]:
    """Asks the terminal whose turn it is; when the shell has gone it is nobody's, and what is read
    late can still be the shell's."""

    def is_in_front() -> bool:
        try:
            return os.tcgetpgrp(master) in (shell, 0)
        except OSError:
            return True

    return is_in_front


class ForeignMarks:
    """Of a shell whose own integration marks its prompts and commands."""

    def __init__(
        self, is_in_front: Callable[[], bool], cwd: str, environment: Mapping[str, str]
    ) -> None:
        self._is_in_front = is_in_front
        self._environment = dict(environment)
        self._at_prompt = False
        self._text = ""
        self._named_after = False
        self._waits_for_name = False
        self.cwd = cwd
        self.exit_codes: tuple[int, ...] = ()

    def read(self, mark: Mark) -> Boundary:
        """What a mark says, if it can be the shell's."""
        match mark.code, mark.kind:
            case (("7" | "1337"), _):
                return self._about(mark.text)
            case "633", "P" if self._is_in_front():
                name, _, value = mark.fields[0].partition("=") if mark.fields else ("", "", "")
                self.cwd = _unescaped(value) if name == "Cwd" else self.cwd
            case "633", "E" if self._at_prompt and mark.fields:
                self._text = _unescaped(mark.fields[0])
            case _, ("A" | "B") if not self._at_prompt and self._is_in_front():
                self._at_prompt, self._waits_for_name = True, False
                return "prompt"
            case _, "C" if self._at_prompt:
                # the command may be in front by now; but at a prompt only the shell writes
                self._at_prompt = False
                self._text = _named_command(mark) or self._text
                self._waits_for_name = self._named_after and not self._text
                return "" if self._waits_for_name else "begin"
            case _, "D" if not self._at_prompt and self._is_in_front():
                code = mark.fields[0] if mark.fields else ""
                self.exit_codes = (int(code),) if code.isdecimal() else ()
                return "end"
            case _:
                pass
        return ""

    def is_own(self, mark: Mark) -> bool:
        """Nothing of it is needed in a record: codes are taken out of output anyway."""
        return True

    def command(self) -> Told | None:
        """What the marks said; None when this kind does not name the command."""
        text, self._text = self._text, ""
        if not text:
            return None
        return Told(text, self.cwd, text[:1] in (" ", "\t"), dict(self._environment))

    def _about(self, text: str) -> Boundary:
        if text.startswith(_PROGRAM):
            return self._program(text.removeprefix(_PROGRAM))
        if self._is_in_front():
            if text.startswith(_DIRECTORY):
                self.cwd = text.removeprefix(_DIRECTORY)
            elif text.startswith("kitty-shell-cwd://"):
                self.cwd = "/" + text.removeprefix("kitty-shell-cwd://").partition("/")[2]
            elif text.startswith("file://"):
                self.cwd = unquote(urlsplit(text).path)
        return ""

    def _program(self, encoded: str) -> Boundary:
        """WezTerm empties the name at the prompt and fills it right after the mark C."""
        if not encoded:
            self._named_after = self._named_after or self._is_in_front()
        elif self._waits_for_name:
            self._waits_for_name = False
            with suppress(binascii.Error, UnicodeDecodeError):
                self._text = base64.b64decode(encoded).decode("utf-8")
                return "begin"
        return ""


def _named_command(mark: Mark) -> str:
    if url := mark.named("cmdline_url"):
        return unquote(url)
    quoted = mark.text.partition("cmdline=")[2]
    if quoted.startswith("$'"):  # bash's %q of what has more than one line
        return (
            quoted[2:-1].encode("utf-8").decode("unicode_escape").encode("latin-1").decode("utf-8")
        )
    with suppress(ValueError):
        return " ".join(shlex.split(quoted))
    return quoted


def _unescaped(text: str) -> str:
    r"""VS Code writes \\ for a backslash and \x3b for a byte that would end the field."""

    def replace(found: re.Match[str]) -> str:
        return "\\" if found[1] == "\\" else chr(int(found[1][1:], 16))

    return _ESCAPED.sub(replace, text)
