"""uv's errors with their causes, as they were before the terminal's width broke them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from common.model.failure import FailureKind, Frame
from developer_node.text.parsers import javascript, python
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom

_ERROR = re.compile(r"^error: (?P<message>\S.*)$")
_CROSS = re.compile(r"^  × (?P<message>\S.*)$")
_CAUSE = re.compile(r"^  (?:[Cc]aused by|cause): (?P<message>\S.*)$|^  (?:├|╰)─▶ (?P<cause>\S.*)$")
_OUTPUT = re.compile(r"^\s*(?:│\s*)?\[(?:stderr|stdout)\]\s*$")
_EXCERPT = re.compile(r"^\s+(?:\d+ )?\|")
_HINT = re.compile(r"^\s*(?:hint|help): ")
_NOT_UV = re.compile(
    r"^error: (?:could not compile|aborting due to|failed to run custom build|"
    r"Failed to parse \S+:\d+:\d+: )"
)
_PIP = re.compile(r"^\s*(?:│ exit code: \d+|\[end of output\])$")
"""pip draws the same cross."""
_SAYS_UV = (
    re.compile(r"^  (?:cause|Caused by): |^  [×├╰]"),
    re.compile(
        r"^error: (?:No (?:`pyproject\.toml`|solution|interpreter|virtual environment|Python)|"
        r"Failed to (?:spawn|fetch|parse|build|download|read|resolve|install|prepare|discover|"
        r"initialize|inspect)|File not found: |The (?:interpreter|lockfile|requested)|Unable to "
        r"find lockfile|Project virtual environment|Distribution |Requirements file |"
        r"Querying Python|Request failed|Could not |The build backend)"
    ),
)
_UNFIT = re.compile(r"(?i)connect|dns|timed out|network|sending request|certificate")
_TOML = re.compile(r"^TOML parse error at line (?P<line>\d+), column \d+(?: (?P<why>.+))?$")
_FILE = re.compile(
    r"^(?:Failed to parse|File not found|Failed to read)(?: file)?:? `?(?P<path>[^\s`]+)`?$"
)
_LINES_MAX = 80
_MESSAGE_CHARS_MAX = 4000


def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
    """None where an `error:` could be any program's: it must have causes or uv's words."""
    lines = javascript.shown(lines)
    found: list[Found] = []

    after = 0
    for i, line in enumerate(lines):
        begin = _CROSS.match(line) or _ERROR.match(line)
        if i < after or begin is None or _NOT_UV.match(line):
            continue
        last = _end(lines, i)
        if any(_PIP.match(s) for s in lines[i : last + 1]):
            continue
        if not any(says.match(s) for says in _SAYS_UV for s in lines[i : last + 1]):
            continue
        build = _build(lines, i)
        symptom = _symptom(_parts(lines[i : last + 1]), build.complaints if build else ())
        last = max(last, build.last) if build else last
        found.append(Found(symptom, i, last))
        after = last + 1
    return Parsed(tuple(found)) if found else None


def _build(lines: Sequence[str], i: int) -> python.Chain | None:
    """The traceback of a build, indented or not; its lines are counted as in the output."""
    near = lines[i : i + _LINES_MAX]
    begin = next((n for n, s in enumerate(near) if _OUTPUT.match(s)), None)
    if begin is None or any(_ERROR.match(s) for s in near[1:begin]):
        return None
    body = list(near[begin + 1 :])
    indent = min((len(s) - len(s.lstrip()) for s in body[:1]), default=0)
    chains = python.chains([s[indent:] for s in body])
    if not chains:
        return None
    at = i + begin + 1
    return replace(chains[0], first=at + chains[0].first, last=at + chains[0].last)


def _end(lines: Sequence[str], i: int) -> int:
    """To the last line that is indented under it, over empty lines within."""
    last = i
    for n in range(i + 1, min(i + _LINES_MAX, len(lines))):
        line = lines[n]
        if line.strip() and not line[0].isspace():
            break
        if _CROSS.match(line):
            break
        last = n if line.strip() else last
    return last


def _parts(block: Sequence[str]) -> list[str]:
    """What failed, then its causes, outermost first, each on one line."""
    parts: list[str] = []
    is_open = True
    for line in block:
        begin = _ERROR.match(line) or _CROSS.match(line)
        cause = _CAUSE.match(line)
        if begin and not parts:
            parts.append(begin["message"])
        elif cause:
            parts.append(cause["message"] or cause["cause"])
            is_open = True
        elif not line.strip() or _HINT.match(line) or _OUTPUT.match(line):
            is_open = False
        elif _EXCERPT.match(line):
            continue
        elif is_open and parts:
            parts[-1] = f"{parts[-1]} {line.strip(' │')}"
    return [" ".join(part.split()) for part in parts]


def _symptom(parts: Sequence[str], causes: tuple[Complaint, ...]) -> Symptom:
    """The innermost cause says what is wrong; what failed says where."""
    first = parts[0].rstrip(":")
    headline = first
    if len(parts) > 1:
        why = parts[1] if first.startswith("No solution found") else parts[-1]
        toml = _TOML.match(why)
        headline = f"{first}: {toml['why'] if toml and toml['why'] else why}"
    # Newer versions put no backticks around names.
    headline = headline.replace("`", "")
    frames = causes[-1].frames if causes else _frames(parts)
    complaint = Complaint("", headline, "\n".join(parts)[:_MESSAGE_CHARS_MAX], frames)
    return Symptom("uv", complaint, causes, kind=_kind(" ".join(parts)))


def _frames(parts: Sequence[str]) -> tuple[Frame, ...]:
    file = next((m for p in parts if (m := _FILE.match(p))), None)
    toml = next((m for p in parts if (m := _TOML.match(p))), None)
    if file is None or "://" in file["path"]:
        return ()
    return (Frame(file["path"], "", int(toml["line"]) if toml else 0),)


def _kind(text: str) -> FailureKind:
    if "Permission denied" in text:
        return "permission"
    if _UNFIT.search(text):
        return "network"
    return "build" if "Failed to build" in text or "build backend" in text else "environment"


PARSER = Parser(
    tool="uv",
    parse=parse,
    hints=("error: ", "  × "),
    kinds=("environment", "network", "build", "permission"),
    captured="what failed and the cause that tells, whole at every width; the file that cannot be "
    "read",
    commands=("uv", "uvx"),
)
