"""git's refusals: conflicts by file, rejected pushes, what it could not find or reach."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from common.model.failure import FailureKind, Frame
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom

_FATAL = re.compile(r"^fatal: (?P<said>(?!\[).+)$")
_ERROR_WORDS = (
    r"pathspec '",
    r"Your local changes ",
    r"The following untracked ",
    r"failed to push some refs",
    r"could not apply ",
    r"could not (?:lock|detach|revert|cherry-pick|stash)",
    r"Committing is not possible",
    r"(?:Pulling|Merging|Cherry-picking|Reverting|Rebasing) is not possible",
    r"you need to resolve",
    r"cannot (?:pull|rebase|lock ref|delete|stash|switch)",
    r"patch failed: ",
    r".+: patch does not apply",
    r".+: does not (?:exist in|match) index",
    r"unknown (?:option|switch) `",
    r"src refspec ",
    r"(?:the )?(?:remote|branch|tag) .+ (?:not found|already exists|is not fully merged)",
    r"No such remote",
    r"insufficient permission",
    r"RPC failed",
    r"gpg failed",
    r"object file .+ is empty",
    r"refusing to ",
    r"Entry '.+' ",
    r"unable to (?:create|write|unlink|delete|resolve reference|read sha1)",
    r"bad signature",
    r"index uses ",
)
_ERROR = re.compile(f"^error: (?P<said>(?:{'|'.join(_ERROR_WORDS)}).*)$")
_CONFLICT = re.compile(r"^(?P<code>CONFLICT \([\w/ -]+\)): (?P<said>.+)$")
_CONFLICT_FILE = re.compile(r"(?:Merge conflict in (?P<one>.+)|^(?P<other>\S+) deleted in .+)$")
_REJECTED = re.compile(r"^ ! \[(?P<code>(?:remote )?rejected)\] +(?P<ref>\S+).*? \((?P<why>.+)\)$")
_NO_COMMAND = re.compile(r"^git: (?P<said>'.+' is not a git command)\..*$")
_MERGE = re.compile(r"^merge: (?P<said>.+ - not something we can merge)$")
_SSH = re.compile(
    r"^(?:ssh: (?P<said>.+)|(?P<who>\S+@\S+|\S+): (?P<denied>Permission denied \(.+\))\.|"
    r"(?P<host>Host key verification failed)\.)$"
)
_CONSEQUENCE = re.compile(
    r"^(?:failed to push some refs|Exiting because of|could not apply |Could not read from remote|"
    r"could not (?:revert|cherry-pick)|The remote end hung up|early EOF|empty ident name)"
)
_NETWORK = re.compile(
    r"(?i)could not resolve|couldn't connect|failed to connect|unable to access .+ (?:timed out|"
    r"could not|connection|failed)|connection (?:refused|reset|timed out|closed)|network is "
    r"unreachable|operation timed out|RPC failed|hung up|early EOF|SSL|TLS"
)
_PERMISSION = re.compile(
    r"(?i)permission|authentication failed|access denied|403|could not read (?:Username|Password)|"
    r"insufficient|dubious ownership|host key verification|repository .+ not found"
)
_FILE = re.compile(r"^\t(?P<path>\S.*)$")
_IDENTITY = re.compile(r"^(?:Author|Committer) identity unknown$")
_MESSAGE_LINES_MAX = 40


def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
    """What only follows from another refusal is heard when it stands alone."""
    found = list(_found(lines))
    own = [f for f in found if not _CONSEQUENCE.match(f.symptom.complaint.headline)]
    said: dict[tuple[str, str], Found] = {}
    for one in own or found:
        complaint = one.symptom.complaint
        said.setdefault((complaint.code, complaint.headline), one)
    if not said:
        return None
    rest = tuple(range(f.first, f.last + 1) for f in found if f not in said.values())
    return Parsed(tuple(said.values()), own=rest)


def _found(lines: Sequence[str]) -> Iterator[Found]:
    for i, line in enumerate(lines):
        if not line:
            continue
        complaint = _complaint(line)
        if complaint is None:
            continue
        last = _last(lines, i)
        message = "\n".join(lines[i : last + 1]).rstrip()
        files = tuple(Frame(m["path"]) for n in lines[i + 1 : last + 1] if (m := _FILE.match(n)))
        whole = Complaint(complaint.code, complaint.headline, message, complaint.frames or files)
        yield Found(Symptom("git", whole, kind=_kind(message)), i, last)


def _complaint(line: str) -> Complaint | None:
    conflict, rejected = _CONFLICT.match(line), _REJECTED.match(line)
    if conflict:
        file = _CONFLICT_FILE.search(conflict["said"])
        path = (file["one"] or file["other"]) if file else ""
        frames = (Frame(path),) if path else ()
        return Complaint(conflict["code"], conflict["said"], line, frames)
    if rejected:
        said = f"{rejected['ref']}: {rejected['why']}"
        return Complaint(rejected["code"], said, line)
    ssh = _SSH.match(line)
    if ssh:
        return Complaint("ssh", ssh["said"] or ssh["denied"] or ssh["host"], line)
    if _IDENTITY.match(line):
        return Complaint("identity", line, line)
    for shape, code in ((_FATAL, "fatal"), (_ERROR, "error"), (_NO_COMMAND, ""), (_MERGE, "")):
        found = shape.match(line)
        if found:
            return Complaint(code, found["said"].rstrip("."), line)
    return None


def _last(lines: Sequence[str], i: int) -> int:
    """Hints and the files that it names belong to it."""
    last = i
    for n in range(i + 1, min(i + _MESSAGE_LINES_MAX, len(lines))):
        if not lines[n].startswith(("hint: ", "\t")):
            break
        last = n
    return last


def _kind(message: str) -> FailureKind:
    if _PERMISSION.search(message) and "has no upstream" not in message:
        return "permission"
    return "network" if _NETWORK.search(message) else "environment"


PARSER = Parser(
    tool="git",
    parse=parse,
    hints=(
        "fatal: ",
        "error: ",
        "CONFLICT (",
        "rejected]",
        "not a git command",
        "ssh: ",
        "Permission denied (",
        "Host key verification",
        "not something we can merge",
        "identity unknown",
    ),
    kinds=("environment", "permission", "network"),
    captured="each refusal's first line with its hints, files in conflict or in the way, why a "
    "push was rejected, what ssh said",
    codes="git's own words: CONFLICT (content), rejected, remote rejected, fatal, error, ssh",
    commands=("git", "gh", "hub", "jj"),
)
