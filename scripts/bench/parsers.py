"""What parsers find in outputs that others have read too: precision and recall, tool by tool."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from common.model.event import CommandFinished, Output
from common.model.failure import Failure, TestReport
from developer_node.text.failures import interpret
from developer_node.text.parsers import known
from developer_node.text.parsers.symptom import Place, plain_lines
from scripts.bench.report import Figure
from scripts.bench.stage import ROOT
from tests.support.tool_samples import DIRECTORY

ERRORFORMAT = ROOT / "tests" / "data" / "errorformat"
SWEBENCH = ROOT / "tests" / "data" / "swebench"

PAIRS: dict[str, tuple[str, str]] = {
    "mypy": ("mypy", "mypy src"),
    "tsc": ("tsc", "tsc --noEmit"),
    "eslint": ("eslint", "eslint ."),
    "eslint-compact": ("eslint", "eslint -f compact ."),
    "cargo-check": ("rustc", "cargo check"),
    "clippy": ("rustc", "cargo clippy"),
    "govet": ("go", "go vet ./..."),
}
"""Pairs of tools that have a parser here: which one, and a command that prints so."""
_QUIET = re.compile(r"warning|warn|info|note|style|convention|refactor", re.IGNORECASE)
_EXPECTED = re.compile(
    r"^(?P<path>[^|\n]*)\|(?P<line>\d*)(?: col \d+)?(?: ?(?P<type>[a-zA-Z]+))?(?: \d+)?\|"
    r" ?(?P<said>.*)$"
)

ORACLES: dict[str, tuple[str, str]] = {
    "pytest": ("python", "parse_log_pytest"),
    "go": ("go", "parse_log_gotest"),
    "cargo": ("rust", "parse_log_cargo"),
    "jest": ("javascript", "parse_log_jest"),
    "vitest": ("javascript", "parse_log_vitest"),
    "gradle": ("java", "parse_log_gradle_custom"),
    "unittest": ("python", "parse_log_django"),
}
"""A tool's samples, and the function of SWE-bench that reads such logs."""


@dataclass(frozen=True, slots=True)
class Score:
    """Over one tool."""

    tool: str
    both: int
    ours: int
    """Of an oracle that reads less than there is: what it has a word on too."""
    theirs: int
    more: int = 0
    """Found here alone where the oracle does not look."""

    @property
    def precision(self) -> str:
        return f"{self.both / self.ours:.3f}" if self.ours else "nothing said"

    @property
    def recall(self) -> str:
        return f"{self.both / self.theirs:.3f}" if self.theirs else "nothing to find"


def measure() -> list[Figure]:
    """A line a tool."""
    places = [_figure(s, "errorformat's pair", "errors by file and line") for s in against_pairs()]
    names = [_figure(s, "SWE-bench's log parser", "outcomes by test") for s in against_oracle()]
    return [*places, *names, _false_same()]


def _figure(score: Score, against: str, unit: str) -> Figure:
    said = f"precision {score.precision}, recall {score.recall}"
    method = f"{unit}: {score.both} in both, {score.ours} here, {score.theirs} there"
    method += f", {score.more} more here on which it has no word" if score.more else ""
    return Figure(f"parser {score.tool}", said, against, method)


def _false_same() -> Figure:
    failures = [f for path in sorted(DIRECTORY.glob("*/*.txt")) for f in failures_of(path)]
    pairs = list(unrelated_pairs(failures))
    same = [(a, b) for a, b in pairs if (a.fingerprint, a.values) == (b.fingerprint, b.values)]
    return Figure(
        "two failures taken for the same",
        f"{len(same)} of {len(pairs):,} unrelated pairs",
        "0 of >= 3,000",
        f"{len(failures)} failures of all parsers' samples; a pair is of one tool and differs"
        " in its code, its words or its file",
    )


def failures_of(path: Path) -> tuple[Failure, ...]:
    """Of a sample with a header, as the laptop would keep them."""
    header, _, body = path.read_bytes().decode(errors="replace").partition("\n")
    if not header.startswith("# {"):
        return ()
    made = json.loads(header[2:])
    cwd = str(made["cwd"])
    command = CommandFinished(str(made["command"]), cwd, (int(made["exit"]),), 1, Output(body))
    return interpret(command, cwd).failures


def unrelated_pairs(failures: Iterable[Failure]) -> Iterator[tuple[Failure, Failure]]:
    """Each two of one tool that say something else, or say it of another file of one's own.

    Pairs of different tools are left out: their fingerprints cannot be equal. Each failure counts
    once, however often it was printed in another dress.
    """
    unique: dict[tuple[str, ...], Failure] = {}
    for failure in failures:
        own = [frame.path for frame in failure.frames if frame.in_app]
        place = own[-1] if own else ""
        words = "\n".join(normal_marks(headline) for headline in failure.headlines)
        unique.setdefault((failure.tool, failure.code, words, place), failure)
    grouped: dict[str, list[Failure]] = defaultdict(list)
    for failure in unique.values():
        grouped[failure.tool].append(failure)
    for group in grouped.values():
        yield from combinations(group, 2)


