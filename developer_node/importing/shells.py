"""How bash, zsh and fish write their histories.

bash    one command a line; with HISTTIMEFORMAT a line "#SECONDS" before each, and then a command
        may have several lines
zsh     one command a line, or ": SECONDS:DURATION;COMMAND"; a command goes on after a backslash
        at a line's end; bytes that zsh uses itself are written as 0x83 and the byte xor 32
fish    "- cmd: COMMAND" with \\n and \\\\ escaped, then "  when: SECONDS" and "  paths:"
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from developer_node.importing.past import COMMAND_CHARACTERS_MAX, PastCommand, text_of

_BASH_TIME = re.compile(rb"#(\d{1,12})\s*")
_ZSH_EXTENDED = re.compile(rb": *(\d{1,12}):(\d{1,9});")
_ZSH_META = re.compile(rb"\x83(.)", re.DOTALL)
_FISH_ESCAPE = re.compile(r"\\(n|\\)")


def bash(lines: Iterable[bytes]) -> Iterator[PastCommand]:
    """As bash reads it: when the first line is a time, a command goes on until the next one."""
    whole = False
    at_ms, held = 0, list[bytes]()
    for number, line in enumerate(lines):
        if time := _BASH_TIME.fullmatch(line):
            whole = whole or number == 0
            yield from _bash_command(held, at_ms)
            at_ms, held = int(time[1]) * 1000, []
        elif whole:
            _hold(held, line)
        else:
            yield from _bash_command([line], at_ms)
            at_ms = 0
    yield from _bash_command(held, at_ms)


def _bash_command(lines: list[bytes], at_ms: int) -> Iterator[PastCommand]:
    if lines:
        yield PastCommand(text_of(b"\n".join(lines)), at_ms)


def _hold(lines: list[bytes], line: bytes) -> None:
    """A history without an end to one command must not fill the memory."""
    if sum(map(len, lines)) < COMMAND_CHARACTERS_MAX:
        lines.append(line)


def zsh(lines: Iterable[bytes]) -> Iterator[PastCommand]:
    """Plain and extended, also mixed."""
    held = list[bytes]()
    for line in lines:
        goes_on = line.endswith(b"\\")
        _hold(held, line[:-1] if goes_on else line)
        if not goes_on:
            yield _zsh_command(held)
            held = []
    if held:
        yield _zsh_command(held)


def _zsh_command(lines: list[bytes]) -> PastCommand:
    data = b"\n".join(lines)
    at_ms = duration_ms = 0
    if extended := _ZSH_EXTENDED.match(data):
        at_ms, duration_ms = int(extended[1]) * 1000, int(extended[2]) * 1000
        data = data[extended.end() :]
    if data.endswith(b"\\ "):  # its own, so that the command does not seem to go on
        data = data[:-1]
    plain = _ZSH_META.sub(lambda meta: bytes([meta[1][0] ^ 32]), data)
    return PastCommand(text_of(plain), at_ms, duration_ms=duration_ms)


def fish(lines: Iterable[bytes]) -> Iterator[PastCommand]:
    """Its own kind of YAML, read by its own rules."""
    held: PastCommand | None = None
    for line in lines:
        if line.startswith(b"- cmd: "):
            if held:
                yield held
            held = PastCommand(_FISH_ESCAPE.sub(_unescaped, text_of(line[7:])))
        elif held and (when := line.strip().removeprefix(b"when: ")).isdigit() and not held.at_ms:
            held = replace(held, at_ms=int(when[:12]) * 1000)
    if held:
        yield held


def _unescaped(escape: re.Match[str]) -> str:
    return "\n" if escape[1] == "n" else "\\"
