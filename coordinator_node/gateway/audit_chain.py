"""The chain of the audit log: how a line is written, and what is wrong with lines that are read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, cast

from common.model.audit import AuditAction, AuditCheck, AuditLine, Outcome

TEXT_CHARS_MAX = 300
"""Of what others may choose: who, subject, reason."""
_NAMES = frozenset(field.name for field in fields(AuditLine))


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log ended when it was last written to; kept apart from it."""

    log: str
    seq: int
    hash: str
    first_seq: int
    """Of the oldest line that is kept."""


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be written."""

    who: str
    action: AuditAction
    subject: str = ""
    outcome: Outcome = "done"
    reason: str = ""


def next_line(act: Act, at_ms: int, log: str, seq: int, prev: str) -> AuditLine:
    """The act as a line of that log."""
    unsealed = AuditLine(
        log=log,
        seq=seq,
        at_ms=at_ms,
        who=act.who[:TEXT_CHARS_MAX],
        action=act.action,
        subject=act.subject[:TEXT_CHARS_MAX],
        outcome=act.outcome,
        reason=act.reason[:TEXT_CHARS_MAX],
        prev=prev,
        hash="",
    )
    return replace(unsealed, hash=_hash(unsealed))


def written(line: AuditLine) -> bytes:
    """One line of JSON."""
    return json.dumps(asdict(line), ensure_ascii=False).encode() + b"\n"


def read(data: bytes) -> AuditLine | None:
    """The line; None when it is none."""
    try:
        found: object = json.loads(data)
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    said = cast(dict[str, Any], found)
    if said.keys() != _NAMES or not isinstance(said["seq"], int):
        return None
    return AuditLine(**said) if isinstance(said["at_ms"], int) else None


def check(lines: Iterable[tuple[str, int, bytes]], heads: dict[str, Head]) -> AuditCheck:
    """Of (file, place in it, bytes) in order; the head of a log by its name, where it is kept."""
    last: AuditLine | None = None
    count, head = 0, None
    for file, place, data in lines:
        line = read(data)
        if line is None:
            return _broken(count, last, file, place, "cannot be read: it was changed")
        if line.hash != _hash(line):
            return _broken(count, last, file, place, "was changed")
        head = heads.get(line.log) if last is None else head
        wrong = _first(line, head) if last is None else _next(line, last)
        if not wrong and head and line.seq == head.seq and line.hash != head.hash:
            wrong = "is another than was written: the log was made anew"
        if wrong:
            return _broken(count, last, file, place, wrong)
        last, count = line, count + 1
    if last is None:
        gone = next(iter(heads.values()), None)
        if gone is not None:
            return _broken(0, None, "", 0, f"{gone.seq} lines were written, and none is there")
        return AuditCheck(0, True)
    if head is None:
        return _broken(count, last, "", 0, "nothing is kept of where this log ended")
    if head.seq > last.seq:
        return _broken(count, last, "", 0, f"the last {head.seq - last.seq} lines are missing")
    return AuditCheck(count, True, at_ms=last.at_ms)


def _first(line: AuditLine, head: Head | None) -> str:
    missing = line.seq - (head.first_seq if head else 1)
    return f"is line {line.seq} of the log: {missing} before it are missing" if missing > 0 else ""


def _next(line: AuditLine, last: AuditLine) -> str:
    if line.log != last.log:
        return "is of another log"
    if line.seq > last.seq + 1:
        return f"is line {line.seq} of the log: {line.seq - last.seq - 1} before it are missing"
    if line.seq <= last.seq:
        return f"is line {line.seq} of the log: it stands in another's place"
    if line.prev != last.hash:
        return "does not follow from the line before it: one of the two was changed"
    return ""


def _broken(count: int, last: AuditLine | None, file: str, place: int, why: str) -> AuditCheck:
    reason = f"line {place} of {file} {why}" if file else why
    return AuditCheck(count, False, reason, file, place, last.at_ms if last else 0)


def _hash(line: AuditLine) -> str:
    said = asdict(line)
    del said["hash"]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
