"""What gcc and clang print alike: places, errors, include chains, and the linker's complaints."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from common.model.failure import Frame
from developer_node.text.parsers.parser import Found
from developer_node.text.parsers.symptom import Complaint, Symptom

_SOURCE = (
    r"(?:[^\s:]*/)?[^\s:/]+\.(?:c|cc|cpp|cxx|c\+\+|C|h|hh|hpp|hxx|h\+\+|H|inl|ipp|tcc|tpp|m|mm|"
    r"S|s|cu|cuh|def|inc|y|l|f|f90|F90|d|ino)"
)
_DIAGNOSTIC = re.compile(
    rf"^(?P<path>{_SOURCE}|[^\s:]*/include/[^\s:]+):(?P<line>\d+):(?:\d+:)? "
    r"(?P<level>fatal error|error|warning|note|remark): ?(?P<message>.*)$"
)
_FUNCTION = re.compile(
    rf"^{_SOURCE}: In .*?(?:function|constructor|destructor|instantiation of|method) "
    r"[‘'`\"](?P<signature>.+?)[’'\"](?: \[with .*)?:$"
)
_CALLED = re.compile(r"([\w:~<>]+|operator\S+)\s*\(")
_OPTION = re.compile(r" \[(?:-Werror,)?(?P<name>-W(?:error=)?[\w+=-]+)(?:,[^\]]*)?\]$")
_GUTTER = re.compile(r"^ +(?:\d+ )?\|")
_WRAPPED = re.compile(r"^ {6}(?P<text>\S.*)$")
_DRIVER = re.compile(
    r"^(?:[\w./-]*(?:gcc|g\+\+|clang|clang\+\+|cc|c\+\+|cc1|cc1plus|cc1obj|gfortran))"
    r"(?:-\d+)?: (?:fatal )?error: (?P<message>.+)$"
)
_LINK_CONSEQUENCE = re.compile(r"linker command failed|ld returned \d+ exit|warnings being treated")
_UNDEFINED = re.compile(r"^(?P<where>.*?): undefined reference to [`'‘](?P<name>.+?)['’]$")
_LLD = re.compile(
    r"^(?:[\w./-]*ld(?:\.lld|64\.lld)?): error: (?P<message>undefined symbol: .+|.+)$"
)
_MULTIPLE = re.compile(r"multiple definition of [`'‘](?P<name>.+?)['’]; ")
_NO_LIBRARY = re.compile(r"^[\w./-]*ld(?:\.\w+)?: cannot find (?P<name>\S+?)(?::.*)?$")
_IN_FUNCTION = re.compile(r": in function [`'‘](?P<name>.+?)['’]:$")
_ENTERING = re.compile(
    r"^(?:\w*make(?:\[(?P<level>\d+)\])?|ninja): Entering directory [`'](?P<path>.+)'$"
)
_LEAVING = re.compile(r"^\w*make(?:\[(?P<level>\d+)\])?: Leaving directory [`'](?P<path>.+)'$")
_QUOTES = str.maketrans({"‘": "'", "’": "'"})
_MESSAGE_CHARS_MAX = 4000
_BLOCK_LINES_MAX = 60


def errors(lines: Sequence[str], tool: str) -> Iterator[Found]:
    """Each error once, however many files included the place."""
    function = ""
    seen: set[tuple[str, int, str]] = set()
    directories = Directories()
    for i, line in enumerate(lines):
        directories.see(line)
        inside = _FUNCTION.match(line)
        if inside:
            function = _name(inside["signature"])
        elif ": At global scope:" in line or ": At top level:" in line:
            function = ""
        at = _DIAGNOSTIC.match(line)
        if at and "error" in at["level"]:
            found = _found(lines, i, at, tool, directories.whole(at["path"]), function)
            complaint = found.symptom.complaint
            key = (at["path"], int(at["line"]), complaint.headline)
            if key not in seen:
                yield found
            seen.add(key)
    yield from _driver_errors(lines, tool)
    yield from _link_errors(lines, tool)


def _found(
    lines: Sequence[str], i: int, at: re.Match[str], tool: str, path: str, function: str
) -> Found:
    wrapped = list(_wrapped(lines, i))
    headline = " ".join([at["message"], *wrapped]).strip().translate(_QUOTES)
    option = _OPTION.search(headline)
    code = option["name"].replace("-Werror=", "-W") if option else ""
    headline = headline[: option.start()] if option else headline
    if at["message"].endswith("No such file or directory") or "file not found" in headline:
        code = code or "ENOENT"
    last = _last(lines, i + len(wrapped))
    message = "\n".join(lines[i : last + 1])[:_MESSAGE_CHARS_MAX]
    frame = Frame(path, function, int(at["line"]))
    symptom = Symptom(tool, Complaint(code, headline, message, (frame,)), kind="build")
    return Found(symptom, i, last)


def _wrapped(lines: Sequence[str], i: int) -> Iterator[str]:
    """clang folds a message to the terminal's width; source shown below it has carets under it."""
    for n in range(i + 1, min(i + 20, len(lines))):
        more = _WRAPPED.match(lines[n])
        has_caret = n + 1 < len(lines) and _is_carets(lines[n + 1])
        if more is None or has_caret or _is_carets(lines[n]):
            return
        yield more["text"]


