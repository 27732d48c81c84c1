"""The owner's key and the keys that it signs, for people and for scripts."""

from __future__ import annotations

from typing import Any

from developer_node.front.local_owner import OwnerState
from developer_node.front.output_page import Line, Span, line

Json = dict[str, Any]


def page(now: OwnerState) -> list[Line]:
    """Who the owner is, then a line a node."""
    if not now.public_key:
        return [
            line("This laptop was never told the owner's key, so it cannot call by the relay."),
            line("The first laptop makes one: postdevai owner init. Others: postdevai owner trust"),
        ]
    where = "kept on this laptop" if now.signs else "kept on another laptop"
    said = [
        line(Span("Owner's key", "bold"), f"  {now.fingerprint}, {where}"),
        line(Span(f"  {now.public_key}", "dim")),
    ]
    for key in now.keys:
        state = Span(f"{key.state:<7}", "green" if key.state == "signed" else "yellow")
        said.append(line(f"{key.role:<10} ", state, f"{key.id}  {key.fingerprint}"))
        said.append(line(Span(f"  {key.reason}", "dim")))
    if not now.keys:
        said.append(line("No node has told a sealing key."))
    waits = [key for key in now.keys if key.state == "waits" and key.fingerprint]
    if waits and now.signs:
        said.append(line(f"Compare, then: postdevai owner sign {waits[0].id} --key FINGERPRINT"))
    return said


def as_json(now: OwnerState) -> Json:
    """The whole of it."""
    return {
        "public_key": now.public_key or None,
        "fingerprint": now.fingerprint or None,
        "signs": now.signs,
        "keys": [
            {
                "role": key.role,
                "id": key.id,
                "fingerprint": key.fingerprint or None,
                "state": key.state,
                "reason": key.reason,
            }
            for key in now.keys
        ],
    }
