"""webpack: each `ERROR in` with its module."""

from __future__ import annotations

import re
from collections.abc import Sequence

from common.model.failure import Frame
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom

_ERROR = re.compile(r"^ERROR in (?P<path>[^\s:]+)(?:[: ](?P<line>\d+):\d+(?:-\d+(?::\d+)?)?)?$")
_CODE = re.compile(r"^(?P<code>TS\d+): (?P<message>\S.*)$")
_DECIDED = re.compile(r"^webpack [\d.]+ compiled ")
_LINES_MAX = 40


def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
    """A module's loaders and source are left out."""
    found = [
        f for i, line in enumerate(lines) if (m := _ERROR.match(line)) if (f := _found(lines, i, m))
    ]
    return Parsed(tuple(found)) if found else None


def _found(lines: Sequence[str], i: int, said: re.Match[str]) -> Found | None:
    if i + 1 >= len(lines) or not lines[i + 1].strip():
        return None
    message = lines[i + 1].strip()
    coded = _CODE.match(message)
    code, headline = (coded["code"], coded["message"]) if coded else ("", message)
    frame = Frame(said["path"].removeprefix("./"), "", int(said["line"] or 0))
    last = i + 1
    while last + 1 < min(len(lines), i + _LINES_MAX) and not _ends(lines, last + 1):
        last += 1
    complaint = Complaint(code, headline, "\n".join(lines[i + 1 : last + 1]).rstrip(), (frame,))
    return Found(Symptom("webpack", complaint, kind="build"), i, last)


def _ends(lines: Sequence[str], i: int) -> bool:
    return bool(_ERROR.match(lines[i]) or _DECIDED.match(lines[i]))


PARSER = Parser(
    tool="webpack",
    parse=parse,
    hints=("ERROR in ",),
    kinds=("build",),
    captured="each error's message, module and line",
    codes="TypeScript's where a loader gives them: TS2322",
    commands=("webpack", "webpack-dev-server", "react-scripts", "vue-cli-service"),
    during=True,
)
