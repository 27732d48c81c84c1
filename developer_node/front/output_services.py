"""How services stand, for a person and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from developer_node.front.output_page import Line, Span, line
from developer_node.front.service.services import Service

_STYLE = {"running": "green", "failed": "red", "unknown": "yellow"}


def lines(services: Sequence[Service]) -> list[Line]:
    """One line a node, and one for what is the matter."""
    if not services:
        return [line("No node lives here yet. Make one with: postdevai up --repo DIR")]
    told: list[Line] = []
    for each in services:
        told += _told(each)
    if not any(each.found for each in services):
        told.append(line("To have them start by themselves: postdevai service install all"))
    return told


def code(services: Sequence[Service]) -> int:
    """0 when every installed one runs, 3 when one does not, 1 when none is installed."""
    installed = [each for each in services if each.found]
    if not installed:
        return 1
    return 0 if all(each.standing and each.standing.state == "running" for each in installed) else 3


def as_json(kind: str, services: Sequence[Service]) -> dict[str, Any]:
    """`service status --json`."""
    return {"manager": kind, "services": [_json(each) for each in services]}


def _told(service: Service) -> list[Line]:
    found, standing = service.found, service.standing
    name = Span(f"{service.role:<12}", "bold")
    if found is None or standing is None:
        return [line(name, "no service")]
    words = [standing.state, *([f"pid {standing.pid}"] if standing.pid else [])]
    words.append("starts by itself" if standing.enabled else "does not start by itself")
    if standing.restarts:
        words.append(f"restarted {standing.restarts} times")
    if standing.last_exit:
        words.append(f"its last process ended with {standing.last_exit}")
    told = [line(name, Span(words[0], _STYLE.get(words[0], "")), ", " + ", ".join(words[1:]))]
    why = found.fault or standing.why
    if why:
        told.append(line(f"{'':<12}{why}"))
    told.append(line(f"{'':<12}", Span(f"{found.path} ({found.scope})", "dim")))
    if standing.state == "failed":
        told.append(line(f"{'':<12}Why: postdevai service logs {service.role}"))
    return told


def _json(service: Service) -> dict[str, Any]:
    found, standing = service.found, service.standing
    return {
        "role": service.role,
        "installed": found is not None,
        "scope": found.scope if found else None,
        "unit": str(found.path) if found else None,
        "program": str(found.program) if found and found.program else None,
        "state": standing.state if standing else None,
        "enabled": standing.enabled if standing else None,
        "pid": (standing.pid or None) if standing else None,
        "restarts": standing.restarts if standing else None,
        "last_exit": standing.last_exit if standing else None,
        "why": (found.fault if found else "") or (standing.why if standing else "") or None,
    }
