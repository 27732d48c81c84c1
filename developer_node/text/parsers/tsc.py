"""TypeScript's errors, plain and pretty, of one compilation or of the last one of a watch."""

from __future__ import annotations

import re
from collections.abc import Sequence

from common.model.failure import FailureKind, Frame
from developer_node.text.parsers import javascript
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom

_PATH = r"(?P<path>(?:[A-Za-z]:)?[^\s:()][^:()]*?\.\w+)"
_SAID = r"error TS(?P<number>\d+): (?P<message>\S.*)$"
_PLAIN = re.compile(rf"^{_PATH}\((?P<line>\d+),\d+\): {_SAID}")
_PRETTY = re.compile(rf"^(?:Error: |ERROR in )?{_PATH}:(?P<line>\d+):\d+ - {_SAID}")
_GLOBAL = re.compile(rf"^{_SAID}")
_MORE = re.compile(r"^ {2,}\S")
_SHOWN = re.compile(r"^(?:\s*$|\s+\S|\d+ |\s*~+)")
"""The source under a pretty error, and other places that it speaks of."""
_AGAIN = re.compile(r"(?:File change detected\. Starting|Starting) (?:incremental )?compilation")
_SUMMARY = re.compile(r"^(?:\[?.*\]? ?(?:- )?)?Found \d+ errors?(?: in .*|\..*)?$")
_SYNTAX = range(1000, 2000)
_SETTINGS = (*range(5000, 6060), *range(6300, 6400), 18002, 18003)
_MESSAGE_CHARS_MAX = 4000


def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
    """What an earlier compilation of a watch said is over: the file changed since."""
    lines = javascript.shown(lines)
    begin = max((i for i, line in enumerate(lines) if _AGAIN.search(line)), default=0)
    found: list[Found] = []
    for i in range(begin, len(lines)):
        pretty = _PRETTY.match(lines[i])
        said = pretty or _PLAIN.match(lines[i]) or _GLOBAL.match(lines[i])
        if said:
            found.append(_error(lines, i, said, is_pretty=pretty is not None))
    own = tuple(range(i, i + 1) for i in range(len(lines)) if _SUMMARY.match(lines[i]))
    over = (range(begin),) if begin and "error TS" in "\n".join(lines[:begin]) else ()
    return Parsed(tuple(found), own=(*own, *over)) if found or over else None


def _error(lines: Sequence[str], i: int, said: re.Match[str], is_pretty: bool) -> Found:
    last = i
    while last + 1 < len(lines) and _MORE.match(lines[last + 1]):
        last += 1
    message = "\n".join([said["message"], *lines[i + 1 : last + 1]])[:_MESSAGE_CHARS_MAX]
    groups = said.groupdict()
    path = groups.get("path")
    frames = (Frame(path, "", int(groups.get("line") or 0)),) if path else ()
    complaint = Complaint(f"TS{said['number']}", said["message"], message, frames)
    symptom = Symptom("tsc", complaint, kind=_kind(int(said["number"])))
    return Found(symptom, i, _last(lines, last) if is_pretty else last)


def _kind(number: int) -> FailureKind:
    return "build" if number in _SYNTAX or number in _SETTINGS else "type"


def _last(lines: Sequence[str], last: int) -> int:
    end = last
    while end + 1 < len(lines) and _SHOWN.match(lines[end + 1]):
        end += 1
        last = end if lines[end].strip() else last
    return last


PARSER = Parser(
    tool="tsc",
    parse=parse,
    hints=("error TS",),
    kinds=("type", "build"),
    captured="each error's code, message with what it explains, file and line; of a watch the last "
    "compilation",
    codes="TS2322",
    commands=("tsc", "vue-tsc", "ts-node", "ng", "tsup"),
    during=True,
)
