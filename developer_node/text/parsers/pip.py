"""pip's errors: what it could not find, build, read or reach."""

from __future__ import annotations

import re
from collections.abc import Sequence

from common.model.failure import FailureKind, Frame
from developer_node.text.parsers import python
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom

_NO_VERSION = re.compile(
    r"^ERROR: Could not find a version that satisfies the requirement (?P<what>.+?)"
    r"(?: \(from versions: (?P<versions>.*)\))?$"
)
_NO_MATCH = re.compile(r"^ERROR: No matching distribution found for (?P<what>\S.*)$")
_CONFLICT = re.compile(
    r"^ERROR: (?P<message>Cannot install .+ because .*conflicting dependencies\.)$"
)
_RESOLUTION = re.compile(r"^ERROR: ResolutionImpossible: ")
_BROKEN = re.compile(r"^(?P<message>\S+ \S+ (?:requires .+|has requirement .+), (?:which|but) .+)$")
_BUILD = re.compile(
    r"^\s*(?:error|ERROR): (?P<code>subprocess-exited-with-error|metadata-generation-failed|"
    r"failed-wheel-build-for-install|legacy-install-failure|externally-managed-environment)$"
)
_STEP = re.compile(r"^\s*× (?P<message>.+?) did not run successfully\.$")
_REASON = re.compile(r"^\s*×? ?(?P<message>\S.*)$")
_PLAIN = re.compile(
    r"^ERROR: (?P<message>(?:Could not (?:open requirements file|install packages|find|build)|"
    r"Invalid requirement|HTTP error|THESE PACKAGES DO NOT MATCH|Directory '|Failed building "
    r"wheel|Package '|Cannot uninstall|Can not |Hashes are required|In --require-hashes).*)$"
)
_LINE_OF = re.compile(
    r"\(from (?:line (?P<line>\d+) of |-r )(?P<path>[^()]+?)(?: \(line (?P<at>\d+)\))?\)"
)
_RETRYING = re.compile(r"^WARNING: Retrying .*after connection broken by '(?P<code>\w+)\(")
_SUFFIX = re.compile(r" \(from (?!versions:).*\)$")
_OUTPUT_END = "[end of output]"
_BUILD_LINES_MAX = 400


def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
    """A build's own traceback is the symptom's cause; pip says only which step failed."""
    found: list[Found] = []
    own: list[range] = []
    network = next((m["code"] for line in lines if (m := _RETRYING.match(line))), "")
    after = 0
    for i, line in enumerate(lines):
        if i < after:
            continue
        build = _BUILD.match(line)
        if build:
            symptom, last = _build(lines, i, build["code"])
            after = last + 1
        else:
            symptom, last = _said(lines, i, network), i
        if symptom and not _is_repeated(symptom, found):
            found.append(Found(symptom, i, last))
        elif symptom or _RESOLUTION.match(line) or _RETRYING.match(line):
            own.append(range(i, last + 1))
    return Parsed(tuple(found), own=tuple(own)) if found else None


def _said(lines: Sequence[str], i: int, network: str) -> Symptom | None:
    line = lines[i]
    version, match = _NO_VERSION.match(line), _NO_MATCH.match(line)
    if version or match:
        what = _SUFFIX.sub("", (version or match or {"what": ""})["what"])
        headline = f"No matching distribution found for {what}"
        kind: FailureKind = "network" if network else "environment"
        complaint = Complaint(network or "no-matching-distribution", headline, line, _frames(line))
        return Symptom("pip", complaint, kind=kind)
    conflict = _CONFLICT.match(line)
    if conflict:
        return _simple("resolution-impossible", conflict["message"], line)
    broken = _BROKEN.match(line)
    if broken and "pip's dependency resolver" in "\n".join(lines[max(0, i - 10) : i]):
        return _simple("dependency-conflict", broken["message"], line)
    plain = _PLAIN.match(line)
    if plain is None:
        return None
    message = _LINE_OF.sub("", plain["message"]).partition(": Expected")[0].strip()
    return _simple("", message, "\n".join(lines[i : i + 3]))


def _simple(code: str, headline: str, message: str) -> Symptom:
    kind: FailureKind = "permission" if "Permission denied" in headline else "environment"
    return Symptom("pip", Complaint(code, headline, message, _frames(message)), kind=kind)


def _frames(text: str) -> tuple[Frame, ...]:
    at = _LINE_OF.search(text)
    if at is None or ("/" not in at["path"] and "." not in at["path"]):
        return ()
    return (Frame(at["path"], "", int(at["line"] or at["at"] or 0)),)


def _build(lines: Sequence[str], i: int, code: str) -> tuple[Symptom | None, int]:
    """Which step failed, then the step's own output, then pip's last words."""
    body = list(lines[i + 1 : i + 1 + _BUILD_LINES_MAX])
    size = next((n for n, s in enumerate(body) if s.strip() == _OUTPUT_END), None)
    step = next((m["message"] for s in body[:4] if (m := _STEP.match(s))), "")
    if size is None or not step:
        reason = next((m["message"] for s in body[:3] if (m := _REASON.match(s))), code)
        return _simple(code, reason, reason), i
    output = [s.removeprefix("  ").removeprefix("    ") for s in body[:size]]
    tracebacks = python.chains(output)
    causes = tracebacks[-1].complaints if tracebacks else ()
    frames = causes[-1].frames if causes else ()
    message = "\n".join(s.strip() for s in body[:size])[-4000:]
    complaint = Complaint(code, f"{step} did not run successfully", message, frames)
    return Symptom("pip", complaint, causes, kind="build"), i + 1 + size


def _is_repeated(symptom: Symptom, found: Sequence[Found]) -> bool:
    """pip says most things twice, and at the end once more that a build failed."""
    said = [f.symptom.complaint for f in found]
    if symptom.complaint.code == "metadata-generation-failed":
        return any(f.symptom.kind == "build" for f in found)
    return any(
        (c.code, c.headline) == (symptom.complaint.code, symptom.complaint.headline) for c in said
    )


PARSER = Parser(
    tool="pip",
    parse=parse,
    hints=("ERROR: ", "error: "),
    kinds=("environment", "network", "build", "permission"),
    captured="what could not be found, a conflict, a step of a build with its own traceback, a "
    "requirements file's line; a registry that could not be reached",
    codes="pip's own where it has one (metadata-generation-failed), else no-matching-distribution, "
    "resolution-impossible, dependency-conflict",
    commands=("pip", "pip3"),
)
