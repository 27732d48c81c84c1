"""Takes private keys out line by line, also of a text that begins or ends in the middle of one."""

from __future__ import annotations

import re

TAKEN = "<redacted:private-key>"
LINES_MAX = 400
"""Of one key's body; an RSA key of 16,384 bits has 200."""

_BEGIN = re.compile(r"-----BEGIN ((?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?)-----")
_BODY = re.compile(r"[A-Za-z0-9+/=:,. \t\\\"'|>+E-]*")
_END = re.compile(r"-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_BODY_BEFORE = re.compile(r"[-+ |>\"'\t]{0,40}[A-Za-z0-9+/]{8,100}={0,2}(?:\\n|[\"',\s])*")
_LAST = re.compile(r"[-+ |>\"'\t]{0,40}[A-Za-z0-9+/]{1,100}={0,2}(?:\\n|[\"',\s])*")
"""The last line of a body is as long as what was left for it."""
_NOTE_BEFORE = re.compile(r"[-+ |>\"'\t]{0,40}(?:Proc-Type|DEK-Info|Comment|Version): .*")


def without_private_keys(text: str) -> str:
    """The bodies of PEM keys are gone, whether or not their first and last lines are there."""
    if "PRIVATE KEY" not in text:
        return text
    lines = text.split("\n")
    left = 0
    for i, line in enumerate(lines):
        if begin := _BEGIN.search(line):
            lines[i], left = _begins(line, begin)
        elif left and not (end := _END.search(line)):
            lines[i], left = _goes_on(line, left)
        elif left:
            lines[i], left = _ends(line), 0
        elif end := _END.search(line):
            _take_before(lines, i, end)
    return "\n".join(lines)


def _begins(line: str, begin: re.Match[str]) -> tuple[str, int]:
    rest = line[begin.end() :]
    end = rest.find("-----END")
    if end >= 0:  # on one line, with its line ends written as \n
        return f"{line[: begin.end()]}{TAKEN}{rest[end:]}", 0
    body = TAKEN if rest.strip() and "<redacted:" not in rest else rest
    return line[: begin.end()] + body, LINES_MAX


def _goes_on(line: str, left: int) -> tuple[str, int]:
    if not line.strip() or TAKEN in line:
        return line, left - 1
    return (TAKEN, left - 1) if _BODY.fullmatch(line) else (line, 0)


def _ends(line: str) -> str:
    return line[line.index("-----END") :] if line[:1] not in "+-E |" else line


def _take_before(lines: list[str], at: int, end: re.Match[str]) -> None:
    """The key's beginning was cut off: its body stands above its last line."""
    before = lines[at][: end.start()]
    if _BODY_BEFORE.fullmatch(before):
        lines[at] = TAKEN + lines[at][end.start() :]
    for i in range(at - 1, max(-1, at - 1 - LINES_MAX), -1):
        if lines[i] == TAKEN or _NOTE_BEFORE.fullmatch(lines[i]):
            continue
        if not (_LAST if i == at - 1 else _BODY_BEFORE).fullmatch(lines[i]):
            return
        lines[i] = TAKEN
