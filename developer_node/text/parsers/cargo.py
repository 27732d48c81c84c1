"""cargo: tests by name, and its own errors about manifests, dependencies and build scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from common.model.failure import FailureKind, Frame
from developer_node.text.parsers.cargo_tests import read_tests
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom
from developer_node.text.parsers.trace_rust import panics

_ERROR = re.compile(r"^error: (?P<message>.+)$")
_OWN_WORDS = (
    r"could not find `Cargo\.toml`",
    r"no such command: ",
    r"failed to (?:get|load|parse|select|run custom build|download|resolve|fetch|verify|query)\b",
    r"no matching package",
    r"package (?:ID |`)",
    r"no (?:bin|example|test|bench|library) target",
    r"the lock file ",
    r"cannot (?:update|create) the lock file",
    r"unable to update ",
    r"toolchain '",
    r"rustup could not",
    r"the '.+' component",
    r"environment variable `CARGO",
    r"virtual manifests",
    r"multiple packages",
    r"cyclic package",
    r"two packages named",
    r"current package believes",
    r"manifest path ",
)
_OWN = re.compile(f"^(?:{'|'.join(_OWN_WORDS)})")
_MANIFEST = re.compile(r"^ *--> (?P<path>.+?\.toml):(?P<line>\d+):\d+$")
_CAUSED = re.compile(r"^Caused by:$")
_CONSEQUENCE = re.compile(
    r"^error: (?P<message>could not compile .+?|(?:test|doctest) failed, to rerun .+|"
    r"\d+ targets? failed:|could not document .+|build failed)"
    r"(?: due to .+)?$"
)
_PROCESS = re.compile(r"^process didn't exit successfully")
_NETWORK = re.compile(
    r"(?i)could not resolve host|couldn't resolve host|spurious network|timed out|connection "
    r"(?:refused|reset)|failed to connect|network failure|ssl|download of .+ failed"
)
_BUILD = re.compile(r"^(?:failed to run custom build|key with|invalid |expected )")
_MESSAGE_CHARS_MAX = 4000


def parse(lines: Sequence[str], place: Place) -> Parsed | None:
    """Compiler's errors are rustc's; `could not compile` is only a consequence."""
    run = read_tests(lines, place)
    claimed = {i for f in run.found for i in range(f.first, f.last + 1)}
    errors = [f for i in range(len(lines)) if i not in claimed and (f := _found(lines, i, place))]
    own = tuple(range(i, i + 1) for i, line in enumerate(lines) if _CONSEQUENCE.match(line))
    if not errors and not run.reported:
        return None
    found = sorted((*run.found, *errors), key=lambda f: f.first)
    return Parsed(tuple(found), run.tests if run.reported else None, own)


def consequences(lines: Sequence[str], _place: Place) -> Parsed | None:
    """That something could not be compiled, when what the compiler said was not to be seen."""
    found: list[Found] = []
    for i, line in enumerate(lines):
        said = _CONSEQUENCE.match(line)
        if said:
            complaint = Complaint("", said["message"], line)
            found.append(Found(Symptom("cargo", complaint, kind="build"), i, i))
    return Parsed(tuple(found[:1])) if found else None


def _found(lines: Sequence[str], i: int, place: Place) -> Found | None:
    error = _ERROR.match(lines[i])
    manifest = _MANIFEST.match(lines[i + 1]) if error and i + 1 < len(lines) else None
    if error is None or not (_OWN.match(error["message"]) or manifest):
        return None
    last = _last(lines, i)
    block = lines[i : last + 1]
    causes = [cause for cause in _causes(block) if not _PROCESS.match(cause)]
    headline = "\n".join([error["message"], *causes[-1:]])
    frames: tuple[Frame, ...] = ()
    if manifest:
        frames = (Frame(manifest["path"], "", int(manifest["line"])),)
    panic = next(panics(block, place), None)
    if panic:
        headline = f"{error['message']}\n{panic.complaint.headline}"
        frames = panic.complaint.frames
    message = "\n".join(block)[:_MESSAGE_CHARS_MAX]
    symptom = Symptom("cargo", Complaint("", headline, message, frames), kind=_kind(block))
    return Found(symptom, i, last)


def _last(lines: Sequence[str], i: int) -> int:
    """To the end of what caused it: indented lines, with empty ones between."""
    last = i
    for n in range(i + 1, len(lines)):
        line = lines[n]
        if _ERROR.match(line) or line.startswith("warning: "):
            break
        if not line or line.startswith(" ") or _CAUSED.match(line) or _is_hint(line):
            last = n if line else last
        else:
            break
    return last


def _is_hint(line: str) -> bool:
    return line.startswith(
        ("note: ", "help: ", "location searched:", "required by ", "perhaps ", "As a reminder")
    )


def _causes(block: Sequence[str]) -> Iterator[str]:
    for i, line in enumerate(block[:-1]):
        if _CAUSED.match(line):
            yield block[i + 1].strip()


def _kind(block: Sequence[str]) -> FailureKind:
    if any(_NETWORK.search(line) for line in block):
        return "network"
    return "build" if _BUILD.match(block[0].removeprefix("error: ")) else "environment"


PARSER = Parser(
    tool="cargo",
    parse=parse,
    hints=("error: ", "test result: ", "running ", " stdout ----"),
    kinds=("test", "build", "environment", "network"),
    captured="tests by name (`shop src/lib.rs::cart::tests::one_apple`), counts, each failed "
    "test's panic with its place and compared values; cargo's own errors with their last cause",
    codes="panic, did not panic, Err",
    commands=("cargo", "rustup"),
)

CONSEQUENCE = Parser(
    tool="cargo",
    parse=consequences,
    hints=("could not compile", "to rerun pass", "could not document"),
    kinds=("build",),
    captured="that a crate could not be compiled, when nothing else says why",
    commands=("cargo",),
    consequence=True,
)
