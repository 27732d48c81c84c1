"""The audit log and the rules, as a person reads them and as scripts do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from common.model.audit import AuditCheck, AuditLine
from developer_node.front.output_page import Line, Span, line
from developer_node.front.output_words import count, iso

DID: dict[str, str] = {
    "found": "founded the mesh",
    "invite": "invited",
    "enrol": "joined",
    "renew": "renewed its certificate",
    "revoke": "put out",
    "recover": "gave the place of a lost node anew",
    "rekey": "began the mesh anew",
    "ticket-keys": "replaced the ticket keys",
    "policy": "set the rules",
    "migrate": "moved the state",
    "call": "called",
}
"""What a line says for each action."""


def lines(found: Iterable[AuditLine]) -> Iterable[Line]:
    """One for each: when, who, what, and why."""
    for each in found:
        refused = each.outcome == "refused"
        yield line(
            f"{each.seq:>6}  {iso(each.at_ms)}  {_who(each.who)} ",
            Span("was refused: " if refused else "", "red"),
            f"{DID[each.action]} {each.subject}".rstrip(),
            Span(f"  {each.reason}" if each.reason else "", "dim"),
        )


def check(found: AuditCheck) -> Iterable[Line]:
    """The finding."""
    if not found.lines and found.is_whole:
        yield line("Nothing was written down yet.")
        return
    if found.is_whole:
        yield line(f"{count(found.lines, 'line')}, each as it was written, and none is missing.")
        return
    yield line(Span("The audit log is not what was written: ", "red"), f"{found.reason}.")
    if found.lines:
        yield line(
            f"  {count(found.lines, 'line')} before it, until {iso(found.at_ms)}, are whole."
        )


def lines_json(found: Iterable[AuditLine]) -> dict[str, Any]:
    """`audit --json`."""
    return {"lines": [_line_json(each) for each in found]}


def check_json(found: AuditCheck) -> dict[str, Any]:
    """`audit verify --json`."""
    said = asdict(found)
    del said["at_ms"]
    return {**said, "last_at": iso(found.at_ms)}


def decision_json(role: str, method: str, allowed: bool, rules: Sequence[str]) -> dict[str, Any]:
    """`policy check --json`."""
    return {"role": role, "method": method, "allowed": allowed, "rules": list(rules)}


def _line_json(each: AuditLine) -> dict[str, Any]:
    said = asdict(each)
    del said["at_ms"]
    return {**said, "at": iso(each.at_ms)}


def _who(uri: str) -> str:
    """`developer 0123` for spiffe://MESH/developer/0123."""
    return " ".join(uri.rsplit("/", 2)[1:]) if uri.startswith("spiffe://") else uri
