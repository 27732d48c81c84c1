"""pytest's reports: what failed from the E lines, names and counts from progress and summary."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from common.model.failure import Frame, TestReport
from developer_node.text.parsers import python
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import CHAINED, Complaint, Place, Symptom

_SECTION = re.compile(
    r"^=+ (?P<title>ERRORS|FAILURES|PASSES|XFAILURES|XPASSES|warnings summary.*|slowest .*|"
    r"short test summary info|test session starts|tests coverage|no tests ran .*|"
    r"\d+ \w+.* in .*) =+$"
)
_TITLE = re.compile(r"^_+ (?P<title>.*[^_ ].*?) _+$")
_CAPTURED = re.compile(r"^-+ (?:Captured|live log) .*-+$")
_PHASE = re.compile(r"^ERROR (?P<phase>collecting|at setup of|at teardown of) (?P<name>.+)$")
_LOCATION = re.compile(
    r"^(?P<path>[^\s>E].*?\.\w+|E[^\s].*?\.\w+|<[^>]+>):(?P<line>\d+)"
    r"(?:: ?(?:in (?P<function>\S.*)|(?P<code>[A-Za-z_]\w*))?)?$"
)
_DEF = re.compile(r"^[> ]\s+(?:async )?def (?P<name>\w+)\s*[(\[]")
_E_LINE = re.compile(r"^E(?:   |$)(?P<text>.*)$")
_E_FILE = re.compile(r'^\s*File "(?P<path>[^"]+)", line (?P<line>\d+)')
_EXCEPTION = re.compile(r"^(?:[A-Za-z_]\w*\.)*(?P<code>[A-Z_]\w*)(?:: (?P<message>.*))?$")
_NO_FIXTURE = re.compile(r"^(?:recursive dependency involving )?fixture '.*")

_OUTCOME = "PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS"
_PROGRESS = re.compile(
    rf"^(?P<id>\S.*?::.+?) (?P<outcome>{_OUTCOME})(?: \(.*?\)?)?\s*(?:\[ *\d+%\])?$"
)
_PROGRESS_XDIST = re.compile(
    rf"^\[gw\d+\] \[ *\d+%\] (?P<outcome>{_OUTCOME}) (?P<id>\S.*?::.+?)\s*$"
)
_SUMMARY = re.compile(rf"^(?P<outcome>{_OUTCOME}) (?P<id>(?!\[)[^\[]*?(?:\[.*?\])?)(?: - .*)?$")
_COUNTS = re.compile(
    r"^(?:=+ )?(?P<counts>\d+ [a-z]+(?:, \d+ [a-z]+)*) in \d+[\d.]*s"
    r"(?: \([\d:]+(?:, [^)]*)?\))?(?: =+)?$"
)
_NOTHING = re.compile(r"^=+ no tests ran .* =+$|^no tests ran in \d[\d.]*s.*$")
_COUNTED = (
    *("passed", "failed", "error", "errors", "skipped", "deselected", "xfailed", "xpassed"),
    *("warning", "warnings", "rerun"),
)
_CONFTEST = re.compile(r"^ImportError while loading conftest '(?P<path>.+)'\.$")

_MESSAGE_CHARS_MAX = 4000


def parse(lines: Sequence[str], place: Place) -> Parsed | None:
    """None when this is not pytest's output. Node ids come out relative to the working copy."""
    sessions = _sessions(lines)
    if not sessions:
        found = _conftest(lines)
        return Parsed((found,), TestReport()) if found else None
    names = _Names.read(lines, place)
    found = [_found(block, names, place) for block in _blocks(lines, names)]
    return Parsed(tuple(f for f in found if f), names.report(_counts(lines)), sessions)


def _sessions(lines: Sequence[str]) -> tuple[range, ...]:
    """From each first banner to the line of counts, or to the end when none was printed."""
    sessions: list[range] = []
    begin: int | None = None
    for i, line in enumerate(lines):
        counts = _COUNTS.match(line) or _NOTHING.match(line)
        if begin is None and (counts or _SECTION.match(line)):
            begin = i
        if begin is not None and counts:
            sessions.append(range(begin, i + 1))
            begin = None
    return (*sessions, *([range(begin, len(lines))] if begin is not None else ()))