def normal_marks(text: str) -> str:
    """A locale's quotation marks and the spaces of a line's width say nothing."""
    return " ".join(text.translate({ord(c): "'" for c in "‘’“”"}).split())


# -- reviewdog/errorformat ---------------------------------------------------------------------


def against_pairs() -> list[Score]:
    """Every pair of a tool with a parser; the others together, as unknown tools."""
    scores = [_pair(name, command) for name, (_, command) in PAIRS.items()]
    others = [_pair(p.stem, "") for p in sorted(ERRORFORMAT.glob("*.in")) if p.stem not in PAIRS]
    whole = Score(
        f"none ({len(others)} unknown tools)",
        sum(s.both for s in others),
        sum(s.ours for s in others),
        sum(s.theirs for s in others),
    )
    return [*scores, whole]


def _pair(name: str, command: str) -> Score:
    text = (ERRORFORMAT / f"{name}.in").read_text(encoding="utf-8")
    theirs = set(_expected((ERRORFORMAT / f"{name}.ok").read_text(encoding="utf-8")))
    ours: set[tuple[str, int]] = set()
    for found in known.read(text, command, Place("/nowhere")).found:
        frames = found.symptom.complaint.frames
        if frames:
            ours.add((frames[-1].path, frames[-1].line))
    return Score(name, len(ours & theirs), len(ours), len(theirs))


def _expected(text: str) -> Iterator[tuple[str, int]]:
    """Errors alone: warnings are no failures."""
    for line in text.splitlines():
        found = _EXPECTED.match(line)
        if found is None or not found["path"] or not found["line"]:
            continue
        if _QUIET.fullmatch(found["type"] or "") or _QUIET.match(found["said"].strip()):
            continue
        yield found["path"], int(found["line"])


# -- SWE-bench ---------------------------------------------------------------------------------


class Status(Enum):
    """Theirs."""

    FAILED = "FAILED"
    PASSED = "PASSED"
    SKIPPED = "SKIPPED"
    ERROR = "ERROR"
    XFAIL = "XFAIL"


def against_oracle() -> list[Score]:
    """Names of tests with their outcome, over all samples of a runner."""
    return [_against(tool, _oracle(*where)) for tool, where in ORACLES.items()]


def _oracle(file: str, function: str) -> Callable[[str], dict[str, str]]:
    source = (SWEBENCH / f"{file}.txt").read_text(encoding="utf-8")
    source = re.sub(r"^from swebench\..*$", "", source, flags=re.MULTILINE)
    names: dict[str, Any] = {
        "TestStatus": Status,
        "TestSpec": SimpleNamespace,
        "ansi_escape": _plain,
    }
    exec(compile(source, f"{file}.py", "exec"), names)  # kept data, read by people
    parse = names[function]
    return lambda log: parse(log, None)


def _plain(text: str) -> str:
    return "\n".join(plain_lines(text))


def _against(tool: str, oracle: Callable[[str], dict[str, str]]) -> Score:
    both = ours = theirs = more = 0
    for path in samples_of(tool):
        text = "\n".join(plain_lines(_body(path)))
        wanted = {(_bare(name), _passes(status)) for name, status in oracle(text).items()}
        tests = known.parse(text, tool, Place("/nowhere"))[1] or TestReport()
        said = {(_bare(n), True) for n in tests.passed} | {(_bare(n), False) for n in tests.failed}
        wanted = {w for w in wanted if w[1] is not None}
        known_there = {name for name, _ in wanted}
        judged = {s for s in said if s[0] in known_there}
        both, ours, theirs = both + len(said & wanted), ours + len(judged), theirs + len(wanted)
        more += len(said - judged)
    return Score(tool, both, ours, theirs, more)


def samples_of(tool: str) -> list[Path]:
    """Real outputs of a runner."""
    own = ROOT / "tests" / "unit" / "developer_node" / "text" / "samples" / tool
    return sorted([*(DIRECTORY / tool).glob("*.txt"), *own.glob("*.txt")])


def _body(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    return "\n".join(line for line in lines if not line.startswith(("#: ", "# {")))


def _passes(status: str) -> bool | None:
    return {"PASSED": True, "FAILED": False, "ERROR": False}.get(status)


def _bare(name: str) -> str:
    """The words that both name a test by: its own, without file, suite or package."""
    last = re.split(r"::| > | › |/(?=[A-Z])", name.strip())[-1]
    return re.sub(r"(?: \(.*\)|\(\))$", "", last).strip()


def table(figures: Iterable[Figure]) -> str:
    """For people at a terminal."""
    return "\n".join(f"{f.what:38} {f.value:42} {f.method}" for f in figures)


if __name__ == "__main__":
    print(table(measure()))
