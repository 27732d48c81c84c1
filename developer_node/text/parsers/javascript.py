"""What JavaScript's tools share: the stack of V8, names of functions, a claim with two sides."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from common.model.failure import Frame, TestReport

_SPINNER = re.compile(r"^(?:[\u2800-\u28ff] ?)+")
"""npm and npx turn it where the next line begins, and wipe it by moving the cursor."""
_PATH = r"(?P<path>(?:file://|webpack-internal:///|/|\.{0,2}/|[A-Za-z]:[\\/]|[\w@.-]).*?)"
_PLACE = rf"{_PATH}:(?P<line>\d+)(?::\d+)?"
_SHAPES = (
    re.compile(rf"^\s*at (?P<function>\S.*?) \({_PLACE}\)$"),
    re.compile(rf"^\s*at (?:async )?(?P<function>){_PLACE}$"),
    re.compile(rf"^\s*❯ (?:async )?(?:(?P<function>\S+(?: \[as \S+\])?) )?{_PLACE}$"),
)
"""V8's with a function and without; vitest's, whose paths have no brackets around them."""
_ALIAS = re.compile(r" \[as [^\]]+\]$")
_RECEIVER = re.compile(r"^(?:Object|Module|Function|Suite|Context|Test|Proxy|global)\.")
_MATCHER = re.compile(r"^(?:expect\.)?(?:(?:not|resolves|rejects)\.)?to[A-Z]\w*$")
_ANONYMOUS = ("<anonymous>", "eval", "null", "undefined")


@dataclass(slots=True)
class Names:
    """Names of tests as a runner tells them, each once and in order."""

    passed: dict[str, None] = field(default_factory=dict[str, None])
    failed: dict[str, None] = field(default_factory=dict[str, None])
    skipped: dict[str, None] = field(default_factory=dict[str, None])

    def report(self, counts: Mapping[str, int]) -> TestReport:
        """With the counts of the last lines; who failed has not passed."""
        return TestReport(
            passed=tuple(n for n in self.passed if n not in self.failed),
            failed=tuple(self.failed),
            skipped=tuple(self.skipped),
            passed_count=counts.get("passed", 0),
            failed_count=counts.get("failed", 0),
            skipped_count=counts.get("skipped", 0) + counts.get("todo", 0),
        )


def shown(lines: Sequence[str]) -> list[str]:
    """Lines without the spinner that is left of a line wiped on the screen."""
    return [_SPINNER.sub("", line) for line in lines]


def frame(line: str) -> Frame | None:
    """`at total (src/cart.js:3:5)`; None for Node's own files, which are nobody's to mend."""
    found = next((m for shape in _SHAPES if (m := shape.match(line))), None)
    if found is None:
        return None
    path = _path(found["path"])
    if path.startswith(("node:", "internal/")):
        return None
    return Frame(path, _function(found["function"] or ""), int(found["line"]))


def is_frame(line: str) -> bool:
    """Whether a line belongs to a stack, of whomever."""
    return line.lstrip().startswith(("at ", "❯ "))


def stack(lines: Sequence[str]) -> tuple[Frame, ...]:
    """Outermost first; V8 prints the innermost first."""
    return tuple(f for line in reversed(lines) if (f := frame(line)))


def claim(received: str, expected: str) -> str:
    """Both sides in the words of an assertion, so that they are told from the rest."""
    return f"assert {received.strip()} == {expected.strip()}"


def _path(printed: str) -> str:
    path = printed
    if path.startswith("file://"):
        path = unquote(path.removeprefix("file://"))
    if path.startswith("webpack-internal:///"):
        # `(rsc)/./app/page.tsx`: the layer, then the file from the project's root.
        path = path.removeprefix("webpack-internal:///").rpartition(")/")[2]
    return path.removeprefix("./").partition("?")[0]


def _function(printed: str) -> str:
    """One name in every version of V8; empty at the top of a file and for a test's own body."""
    name = _RECEIVER.sub("", _ALIAS.sub("", printed.removeprefix("async ")))
    anonymous = name.rpartition(".")[2] in _ANONYMOUS or name in _ANONYMOUS
    return "" if anonymous or _MATCHER.match(name) else name
