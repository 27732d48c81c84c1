"""rustc's and clippy's errors, also as cargo passes them on: code, message, the primary place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from common.model.failure import FailureKind, Frame
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom

_ERROR = re.compile(
    r"^(?P<level>error(?:: internal compiler error)?)(?:\[(?P<code>[\w:]+)\])?: (?P<message>.+)$"
)
_ARROW = re.compile(r"^ *--> (?P<path>(?!.*\.toml:).+?):(?P<line>\d+):\d+$")
_SHORT = re.compile(
    r"^(?P<path>\S.*?\.rs):(?P<line>\d+):\d+: error(?:\[(?P<code>[\w:]+)\])?: (?P<message>.+)$"
)
_PLACELESS = re.compile(
    r"^(?:linking with .+ failed|couldn't read .+|linker .+ not found|can't find crate|"
    r"failed to (?:load source|write|remove|create) )"
)
_LABEL = re.compile(r"^ *\|[ |]*(?:[-~^]+ +)*\^+ (?P<label>[^\s|^-].*)$")
_LINT = re.compile(r"`(?:-[DFW] |#\[(?:deny|forbid)\()(?P<name>[\w:-]+)")
_LINKER = re.compile(
    r"^[= |]*(?:note: )?(?P<said>.*(?:undefined (?:symbol|reference)|ld: |not found).*)"
)
_LABELLED = ("E0308", "E0277")
"""Their messages are the same for every mistake: the label tells which. Other labels change from
version to version and tell nothing more."""

_MESSAGE_CHARS_MAX = 4000
_HEADLINE_LINES_MAX = 6
"""Between the error and its arrow: a message may have several lines."""


def parse(lines: Sequence[str], place: Place) -> Parsed | None:
    """Errors only; warnings that were made errors are lints with the lint's own name."""
    found = [f for i in range(len(lines)) if (f := _found(lines, i, place))]
    return Parsed(tuple(found)) if found else None


def in_workspace(path: str, place: Place) -> str:
    """cargo prints paths relative to the workspace's root, from whichever member it was called.

    In `/r/crates/web`, `crates/web/src/lib.rs` is `/r/crates/web/src/lib.rs`.
    """
    if path.startswith(("/", "<")) or not place.cwd:
        return path
    parts = path.split("/")
    here = place.cwd.rstrip("/").split("/")
    for n in range(len(parts) - 1, 0, -1):
        if here[-n:] == parts[:n] and len(here) > n:
            return "/".join([*here[:-n], *parts])
    return path


def _found(lines: Sequence[str], i: int, place: Place) -> Found | None:
    short = _SHORT.match(lines[i])
    if short and short["code"]:
        frame = Frame(in_workspace(short["path"], place), "", int(short["line"]))
        message = short["message"]
        complaint = Complaint(short["code"], message.partition(": ")[0], message, (frame,))
        return Found(Symptom("rustc", complaint, kind=_kind(short["code"])), i, i)
    error = _ERROR.match(lines[i])
    if error is None:
        return None
    last = _last(lines, i)
    block = lines[i : last + 1]
    arrow = _arrow(block)
    if arrow is None and not error["code"] and not _PLACELESS.match(error["message"]):
        return None
    return Found(_symptom(error, block, arrow, place), i, last)


def _last(lines: Sequence[str], i: int) -> int:
    """A diagnostic ends where an empty line is."""
    while i + 1 < len(lines) and lines[i + 1] and not _ERROR.match(lines[i + 1]):
        i += 1
    return i


def _arrow(block: Sequence[str]) -> tuple[int, re.Match[str]] | None:
    for n, line in enumerate(block[1 : 1 + _HEADLINE_LINES_MAX], 1):
        arrow = _ARROW.match(line)
        if arrow:
            return n, arrow
    return None


def _symptom(
    error: re.Match[str],
    block: Sequence[str],
    arrow: tuple[int, re.Match[str]] | None,
    place: Place,
) -> Symptom:
    code = error["code"] or next(_lints(block), "")
    said = [error["message"], *(block[1 : arrow[0]] if arrow else ())]
    detail = "" if arrow else _linker(block)
    if code in _LABELLED:
        detail = _label(block)
    headline = "\n".join([" ".join(s.strip() for s in said), *([detail] if detail else [])])
    frames: tuple[Frame, ...] = ()
    if arrow:
        path = in_workspace(arrow[1]["path"], place)
        frames = (Frame(path, "", int(arrow[1]["line"])),)
    message = "\n".join(block)[:_MESSAGE_CHARS_MAX]
    return Symptom("rustc", Complaint(code, headline, message, frames), kind=_kind(code))


def _kind(code: str) -> FailureKind:
    return "build" if not code or re.fullmatch(r"E\d+", code) else "lint"


def _lints(block: Sequence[str]) -> Iterator[str]:
    for line in block:
        lint = _LINT.search(line) if line.lstrip().startswith("= note: ") else None
        if lint:
            yield lint["name"].replace("-", "_")


def _label(block: Sequence[str]) -> str:
    """What stands beside the carets."""
    found = next((m for line in block if (m := _LABEL.match(line))), None)
    return found["label"] if found else ""


def _linker(block: Sequence[str]) -> str:
    """Of what the linker said, the line that names what is missing."""
    said = (m["said"] for line in block[1:] if '"-' not in line and (m := _LINKER.match(line)))
    return next(said, "").strip()


PARSER = Parser(
    tool="rustc",
    parse=parse,
    hints=("error[", "--> ", "error: linking with", "error: couldn't read", "error: linker"),
    kinds=("build", "lint"),
    captured="each error's code, message with the label of its carets, and primary place; lints "
    "that were denied; what the linker missed",
    codes="E0382; a lint's name: unused_variables, clippy::needless_return",
    commands=("rustc", "cargo", "clippy-driver", "trunk", "maturin", "wasm-pack"),
    during=True,
)
