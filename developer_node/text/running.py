"""What a program that still runs says about itself: requests that it answered, errors, cycles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from developer_node.text.parsers.symptom import plain_lines

OPEN_MAX = 1000
"""Names that are remembered as failing; more are one program's bad day."""

_VERB = "GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS"
_REQUEST = re.compile(
    # Flask, Django, uvicorn and others that log as Apache does; morgan, Next.js, Vite's kin.
    rf'"(?P<verb>{_VERB}) (?P<path>/\S*)(?: HTTP/[\d.]+)?" (?P<status>[1-5]\d\d)\b'
    rf"|^\s*(?P<verb2>{_VERB}) (?P<path2>/\S*) (?P<status2>[1-5]\d\d) (?:in )?[\d.]+ ?m?s\b"
)
_TASK = re.compile(r"\bTask (?P<name>[\w.]+)\[[\w-]+\] (?P<end>succeeded in|raised unexpected:)")
_CYCLES: tuple[tuple[str, re.Pattern[str], re.Pattern[str]], ...] = (
    (
        "tsc build",
        re.compile(r"\bFound 0 errors\. Watching for file changes"),
        re.compile(r"\bFound [1-9]\d* errors?\. Watching for file changes"),
    ),
    (
        "webpack build",
        re.compile(r"^webpack [\d.]+ compiled (?:successfully|with \d+ warnings?)\b"),
        re.compile(r"^webpack [\d.]+ compiled with \d+ errors?\b"),
    ),
    (
        "startup",
        re.compile(r"^INFO: +Application startup complete\.|^Starting development server at "),
        re.compile(r"^Process SpawnProcess-\d+:$|^Exception in thread django-main-thread:$"),
    ),
)
"""What comes round again and again: its name, the words of a good end and of a bad one."""

_TROUBLE = re.compile(
    r"Traceback \(most recent call last\)|^\s+at .+:\d+:\d+\)?$|\berror TS\d+:|^ERROR in |"
    r"\[vite\] Internal server error|= FAILURES =|= ERRORS =|^ ?FAIL  ?\S|^  ● |"
    r"\bError: |\bException: |^panic: |thread '.*' (?:\(\d+\) )?panicked at",
    re.MULTILINE,
)
_RESULT = re.compile(
    r"\b\d+ (?:passed|failed)\b.* in [\d.]+s|^Tests: +.*\d+ total|^ +Tests +\d+ ", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Ended:
    """Something with a name that is done again and again came to an end."""

    name: str
    """"GET /cart", "task shop.price", "tsc build"."""
    well: bool | None
    """None for what is neither: a request for a page that does not exist."""
    at: int
    """Index of the line."""


def endings(lines: Sequence[str]) -> Iterator[Ended]:
    """In the order in which they are told; of plain lines."""
    for i, line in enumerate(lines):
        request = _REQUEST.search(line)
        task = _TASK.search(line)
        if request:
            yield _request(request, i)
        elif task:
            yield Ended(f"task {task['name']}", task["end"].startswith("succeeded"), i)
        for name, good, bad in _CYCLES:
            if good.search(line) or bad.search(line):
                yield Ended(name, bool(good.search(line)), i)


class Telling:
    """Whether parts of one running program's output are news: something failed, or it ended well
    after it had failed."""

    def __init__(self) -> None:
        self._failing: dict[str, None] = {}

    def worth(self, text: str) -> bool:
        """Asked once about each part, in order."""
        lines = plain_lines(text)
        plain = "\n".join(lines)
        news = bool(_TROUBLE.search(plain) or _RESULT.search(plain))
        return self._is_news(endings(lines)) or news

    def _is_news(self, ended: Iterable[Ended]) -> bool:
        news = False
        for end in ended:
            if end.well is False and len(self._failing) < OPEN_MAX:
                self._failing[end.name] = None
            elif end.well and end.name in self._failing:
                del self._failing[end.name]
                news = True
            news = news or end.well is False
        return news


def _request(found: re.Match[str], at: int) -> Ended:
    verb, path = found["verb"] or found["verb2"], found["path"] or found["path2"]
    status = int(found["status"] or found["status2"])
    well = None if 400 <= status < 500 else status < 400
    return Ended(f"{verb} {path.partition('?')[0]}", well, at)