def _last(lines: Sequence[str], i: int) -> int:
    """To the end of the source that is shown, and of the notes that belong to it."""
    end = min(i + _BLOCK_LINES_MAX, len(lines) - 1)
    while i < end:
        line = lines[i + 1]
        note = _DIAGNOSTIC.match(line)
        is_shown = _GUTTER.match(line) or _is_carets(line)
        is_source = i + 2 < len(lines) and _is_carets(lines[i + 2])
        is_fix = _is_carets(lines[i]) and line.startswith("  ") and line.strip()
        if not ((note and note["level"] == "note") or is_shown or is_source or is_fix):
            break
        i += 1
    return i


def _is_carets(line: str) -> bool:
    """What stands under source: nothing but carets and tildes."""
    return ("^" in line or "~" in line) and not line.strip("~^|. \t")


def _name(signature: str) -> str:
    """`int total(const std::vector<Item>&)` is `total`: its types may change."""
    called = _CALLED.search(signature)
    return called[1] if called else signature


def _driver_errors(lines: Sequence[str], tool: str) -> Iterator[Found]:
    for i, line in enumerate(lines):
        said = _DRIVER.match(line)
        if said and not _LINK_CONSEQUENCE.search(said["message"]):
            message = said["message"].translate(_QUOTES)
            code = "ENOENT" if "No such file" in message or "no such file" in message else ""
            yield Found(Symptom(tool, Complaint(code, message, line), kind="build"), i, i)


def _link_errors(lines: Sequence[str], tool: str) -> Iterator[Found]:
    """What is missing once, wherever it is used."""
    seen: set[str] = set()
    function = ""
    for i, line in enumerate(lines):
        inside = _IN_FUNCTION.search(line)
        function = inside["name"] if inside else function
        complaint = _link_complaint(line, function)
        if complaint and complaint.headline not in seen:
            seen.add(complaint.headline)
            yield Found(Symptom(tool, complaint, kind="build"), i, i)


def _link_complaint(line: str, function: str) -> Complaint | None:
    undefined, library = _UNDEFINED.match(line), _NO_LIBRARY.match(line)
    multiple, lld = _MULTIPLE.search(line), _LLD.match(line)
    if undefined:
        # Without debug information the linker knows a file's name and not its folder.
        path, _, line_number = undefined["where"].partition(":")
        is_whole = "/" in path and re.fullmatch(_SOURCE, path) and line_number.isdigit()
        frames = (Frame(path, function, int(line_number)),) if is_whole else ()
        return Complaint(
            "undefined reference", f"undefined reference to {undefined['name']}", line, frames
        )
    if multiple:
        return Complaint("multiple definition", f"multiple definition of {multiple['name']}", line)
    if library:
        return Complaint("cannot find", f"cannot find {library['name']}", line)
    if lld:
        return Complaint(lld["message"].partition(":")[0], lld["message"], line)
    return None


class Directories:
    """Where make says that it works: paths below are relative to that."""

    def __init__(self) -> None:
        self._open: list[tuple[str, str]] = []

    def see(self, line: str) -> None:
        entering, leaving = _ENTERING.match(line), _LEAVING.match(line)
        if entering:
            self._open.append((entering["level"] or "", entering["path"]))
        elif leaving:
            gone = (leaving["level"] or "", leaving["path"])
            self._open = [d for d in self._open if d != gone]

    def whole(self, path: str) -> str:
        """As printed when two are at work at once: nobody can tell whose line it is."""
        levels = [level for level, _ in self._open]
        if not self._open or len(set(levels)) < len(levels):
            return path
        return os.path.normpath(os.path.join(self._open[-1][1], path))
