"""Stack traces of Node, Ruby, PHP and .NET: the exception that ended a program, and its frames."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from common.model.failure import Frame
from developer_node.text.parsers.symptom import Complaint


@dataclass(frozen=True, slots=True)
class Trace:
    """One exception and its lines."""

    tool: str
    complaint: Complaint
    first: int
    last: int


_NODE_TITLE = re.compile(
    r"^(?:Uncaught )?(?P<code>[A-Z]\w*(?:Error|Exception))(?: \[(?P<own>\w+)\])?: (?P<message>.*)$"
)
_NODE_AT = re.compile(
    r"^ {4}at (?:async )?(?:(?P<function>[^\s(].*?) \()?(?P<path>[^\s()].*?):(?P<line>\d+):\d+\)?$"
)
_NODE_OTHER = re.compile(r"^ {4}at .*\(?<anonymous>\)?$")
_RUBY = re.compile(
    r"^(?P<path>\S[^:]*):(?P<line>\d+):in [`'](?P<function>.+?)': (?P<message>.*) "
    r"\((?P<code>[A-Z][\w:]*)\)$"
)
_RUBY_FROM = re.compile(r"^\s+from (?P<path>\S[^:]*):(?P<line>\d+):in [`'](?P<function>.+?)'$")
_RUBY_SYNTAX = re.compile(r"^(?P<path>\S[^:]*\.rb):(?P<line>\d+): (?P<message>syntax error.*)$")
_PHP = re.compile(
    r"^(?:PHP )?Fatal error: +Uncaught (?P<code>[\w\\]+)(?:: (?P<message>.*))? "
    r"in (?P<path>\S.*?):(?P<line>\d+)$"
)
_PHP_AT = re.compile(
    r"^#\d+ (?:(?P<path>.+?)\((?P<line>\d+)\)|\[internal function\]): (?P<function>.+?)\(.*$"
)
_PHP_END = re.compile(r"^(?:Stack trace:|#\d+ \{main\}|  thrown in .+ on line \d+)$")
_PHP_PLAIN = re.compile(
    r"^(?:PHP )?(?P<code>Parse|Fatal) error: +(?P<message>(?!Uncaught ).*?) "
    r"in (?P<path>\S.*?) on line (?P<line>\d+)$"
)
_DOTNET = re.compile(
    r"^Unhandled [Ee]xception[.:] (?P<code>(?:\w+\.)+\w+)(?: \(.*?\))?: (?P<message>.*)$"
)
_DOTNET_AT = re.compile(
    r"^ +at (?P<function>.+?)\(.*\)(?: in (?P<path>.+?):(?:line )?(?P<line>\d+))? *$"
)
_DOTNET_OTHER = re.compile(r"^ *--- End of .* ---$")


def traces(lines: Sequence[str]) -> Iterator[Trace]:
    """Every trace of these languages, in printed order."""
    for i, line in enumerate(lines):
        for read in (_node, _ruby, _php, _dotnet):
            trace = read(lines, i, line)
            if trace:
                yield trace


def _node(lines: Sequence[str], i: int, line: str) -> Trace | None:
    title = _NODE_TITLE.match(line)
    if title is None:
        return None
    said, at = [title["message"]], i + 1
    while at < len(lines) and at < i + 20 and lines[at] and not lines[at].startswith("    at "):
        said.append(lines[at])
        at += 1
    frames: list[Frame] = []
    first = at
    while at < len(lines) and (_NODE_AT.match(lines[at]) or _NODE_OTHER.match(lines[at])):
        found = _NODE_AT.match(lines[at])
        frames += [_node_frame(found)] if found else []
        at += 1
    if at == first:
        return None
    code = title["own"] or title["code"]
    complaint = Complaint(code, said[0], "\n".join(said), tuple(reversed(frames)))
    return Trace("node", complaint, i, at - 1)


def _node_frame(at: re.Match[str]) -> Frame:
    path = at["path"].removeprefix("file://")
    path = f"<{path}>" if path.startswith("node:") else path
    function = "" if (at["function"] or "").endswith("<anonymous>") else at["function"] or ""
    return Frame(path, function.partition(" [as ")[0], int(at["line"]))


def _ruby(lines: Sequence[str], i: int, line: str) -> Trace | None:
    syntax = _RUBY_SYNTAX.match(line)
    if syntax:
        place = Frame(syntax["path"], "", int(syntax["line"]))
        complaint = Complaint("SyntaxError", syntax["message"], syntax["message"], (place,))
        return Trace("ruby", complaint, i, i)
    title = _RUBY.match(line)
    if title is None:
        return None
    frames = [Frame(title["path"], _ruby_name(title["function"]), int(title["line"]))]
    last = i
    while last + 1 < len(lines) and (at := _RUBY_FROM.match(lines[last + 1])):
        frames.append(Frame(at["path"], _ruby_name(at["function"]), int(at["line"])))
        last += 1
    complaint = Complaint(
        title["code"], title["message"], title["message"], tuple(reversed(frames))
    )
    return Trace("ruby", complaint, i, last)


def _ruby_name(function: str) -> str:
    """Ruby 3.4 puts the class before the method."""
    return function.rpartition(" in ")[2].rpartition("#")[2]


def _php(lines: Sequence[str], i: int, line: str) -> Trace | None:
    plain = _PHP_PLAIN.match(line)
    if plain:
        place = Frame(plain["path"], "", int(plain["line"]))
        code = f"{plain['code']} error"
        complaint = Complaint(code, plain["message"], plain["message"], (place,))
        return Trace("php", complaint, i, i)
    title = _PHP.match(line)
    if title is None:
        return None
    place, function = Frame(title["path"], "", int(title["line"])), ""
    frames: list[Frame] = []
    last = i
    while last + 1 < len(lines):
        at = _PHP_AT.match(lines[last + 1])
        if at is None and not _PHP_END.match(lines[last + 1]):
            break
        if at and at["path"]:
            frames.append(Frame(at["path"], "", int(at["line"])))
        function = function or (at["function"] if at else "")
        last += 1
    own = Frame(place.path, function, place.line)
    message = title["message"] or ""
    complaint = Complaint(
        title["code"].rpartition("\\")[2], message, message, (*reversed(frames), own)
    )
    return Trace("php", complaint, i, last)


def _dotnet(lines: Sequence[str], i: int, line: str) -> Trace | None:
    title = _DOTNET.match(line)
    if title is None:
        return None
    frames: list[Frame] = []
    last = i
    while last + 1 < len(lines):
        at = _DOTNET_AT.match(lines[last + 1])
        if at and at["path"]:
            path = at["path"].replace("\\", "/")
            frames.append(Frame(path, at["function"], int(at["line"])))
        elif not at and not _DOTNET_OTHER.match(lines[last + 1]):
            break
        last += 1
    code = title["code"].rpartition(".")[2]
    complaint = Complaint(code, title["message"], title["message"], tuple(reversed(frames)))
    return Trace("dotnet", complaint, i, last)
