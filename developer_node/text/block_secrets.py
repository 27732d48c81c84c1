"""Secrets that stand on the lines below their name, as YAML writes what is long: `password: |`."""

from __future__ import annotations

import re

from developer_node.text.secret_shapes import PLACEHOLDER

LINES_MAX = 50
"""Of one value."""
_HEAD = re.compile(
    r"(?i:pass(?:word|wd|phrase|code)|(?<![a-z])pwd|secret|token|api[_-]?key|private[_-]?key|"
    r"access[_-]?key|secret[_-]?key(?:[_-]base)?|credentials?)"
    r"[\"']?[ \t]{0,4}:[ \t]{0,4}[|>][+\-\d]{0,3}\s*$"
)
_LEAD = re.compile(r"[+\- \t]*")
"""A patch's sign and a list's dash count as the place that they take."""
_NO_SECRET = ("$", "{{", PLACEHOLDER, "#")


def without_blocks(text: str) -> str:
    """The lines below such a name that stand deeper than it lose their words."""
    if not any(mark in text for mark in ("|\n", ">\n", "|-", ">-", "|+", ">+", "|\r", ">\r")):
        return text
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if line.rstrip("\r \t+-0123456789")[-1:] in ("|", ">") and _HEAD.search(line[-200:]):
            _take(lines, number)
    return "\n".join(lines)


def _take(lines: list[str], head: int) -> None:
    column = len(_LEAD.match(lines[head])[0])  # type: ignore[index]  # it matches nothing too
    for number in range(head + 1, min(len(lines), head + 1 + LINES_MAX)):
        line = lines[number]
        lead = _LEAD.match(line)
        words = line[lead.end() :].rstrip() if lead else ""
        if words and lead and lead.end() <= column:
            return
        if words and lead and not words.startswith(_NO_SECRET):
            end = line[len(line.rstrip()) :]
            lines[number] = f"{lead[0]}{PLACEHOLDER}password>{end}"
