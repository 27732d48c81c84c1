"""What Node dies of: an error that nobody caught, its causes, and files that it cannot read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from common.model.failure import FailureKind, Frame
from developer_node.text.parsers import javascript
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom

_HEADER = re.compile(r"^(?P<path>(?:file://)?(?:/|node:|[A-Za-z]:\\)\S.*?):(?P<line>\d+)$")
_CARET = re.compile(r"^\s*\^+\s*$")
_TRAILER = re.compile(r"^Node\.js v\d+\.\d+\.\d+")
_ERROR = re.compile(
    r"^(?:Uncaught )?(?P<name>(?:[A-Za-z_$][\w$]*\.)*[A-Z][\w$]*)"
    r"(?: \[(?:Error|(?P<code>[A-Z][A-Z0-9_]+))\])?(?:: (?P<message>.*))?$"
)
_REJECTION = re.compile(r"^\[UnhandledPromiseRejection: (?P<message>.*)\] ?\{?$")
_CAUSE = re.compile(r"^\s+\[cause\]: (?P<rest>\S.*)$")
_CODE = re.compile(r"^\s+code: '(?P<code>[A-Z][A-Z0-9_]+)',?$")
_EMITTED = re.compile(r"^Emitted 'error' event (?:on .+ )?at:$")
_IMPORTED_FROM = re.compile(r" imported from (?P<path>\S+)$")
_UNEQUAL = re.compile(r"^(?P<got>.+) !==? (?P<wanted>.+)$")
_DIFFERENCE = re.compile(r"^(?P<side>[-+]) +(?!actual\b|expected\b)(?P<value>\S.*)$")
_SOURCE_LINES_MAX = 4
_LINES_MAX = 400
_MESSAGE_CHARS_MAX = 4000

_KINDS: dict[str, FailureKind] = {
    "SyntaxError": "build",
    "MODULE_NOT_FOUND": "environment",
    "ERR_MODULE_NOT_FOUND": "environment",
    "ERR_UNSUPPORTED_DIR_IMPORT": "environment",
    "EACCES": "permission",
    "EPERM": "permission",
    "ECONNREFUSED": "network",
    "ECONNRESET": "network",
    "ENOTFOUND": "network",
    "ETIMEDOUT": "network",
    "EAI_AGAIN": "network",
    "EADDRINUSE": "network",
}
"""By code; all others are of kind runtime."""


def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
    """Node shows the line, a caret under it, and then the error: that is how it dies."""
    lines = javascript.shown(lines)
    found: list[Found] = []
    after = 0
    for i, line in enumerate(lines):
        header = _HEADER.match(line) if i >= after else None
        begin = _begin(lines, i) if header else None
        if header is None or begin is None:
            continue
        last = _end(lines, begin)
        symptom = _symptom(header, lines[begin : last + 1])
        if symptom:
            found.append(Found(symptom, i, last))
            after = last + 1
    return Parsed(tuple(found)) if found else None


def _begin(lines: Sequence[str], i: int) -> int | None:
    """The error's first line: after the source that is shown, with a caret."""
    near = range(i + 1, min(i + 1 + _SOURCE_LINES_MAX, len(lines)))
    caret = next((n for n in near if _CARET.match(lines[n])), None)
    if caret is None:
        return None
    return next((n for n in range(caret + 1, min(caret + 3, len(lines))) if lines[n].strip()), None)


def _end(lines: Sequence[str], begin: int) -> int:
    """To the line that names Node's version, or to the last of the stack in older versions."""
    last = begin
    for n in range(begin, min(begin + _LINES_MAX, len(lines))):
        if _TRAILER.match(lines[n]):
            return n
        if javascript.is_frame(lines[n]):
            last = n
    return last


def _symptom(header: re.Match[str], body: Sequence[str]) -> Symptom | None:
    complaints = complaints_of(body)
    if not complaints:
        return None
    complaint = _placed(complaints[0], header)
    causes = tuple(reversed(complaints[1:]))
    return Symptom("node", complaint, causes, kind=_KINDS.get(complaint.code, "runtime"))


def complaints_of(body: Sequence[str]) -> list[Complaint]:
    """An error as Node prints it, and what caused it; its own first line comes first."""
    parts: list[list[str]] = [[body[0]]]
    for line in body[1:]:
        cause = _CAUSE.match(line)
        if cause:
            parts.append([cause["rest"]])
        elif _TRAILER.match(line) or _EMITTED.match(line):
            break
        else:
            parts[-1].append(line)
    # What is told of an event comes after its stack, and the code after that.
    code = next((m["code"] for line in body if (m := _CODE.match(line))), "")
    found = (_complaint(part, "" if n else code) for n, part in enumerate(parts))
    return [c for c in found if c]


def _complaint(part: Sequence[str], code: str) -> Complaint | None:
    rejection = _REJECTION.match(part[0])
    error = _ERROR.match(part[0].rstrip(" {"))
    if rejection:
        return Complaint("ERR_UNHANDLED_REJECTION", rejection["message"], rejection["message"])
    if error is None:
        return Complaint("thrown", part[0], part[0]) if not javascript.is_frame(part[0]) else None
    said = [error["message"] or ""]
    for line in part[1:]:
        if javascript.is_frame(line):
            break
        said.append(line)
    name = error["name"].rpartition(".")[2]
    is_claim = name == "AssertionError"
    headline = "\n".join([said[0].rstrip(":"), *_claim(said)]) if is_claim else said[0]
    chosen = name if is_claim else (error["code"] or code or name)
    message = "\n".join(said).strip()[:_MESSAGE_CHARS_MAX]
    return Complaint(chosen, headline.strip(), message, javascript.stack(part))


def _claim(said: Sequence[str]) -> list[str]:
    """Both sides of an assertion, from one line or from a difference."""
    unequal = next((m for line in said[1:] if (m := _UNEQUAL.match(line))), None)
    if unequal:
        return [javascript.claim(unequal["got"], unequal["wanted"])]
    sides = [m for line in said[1:] if (m := _DIFFERENCE.match(line))]
    got = " ".join(m["value"] for m in sides if m["side"] == "+")
    wanted = " ".join(m["value"] for m in sides if m["side"] == "-")
    return [javascript.claim(got or "nothing", wanted or "nothing")] if sides else []


def _placed(complaint: Complaint, header: re.Match[str]) -> Complaint:
    """A file that cannot be read, or that imports what is not there, is in no stack."""
    path, line = header["path"].removeprefix("file://"), int(header["line"])
    imported = _IMPORTED_FROM.search(complaint.headline)
    if imported:
        path, line = imported["path"], 0
    if path.startswith("node:") or any(f.path == path for f in complaint.frames):
        return complaint
    frames = (*complaint.frames, Frame(path, "", line))
    return Complaint(complaint.code, complaint.headline, complaint.message, frames)


PARSER = Parser(
    tool="node",
    parse=parse,
    hints=("^",),
    kinds=("runtime", "build", "environment", "network", "permission"),
    captured="the error that nobody caught, its causes and frames, both sides of an assertion; a "
    "file that cannot be read or a module that is not there",
    codes="Node's own (ENOENT, MODULE_NOT_FOUND, ERR_...), else the error's class",
    commands=("node", "nodemon", "tsx", "ts-node"),
    during=True,
)
