"""npm's own errors; that a script of it failed is only a consequence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from common.model.failure import FailureKind, Frame
from developer_node.text.parsers import javascript
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom

_SAID = re.compile(r"^npm (?:ERR!|error)(?: (?P<text>.*))?$")
_CODE = re.compile(r"^code (?P<code>\S+)$")
_SCRIPT = re.compile(r"^(?:Missing script: |missing script: )")
_LIFECYCLE = re.compile(
    r"^Lifecycle script `(?P<script>[^`]+)` failed with error:|^code ELIFECYCLE$"
)
_CONTINUED = re.compile(
    r"^(?:code|errno|syscall|path|dest|cwd|location|workspace) |^command (?!failed)"
)
_LABEL = re.compile(r"^(?:404|notarget|JSON\.parse|ERESOLVE|EUSAGE|network|enoent|audit)\s+")
_LOG = re.compile(r"^(?:A complete log of this run|For a full report|    /|See /)")
_URL = re.compile(r"https?://\S+?(?=/[^/\s]+(?:\s|$))")
_NETWORK = frozenset(
    ("ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "ETIMEDOUT", "EAI_AGAIN", "ERR_SOCKET_TIMEOUT",
     "E500", "E502", "E503", "E504", "SELF_SIGNED_CERT_IN_CHAIN", "CERT_HAS_EXPIRED")
)  # fmt: skip
_PERMISSION = frozenset(("EACCES", "EPERM", "E401", "E403", "ENEEDAUTH"))
_MESSAGE_CHARS_MAX = 4000


def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
    """One symptom a run of npm: its lines together say one thing."""
    found: list[Found] = []
    own: list[range] = []
    for first, last, said in _runs(lines):
        own.append(range(first, last + 1))
        symptom = None if _is_consequence(said) else _symptom(said)
        if symptom:
            found.append(Found(symptom, first, last))
    return Parsed(tuple(found), own=tuple(own)) if own else None


def parse_lifecycle(lines: Sequence[str], _place: Place) -> Parsed | None:
    """That a script failed, for when what it ran said nothing that is understood."""
    found: list[Found] = []
    for first, last, said in _runs(lines):
        script = next((m["script"] for s in said if (m := _LIFECYCLE.match(s))), None)
        if _is_consequence(said):
            code = next((m["code"] for s in said if (m := _CODE.match(s))), "")
            headline = f"Lifecycle script `{script}` failed" if script else "a script failed"
            complaint = Complaint(code, headline, "\n".join(said)[:_MESSAGE_CHARS_MAX])
            found.append(Found(Symptom("npm", complaint, kind="runtime"), first, last))
    return Parsed(tuple(found)) if found else None


def _runs(lines: Sequence[str]) -> list[tuple[int, int, list[str]]]:
    """Lines of npm that stand together, with their first and last index."""
    runs: list[tuple[int, int, list[str]]] = []
    for i, line in enumerate(javascript.shown(lines)):
        said = _SAID.match(line)
        if said is None:
            continue
        text = (said["text"] or "").rstrip()
        if runs and all(not s.strip() for s in lines[runs[-1][1] + 1 : i]):
            first, _, texts = runs[-1]
            runs[-1] = (first, i, [*texts, text])
        else:
            runs.append((i, i, [text]))
    return runs


def _is_consequence(said: Sequence[str]) -> bool:
    return any(_LIFECYCLE.match(s) for s in said)


def _symptom(said: Sequence[str]) -> Symptom | None:
    code = next((m["code"] for s in said if (m := _CODE.match(s))), "")
    told = [s for s in said if s.strip() and not _CONTINUED.match(s) and not _LOG.match(s)]
    told = [s for s in told if not javascript.is_frame(s)]
    if not told:
        return None
    first = _LABEL.sub("", told[0]).strip()
    if _SCRIPT.match(first):
        code = code or "missing-script"
    command = next((s for s in said if s.startswith("command ") and s != "command failed"), "")
    if first == "command failed" and command:
        first = f"command failed: {command.removeprefix('command ')}"
    peers = next((s for s in told if s.startswith("peer ")), "")
    headline = f"{first}: {peers}" if code == "ERESOLVE" and peers else first
    headline = _URL.sub("<registry>", headline)
    message = "\n".join(told)[:_MESSAGE_CHARS_MAX]
    complaint = Complaint(code, headline, message, _frames(code))
    return Symptom("npm", complaint, kind=_kind(code))


def _frames(code: str) -> tuple[Frame, ...]:
    """What npm complains of stands in package.json, wherever it was run."""
    mended_there = ("ERESOLVE", "ETARGET", "E404", "EJSONPARSE", "missing-script")
    return (Frame("package.json"),) if code in mended_there else ()


def _kind(code: str) -> FailureKind:
    if code in _NETWORK:
        return "network"
    return "permission" if code in _PERMISSION else "environment"


PARSER = Parser(
    tool="npm",
    parse=parse,
    hints=("npm ERR!", "npm error"),
    kinds=("environment", "network", "permission"),
    captured="npm's code and what it says first, with the peer that conflicts; not its log's path",
    codes="E404, ERESOLVE, ETARGET, ECONNREFUSED; missing-script",
    commands=("npm", "npx"),
)
LIFECYCLE = Parser(
    tool="npm",
    parse=parse_lifecycle,
    hints=("npm ERR!", "npm error"),
    kinds=("runtime",),
    captured="that a script failed, when nothing else was found",
    codes="the script's exit code, ELIFECYCLE",
    commands=("npm", "npx"),
    consequence=True,
)
