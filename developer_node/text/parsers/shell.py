"""What shells and their everyday programs say: not found, no such file, permission, syntax."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from common.model.failure import FailureKind, Frame
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom

_SAID = (
    (r"(?P<what>\S.*?): command not found", "command not found"),
    (r"command not found: (?P<what>\S.*)", "command not found"),
    (r"(?P<what>\S+): not found", "command not found"),
    (r"(?:Unknown command|Unknown command:) (?P<what>\S.*?)", "command not found"),
    (r"(?:cd: )?(?P<what>\S.*?): No such file or directory", "ENOENT"),
    (r"no such file or directory: (?P<what>\S.*)", "ENOENT"),
    (r"cannot open (?P<what>\S.*?): No such file", "ENOENT"),
    (r"(?:cd: )?can't cd to (?P<what>\S.*)", "ENOENT"),
    (r"(?P<what>\S.*?): cannot execute: required file not found", "bad interpreter"),
    (r"(?P<what>\S.*?): (?:\S+: )?bad interpreter: .+", "bad interpreter"),
    (r"(?:cannot (?:create|open) )?(?P<what>\S.*?): Permission denied", "EACCES"),
    (r"permission denied: (?P<what>\S.*)", "EACCES"),
    (r"(?P<what>\S.*?): Is a directory", "EISDIR"),
    (r"(?P<what>\S.*?): (?:unbound variable|parameter not set)", "unbound variable"),
    (r"(?P<what>syntax error:? .+|Syntax error: .+|parse error .+)", "syntax error"),
)
_RULES = tuple((re.compile(f"^{shape}$"), code) for shape, code in _SAID)
_NAMED = {
    "command not found": "command not found",
    "ENOENT": "No such file or directory",
    "EACCES": "Permission denied",
    "EISDIR": "Is a directory",
    "unbound variable": "unbound variable",
    "bad interpreter": "bad interpreter",
}
"""The same words for every shell: what is missing is the same wherever it was typed."""

_PREFIXES = (
    re.compile(r"^-?(?:/\S*/)?(?:bash|sh|zsh|dash|ksh|ash|fish): (?:-c: )?(?:line )?(?:\d+: )?"),
    re.compile(r"^-?(?:zsh|sh|\(eval\)|\(anon\)):(?:\w+:)?\d+: "),
    re.compile(r"^zsh:\w+: "),
    re.compile(r"^(?P<path>[^\s:]+): line (?P<line>\d+): "),
    re.compile(
        r"^(?P<path>[^\s:]+):(?:\w+:)?(?P<line>\d+): (?=command not found|no such file|"
        r"permission denied|parse error|\S+: (?:parameter not set|bad interpreter))"
    ),
    re.compile(
        r"^(?P<path>(?:[^\s:]*/)?[^\s:/]+): (?P<line>\d+): (?=\S+: (?:not found|parameter "
        r"not set|Permission denied)|Syntax error|cannot (?:open|create) |cd: can't)"
    ),
)
_PROGRAMS = (
    "awk|basename|bzip2|cat|chgrp|chmod|chown|cmp|comm|cp|cut|dd|df|diff|dirname|du|env|expand|"
    "file|find|gawk|grep|gunzip|gzip|head|install|less|ln|ls|mkdir|mkfifo|mktemp|mv|nl|nohup|od|"
    "paste|readlink|realpath|rm|rmdir|rsync|sed|sha256sum|shred|sort|source|split|stat|sudo|tac|"
    "tail|tar|tee|test|time|timeout|touch|tr|truncate|uniq|unlink|wc|which|xargs|xz|zcat|zip"
)
_PROGRAM = re.compile(
    rf"^(?P<program>(?:/\S*/)?(?:{_PROGRAMS})): "
    r"(?:cannot \w+(?: \w+)*? |failed to \w+ |can't \w+ )?"
    r"[‘'`\"]?(?P<what>[^‘’'\"]+?)[’'\"]?(?:: Cannot \w+)?: "
    r"(?P<errno>No such file or directory|Permission denied|Is a directory|File exists|"
    r"Not a directory|Operation not permitted|Directory not empty|No space left on device|"
    r"Read-only file system|command not found)$"
)
_ERRNOS = {
    "No such file or directory": "ENOENT",
    "Permission denied": "EACCES",
    "Is a directory": "EISDIR",
    "File exists": "EEXIST",
    "Not a directory": "ENOTDIR",
    "Operation not permitted": "EPERM",
    "Directory not empty": "ENOTEMPTY",
    "No space left on device": "ENOSPC",
    "Read-only file system": "EROFS",
    "command not found": "command not found",
}
_FISH = (
    (re.compile(r"^fish: Unknown command: (?P<what>\S+)$"), "command not found"),
    (
        re.compile(r"^fish: Unknown command\. '(?P<what>.+)' exists but is not an executable.*$"),
        "EACCES",
    ),
    (re.compile(r"^cd: The directory '(?P<what>.+)' does not exist$"), "ENOENT"),
    (re.compile(r"^warning: Path '(?P<what>.+)' does not exist$"), "ENOENT"),
    (
        re.compile(
            r"^exec: Failed to execute process '(?P<what>.+)': The file specified the interp.*$"
        ),
        "bad interpreter",
    ),
)
_FISH_SYNTAX = re.compile(
    r"^(?P<path>\S+) \(line (?P<line>\d+)\): "
    r"(?P<what>(?:Missing|Unexpected|Expected|Unsupported|Invalid) .+)$"
)
_FISH_PLACE = re.compile(r"^(?P<path>\S+\.\w+) \(line (?P<line>\d+)\): ?$")


def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
    """English words of bash, zsh, fish, dash and coreutils; each complaint once."""
    found: dict[tuple[str, str], Found] = {}
    for one in _found(lines):
        complaint = one.symptom.complaint
        found.setdefault((complaint.code, complaint.headline), one)
    return Parsed(tuple(found.values())) if found else None


def _found(lines: Sequence[str]) -> Iterator[Found]:
    for i, line in enumerate(lines):
        if not line:
            continue
        program = _PROGRAM.match(line)
        syntax = _FISH_SYNTAX.match(line)
        fish = _fish(lines, i)
        if program:
            code = _ERRNOS[program["errno"]]
            yield _symptom(code, f"{program['what']}: {program['errno']}", line, i, None)
        elif fish:
            yield fish
        elif syntax:
            yield _symptom("syntax error", syntax["what"], line, i, syntax)
        else:
            yield from _shells(line, i)


def _shells(line: str, i: int) -> Iterator[Found]:
    for prefix in _PREFIXES:
        begin = prefix.match(line)
        rest = line[begin.end() :] if begin else ""
        for rule, code in _RULES if begin else ():
            said = rule.match(rest)
            if said:
                words = _NAMED.get(code)
                headline = f"{said['what']}: {words}" if words else said["what"]
                yield _symptom(code, headline, line, i, begin)
                return


def _fish(lines: Sequence[str], i: int) -> Found | None:
    for rule, code in _FISH:
        said = rule.match(lines[i])
        if said:
            place = _FISH_PLACE.match(lines[i + 1]) if i + 1 < len(lines) else None
            return _symptom(code, f"{said['what']}: {_NAMED[code]}", lines[i], i, place)
    return None


def _symptom(code: str, headline: str, line: str, i: int, place: re.Match[str] | None) -> Found:
    groups = place.groupdict() if place else {}
    frames: tuple[Frame, ...] = ()
    if groups.get("path") and groups["path"] != "bash":
        frames = (Frame(str(groups["path"]), "", int(str(groups["line"]))),)
    kind: FailureKind = "permission" if code in ("EACCES", "EPERM") else "environment"
    return Found(Symptom("shell", Complaint(code, headline, line, frames), kind=kind), i, i)


PARSER = Parser(
    tool="shell",
    parse=parse,
    hints=(
        "not found",
        "o such file",
        "ermission denied",
        "yntax error",
        "parse error",
        "Unknown command",
        "unbound variable",
        "parameter not set",
        "s a directory",
        "cannot execute",
        "bad interpreter",
        "does not exist",
        "can't cd",
        "(line ",
        "File exists",
        "ot permitted",
        "ot empty",
        "No space",
        "Failed to execute",
        "Read-only",
        "ot a directory",
    ),
    kinds=("environment", "permission"),
    captured="what bash, zsh, fish, dash and coreutils could not find, open, run or read, in the "
    "same words for every shell; the script's line",
    codes="command not found, ENOENT, EACCES, EISDIR, EEXIST, ENOSPC, bad interpreter, unbound "
    "variable, syntax error",
    commands=("bash", "sh", "zsh", "fish", "dash"),
)
