"""docker: a daemon that cannot be reached, what it refused, and the build step that failed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from common.model.failure import FailureKind, Frame
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom

_NO_DAEMON = re.compile(
    r"^(?:docker: |ERROR: |error during connect: )?"
    r"(?P<said>Cannot connect to the Docker daemon at \S+?\. "
    r"Is the docker daemon running\?)$"
)
_DENIED = re.compile(
    r"^(?:docker: |ERROR: )?(?P<said>(?:Got )?permission denied while trying to connect to the "
    r"[Dd]ocker (?:daemon socket|API)) at .*$"
)
_DAEMON = re.compile(
    r"^(?:docker: |Error: |ERROR: |failed to \w+ \w+: )?"
    r"Error (?:response )?from daemon: (?P<said>.+)$"
)
_SAID = (
    (r"(?:docker: )?error during connect: (?P<said>.+)", "connect"),
    (r"(?P<said>unable to prepare context: .+)", "context"),
    (r"docker: (?P<said>unknown command: docker .+)", "usage"),
    (r"docker: (?P<said>'.+' is not a docker command)\..*", "usage"),
    (r"Failed to initialize: (?P<said>unable to resolve docker endpoint: .+?): open .*", "context"),
    (r"(?P<said>The command '.+' returned a non-zero code: \d+)", "step"),
    (r"(?P<said>(?:COPY|ADD) failed: .+)", "step"),
    (r"(?P<said>no configuration file provided: not found)", "compose"),
    (r"(?P<said>dependency failed to start: .+)", "compose"),
    (
        r"(?P<said>service \".+\" (?:refers to undefined|depends on undefined|has neither) .+)",
        "compose",
    ),
)
_RULES = tuple((re.compile(f"^{shape}$"), code) for shape, code in _SAID)
_FLAG = re.compile(r"^(?P<said>unknown (?:shorthand )?flag: .+)$")
_USAGE = re.compile(r"^(?:Usage:  docker|Run 'docker )")
_SOLVE = re.compile(r"^(?:ERROR|error|target \S+)?:? ?failed to solve: (?P<said>.+)$")
_STEP = re.compile(r"^(?P<path>\S*(?:Dockerfile|Containerfile)\S*):(?P<line>\d+)$")
_CODES = (
    ("port is already allocated", "port is already allocated"),
    ("address already in use", "port is already allocated"),
    ("pull access denied", "pull access denied"),
    ("No such container", "No such container"),
    ("No such image", "No such image"),
    ("manifest", "manifest"),
    ("Conflict", "conflict"),
    ("conflict", "conflict"),
    ("No such network", "No such network"),
)
_NETWORK = re.compile(
    r"(?i)dial tcp|no such host|i/o timeout|TLS handshake|connection refused|connection reset|"
    r"net/http: |could not resolve|context deadline exceeded"
)
_PERMISSION = re.compile(r"(?i)permission denied|access denied|unauthorized|denied: |forbidden")
_AT = re.compile(r"\d+\.\d+\.\d+\.\d+:53")
_MESSAGE_LINES = 24


def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
    """What a step printed is its own tool's; that the step failed is told beside it."""
    found: dict[str, Found] = {}
    for one in _found(lines):
        found.setdefault(one.symptom.complaint.headline, one)
    return Parsed(tuple(found.values())) if found else None


def _found(lines: Sequence[str]) -> Iterator[Found]:
    has_usage = any(_USAGE.match(line) for line in lines)
    for i, line in enumerate(lines):
        if not line:
            continue
        no_daemon, denied, daemon = _NO_DAEMON.match(line), _DENIED.match(line), _DAEMON.match(line)
        solve, flag = _SOLVE.match(line), _FLAG.match(line)
        if no_daemon:
            yield _one("no daemon", no_daemon["said"], line, "environment", i)
        elif denied:
            yield _one("permission", denied["said"], line, "permission", i)
        elif daemon:
            yield _one(_code(daemon["said"]), daemon["said"], line, _kind(daemon["said"]), i)
        elif solve:
            yield _build(lines, i, solve["said"])
        elif flag and has_usage:
            yield _one("usage", flag["said"], line, "environment", i)
        else:
            yield from _others(line, i)


def _others(line: str, i: int) -> Iterator[Found]:
    for rule, code in _RULES:
        said = rule.match(line)
        if said:
            kind: FailureKind = (
                "build"
                if code == "step" or said["said"].startswith("unable to prepare")
                else _kind(said["said"])
            )
            yield _one(code, _AT.sub("<resolver>", said["said"]), line, kind, i)
            return


def _build(lines: Sequence[str], i: int, said: str) -> Found:
    """The step's place stands above, between rules."""
    begin = max(0, i - _MESSAGE_LINES)
    steps = [(n, m) for n in range(begin, i) if (m := _STEP.match(lines[n]))]
    first, frames = i, ()
    if steps:
        first, step = steps[-1]
        frames = (Frame(step["path"], "", int(step["line"])),)
    message = "\n".join(lines[first : i + 1])
    kind = _kind(said) if "did not complete" not in said else "build"
    complaint = Complaint("failed to solve", said, message, frames)
    kind = "build" if kind == "environment" else kind
    return Found(Symptom("docker", complaint, kind=kind), first, i)


def _one(code: str, said: str, line: str, kind: FailureKind, i: int) -> Found:
    return Found(Symptom("docker", Complaint(code, said, line), kind=kind), i, i)


def _code(said: str) -> str:
    return next((code for word, code in _CODES if word in said), "daemon")


def _kind(said: str) -> FailureKind:
    if _PERMISSION.search(said):
        return "permission"
    return "network" if _NETWORK.search(said) else "environment"


PARSER = Parser(
    tool="docker",
    parse=parse,
    hints=(
        "ocker",
        "from daemon: ",
        "failed to solve: ",
        "error during connect: ",
        "unable to prepare context",
        "returned a non-zero code",
        "no configuration file provided",
        "dependency failed to start",
        "refers to undefined",
    ),
    kinds=("environment", "build", "network", "permission"),
    captured="a daemon that cannot be reached, what it refused, wrong usage, the step of a build "
    "that failed with its line in the Dockerfile, compose's refusals",
    codes="docker's words: no daemon, port is already allocated, pull access denied, No such "
    "container, failed to solve",
    commands=("docker", "docker-compose", "podman", "buildx"),
)
