"""Stack traces that no tool claimed: Java, Go, Rust, Node, Ruby, PHP and .NET."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from developer_node.text.parsers import trace_go, trace_java, trace_rust, trace_scripts
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom

_NO_CLASS = re.compile(
    r"^Error: (?P<message>(?:Could not find or load main class|Unable to access jarfile) .+)$"
)


def parse(lines: Sequence[str], place: Place) -> Parsed | None:
    """Of each language the last trace: what the program died of. Earlier ones may be logged."""
    found: dict[str, Found] = {}
    own: list[range] = []
    for trace in _traces(lines, place):
        earlier = found.get(trace.symptom.tool)
        if earlier and earlier.symptom.kind == "build":
            own.append(range(trace.first, trace.last + 1))
            continue  # of what could not be read, the first is meant: the rest follows from it
        own += [range(earlier.first, earlier.last + 1)] if earlier else []
        found[trace.symptom.tool] = trace
    if not found:
        return None
    return Parsed(tuple(sorted(found.values(), key=lambda f: f.first)), own=tuple(own))


def _traces(lines: Sequence[str], place: Place) -> Iterator[Found]:
    for java in trace_java.traces(lines):
        symptom = Symptom("java", java.complaint, java.causes, kind="runtime")
        yield Found(symptom, java.first, java.last)
    for go in trace_go.crashes(lines):
        yield Found(Symptom("go", go.complaint, go.causes, kind="runtime"), go.first, go.last)
    for i, line in enumerate(lines):
        missing = _NO_CLASS.match(line)
        if missing:
            complaint = Complaint("ClassNotFoundException", missing["message"], line)
            yield Found(Symptom("java", complaint, kind="environment"), i, i)
    yield from _rust(lines, place)
    for other in trace_scripts.traces(lines):
        syntax = other.complaint.code in ("SyntaxError", "Parse error")
        symptom = Symptom(other.tool, other.complaint, kind="build" if syntax else "runtime")
        yield Found(symptom, other.first, other.last)


def _rust(lines: Sequence[str], place: Place) -> Iterator[Found]:
    """A thread that panicked takes down the one that joins it: the first is the cause."""
    earlier = None
    for panic in trace_rust.panics(lines, place):
        causes = (earlier.complaint,) if earlier and earlier.thread != panic.thread else ()
        symptom = Symptom("rust", panic.complaint, causes, kind="runtime")
        yield Found(symptom, panic.first, panic.last)
        earlier = panic


PARSER = Parser(
    tool="traces",
    parse=parse,
    hints=(
        "panicked at",
        "goroutine ",
        "panic: ",
        "\tat ",
        "    at ",
        "   at ",
        ":in `",
        ":in '",
        "syntax error",
        "Fatal error:",
        "Parse error:",
        "Unhandled ",
        "Error: Could not find or load",
        "Error: Unable to access jarfile",
    ),
    kinds=("runtime", "build", "environment"),
    captured="the last trace of each language: the exception, what caused it, the frames",
    codes="the exception's class; panic, runtime error, fatal error",
    commands=("java", "ruby", "php", "dotnet", "mono"),
    during=True,
)