# -- names and counts ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Names:
    passed: tuple[str, ...]
    failed: tuple[str, ...]
    skipped: tuple[str, ...]

    @classmethod
    def read(cls, lines: Iterable[str], place: Place) -> _Names:
        passed: dict[str, None] = {}
        failed: dict[str, None] = {}
        skipped: dict[str, None] = {}
        section = ""
        for line in lines:
            title = _SECTION.match(line)
            if title:
                section = title["title"]
                continue
            found = _named(line, section)
            if found is None:
                continue
            into = passed if found["outcome"] == "PASSED" else skipped
            into = failed if found["outcome"] in ("FAILED", "ERROR") else into
            into[place.node(found["id"].strip())] = None
        return cls(tuple(n for n in passed if n not in failed), tuple(failed), tuple(skipped))

    def report(self, counts: dict[str, int]) -> TestReport:
        return TestReport(
            passed=self.passed,
            failed=self.failed,
            skipped=self.skipped,
            passed_count=counts.get("passed", 0),
            failed_count=counts.get("failed", 0) + counts.get("error", 0) + counts.get("errors", 0),
            skipped_count=sum(counts.get(w, 0) for w in ("skipped", "xfailed", "xpassed")),
            deselected_count=counts.get("deselected", 0),
        )

    def may_title(self, title: str) -> bool:
        """Whether a report can have this title, or a test printed it to look like one."""
        phase = _PHASE.match(title)
        if not self.failed or (phase and phase["phase"] == "collecting"):
            return True
        return bool(self.of(phase["name"] if phase else title, ()))

    def of(self, title: str, files: Sequence[str]) -> str:
        """The node id behind a report's title, told from others by the files of its frames."""
        dotted = title.replace("::", ".")
        found = [n for n in self.failed if n.partition("::")[2].replace("::", ".") == dotted]
        near = [n for n in found if n.partition("::")[0] in files]
        return (near or found or [""])[0]


def _named(line: str, section: str) -> re.Match[str] | None:
    if section == "short test summary info":
        return _SUMMARY.match(line)
    if section in ("", "test session starts"):
        return _PROGRESS.match(line) or _PROGRESS_XDIST.match(line)
    return None


