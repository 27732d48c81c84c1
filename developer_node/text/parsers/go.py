"""go build, vet and test: compile errors by place, tests by package and name, module trouble."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from common.model.failure import FailureKind, Frame
from developer_node.text.parsers.go_tests import read_tests, unpacked
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom

_PACKAGE = re.compile(r"^# (?P<vet>\[)?[\w./~@-]+\]?(?: \[[\w./~-]+\.test\])?$")
_PLACE = re.compile(
    r"^(?P<vet>vet: )?(?P<path>(?:\S+/)?[\w.+-]+\.(?:go|s|mod|work)):(?P<line>\d+):(?:\d+:)? "
    r"(?P<message>(?!Warning)\S.*)$"
)
_MORE = re.compile(r"^\t(?P<more>\S.*)$")
_TOOL = re.compile(
    r"^(?:go(?: \w+)?: (?P<go>(?!downloading |finding |found |added |upgraded |downgraded |removed "
    r"|to add |extracting |creating |warning|no module requirements|trying ).+)|"
    r"(?P<bare>pattern \S+: .+|no required module provides package .+|"
    r"package \S+ is not in (?:GOROOT|std).*|package \S+: (?:cannot|no Go).+|"
    r"no Go files in .+|build constraints exclude all Go files in .+|"
    r"go\.mod:\d+: .+))$"
)
_MODULES = re.compile(
    r"(?:cannot find (?:main )?module|no required module|is not in (?:GOROOT|std)|"
    r"missing go\.sum|not a known (?:dependency|module)|cannot find package)"
)
_NETWORK = re.compile(r"(?:dial tcp|no such host|i/o timeout|TLS handshake|connection refused)")
_MESSAGE_CHARS_MAX = 4000


def parse(lines: Sequence[str], place: Place) -> Parsed | None:
    """`go test -json` is read as what it would have printed; its lines are then all go's."""
    plain = unpacked(lines)
    if plain is not None:
        run = read_tests(plain, place)
        whole = tuple(Found(f.symptom, 0, len(lines) - 1) for f in run.found)
        return Parsed(whole, run.tests, (range(len(lines)),))
    run = read_tests(lines, place)
    claimed = {i for f in run.found for i in range(f.first, f.last + 1)}
    errors = [f for f in _errors(lines) if f.first not in claimed]
    if not errors and not run.reported:
        return None
    found = sorted((*run.found, *errors), key=lambda f: f.first)
    return Parsed(tuple(found), run.tests if run.reported else None)


def _errors(lines: Sequence[str]) -> Iterator[Found]:
    is_sure = any(_PACKAGE.match(line) or _TOOL.match(line) for line in lines)
    is_vet = False
    for i, line in enumerate(lines):
        package = _PACKAGE.match(line)
        if package:
            is_vet = bool(package["vet"])
        at, tool = _PLACE.match(line), _TOOL.match(line)
        if tool:
            said = tool["go"] or tool["bare"]
            complaint = Complaint("", said, _whole(lines, i))
            yield Found(Symptom("go", complaint, kind=_kind(said)), i, _last(lines, i))
        elif at and (is_sure or at["vet"] or _MODULES.search(at["message"])):
            lint = is_vet and not at["vet"]
            yield _compile_error(lines, i, at, lint)


def _compile_error(lines: Sequence[str], i: int, at: re.Match[str], lint: bool) -> Found:
    """With what it has and wants, on lines of their own since 1.18."""
    last = _last(lines, i)
    more = [m["more"] for line in lines[i + 1 : last + 1] if (m := _MORE.match(line))]
    headline = "\n".join([at["message"], *(m for m in more if m.startswith(("have ", "want ")))])
    frame = Frame(at["path"], "", int(at["line"]))
    complaint = Complaint("vet" if lint else "", headline, _whole(lines, i), (frame,))
    return Found(Symptom("go", complaint, kind="lint" if lint else _kind(at["message"])), i, last)


def _whole(lines: Sequence[str], i: int) -> str:
    return "\n".join(lines[i : _last(lines, i) + 1])[:_MESSAGE_CHARS_MAX]


def _last(lines: Sequence[str], i: int) -> int:
    while i + 1 < len(lines) and _MORE.match(lines[i + 1]):
        i += 1
    return i


def _kind(message: str) -> FailureKind:
    if _NETWORK.search(message):
        return "network"
    is_module = _MODULES.search(message) or "module" in message or "pattern " in message
    return "environment" if is_module or "go.mod" in message else "build"


PARSER = Parser(
    tool="go",
    parse=parse,
    hints=(
        "--- FAIL",
        "--- PASS",
        "--- SKIP",
        "\tgithub.com/",
        "ok  \t",
        "FAIL\t",
        "\n# ",
        "# ",
        "go: ",
        ".go:",
        "pattern ",
        '"Action":"',
        "go.mod",
        "panic: ",
        "is not in ",
        "no Go files",
    ),
    kinds=("test", "build", "lint", "environment", "network"),
    captured="compile errors with what they have and want, vet's findings, module trouble; tests "
    "by package and name (`example.com/shop/cart::TestMany/of_apples`), counts, what a failed test "
    "said, panics with their frames; `-json` too",
    codes="panic, runtime error, vet; the compiler has none",
    commands=("go", "gotestsum", "gopls"),
)