def _counts(lines: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for line in lines:
        found = _COUNTS.match(line)
        for part in found["counts"].split(", ") if found else ():
            number, word = part.split(" ", 1)
            counts[word] = counts.get(word, 0) + int(number)
    return counts


# -- reports ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Block:
    first: int
    title: str
    body: list[str]


def _blocks(lines: Iterable[str], names: _Names) -> list[_Block]:
    """Each report; what a test printed itself is left out."""
    blocks: list[_Block] = []
    reporting = captured = False
    for i, line in enumerate(lines):
        section = _SECTION.match(line)
        title = _TITLE.match(line) if reporting else None
        if section:
            reporting = section["title"] in ("ERRORS", "FAILURES")
        elif title and (not captured or names.may_title(title["title"])):
            blocks.append(_Block(i, title["title"], []))
            captured = False
        elif reporting and blocks:
            captured = captured or bool(_CAPTURED.match(line))
            if not captured:
                blocks[-1].body.append(line)
    return blocks


def _found(block: _Block, names: _Names, place: Place) -> Found | None:
    complaints = [c for part in _split_chain(block.body) if (c := _complaint(part))]
    if not complaints:
        return None
    frames = [place.relative(f.path) for c in complaints for f in c.frames]
    test = _test(block.title, names, frames)
    symptom = Symptom("pytest", complaints[-1], tuple(complaints[:-1]), test, "test")
    return Found(symptom, block.first, block.first + len(block.body))


def _test(title: str, names: _Names, files: Sequence[str]) -> str:
    phase = _PHASE.match(title)
    name = phase["name"] if phase else title
    if phase and phase["phase"] == "collecting":
        # The title is relative to pytest's root, the summary to the working directory.
        whole = [n for n in names.failed if "::" not in n and f"/{n}".endswith(f"/{name}")]
        return whole[0] if whole else name
    return names.of(name, files) or _guess(name, files)


def _guess(name: str, files: Sequence[str]) -> str:
    """Without a summary: the outermost file that looks like a test's."""
    path = next((f for f in files if re.search(r"(^|/)test_|_test\.py$", f)), "")
    head, bracket, parameters = name.partition("[")
    return f"{path}::{head.replace('.', '::')}{bracket}{parameters}" if path else name


def _split_chain(body: Iterable[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for line in body:
        if line in CHAINED:
            parts.append([])
        else:
            parts[-1].append(line)
    return parts


def _complaint(lines: list[str]) -> Complaint | None:
    begin = next((i for i, line in enumerate(lines) if line.strip()), None)
    if begin is None:
        return None
    native = python.complaint_of(lines[begin:])
    if native:
        complaint, taken = native
        rest = [line for line in lines[begin + taken :] if line.strip()]
        return _with_headline(complaint.code, [complaint.headline, *rest], complaint.frames)
    return _from_e_lines(lines)


def _from_e_lines(lines: Sequence[str]) -> Complaint | None:
    said = _dedent([m["text"] for line in lines if (m := _E_LINE.match(line))])
    if not said:
        return None
    frames, crash_code = _frames(lines)
    frames += [Frame(m["path"], "", int(m["line"])) for s in said if (m := _E_FILE.match(s))]
    code, at = _code(said, crash_code)
    error = _EXCEPTION.match(said[at])
    first = said[at]
    if error and error["code"] == code:
        first = error["message"] or ""
    return _with_headline(code, [first, *said[at + 1 :]], tuple(frames))


def _with_headline(code: str, said: list[str], frames: tuple[Frame, ...]) -> Complaint:
    headline = said[0]
    assertion = next((s for s in said[1:] if s.startswith("assert ")), "")
    if assertion and not headline.startswith("assert "):
        headline = f"{headline}\n{assertion}"
    return Complaint(code, headline, "\n".join(said)[:_MESSAGE_CHARS_MAX].rstrip(), frames)


def _code(said: list[str], crash_code: str) -> tuple[str, int]:
    """The exception's name and the line that carries it."""
    for i, line in enumerate(said):
        error = _EXCEPTION.match(line)
        if error and (error["code"] == crash_code if crash_code else _is_exception(error["code"])):
            return error["code"], i
    if crash_code:
        return crash_code, 0
    if said[0].startswith("assert "):
        return "AssertionError", 0
    return ("fixture" if _NO_FIXTURE.match(said[0]) else ""), 0


def _is_exception(name: str) -> bool:
    return name[:1].isupper() and not name.isupper()


def _frames(lines: Iterable[str]) -> tuple[list[Frame], str]:
    """Frames in printed order, and the exception's name from the crash line."""
    frames: list[Frame] = []
    function = code = ""
    for line in lines:
        location = _LOCATION.match(line)
        if location:
            name = location["function"] or function
            frames.append(Frame(location["path"], name, int(location["line"])))
            code = location["code"] or ""
            function = ""
        elif not function and (definition := _DEF.match(line)):
            function = definition["name"]
    return frames, code


def _dedent(lines: list[str]) -> list[str]:
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    least = min(indents, default=0)
    return [line[least:].rstrip() for line in lines]


def _conftest(lines: Sequence[str]) -> Found | None:
    """pytest gives up before any report when a conftest cannot be imported."""
    for i, line in enumerate(lines):
        conftest = _CONFTEST.match(line)
        complaint = _from_e_lines(lines[i + 1 :]) if conftest else None
        if complaint:
            return Found(Symptom("pytest", complaint, kind="test"), i, len(lines) - 1)
    return None


PARSER = Parser(
    tool="pytest",
    parse=parse,
    hints=(
        *("short test summary info", "test session starts", "= FAILURES =", "= ERRORS ="),
        *(f" {word}{end}" for word in _COUNTED for end in (" in ", ", ")),
        *("no tests ran", "ImportError while loading conftest"),
    ),
    kinds=("test",),
    captured="each failing test with its E lines, chain of exceptions and frames; node ids and"
    " counts of what passed, failed, was skipped or deselected",
    codes="the exception's type",
    commands=("pytest", "py.test"),
)
