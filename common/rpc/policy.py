"""Who may call what, as common/rpc/policies/*.cedar says; what no rule allows is denied.

A new method is one line there, in a rule that fits it: Action::"Service/Method".
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Literal, get_args

from common.errors import Denied
from common.model.node import Role

if TYPE_CHECKING:
    from common.rpc.rules import Rules

Right = Role | Literal["admin", "owner", "anyone"]
"""A role, or: admin, whom the Coordinator knows; owner, who holds the local API's token; anyone,
who has no certificate yet and speaks to the enrolment port."""
RIGHTS: tuple[Right, ...] = (*get_args(Role), "admin", "owner", "anyone")

WITHOUT_TICKET = ("/grpc.health.v1.", "/grpc.reflection.", "/postdevai.v1.RelayService/")
"""Whoever may connect may ask a node whether it is well and what it speaks; a call that was
carried brings its ticket within the seal."""
_OURS = "/postdevai.v1."
BY_ADMINS = {
    "AuthorityService/Invite": ("invite", "coordinator-node invite ROLE"),
    "AuthorityService/Revoke": ("put a node out", "coordinator-node revoke NODE"),
    "AuthorityService/ReadAudit": ("read the audit log", "coordinator-node audit"),
    "AuthorityService/VerifyAudit": ("check the audit log", "coordinator-node audit --verify"),
}
"""What an admin's laptop may, in a person's words, and what else does it."""


@cache
def shipped() -> Rules:
    """The rules that this program brings; read when they are first asked for."""
    from common.rpc import rules

    return rules.Rules(rules.shipped())


def table() -> dict[str, frozenset[Right]]:
    """What the shipped rules come to: each method that they name, and who may call it."""
    return {
        method: frozenset(
            right for right in RIGHTS if shipped().decide(method, frozenset((right,))).allowed
        )
        for method in sorted(methods())
    }


@cache
def methods() -> frozenset[str]:
    """Those that the shipped rules name: every method that there is."""
    from common.rpc import rules

    text = "".join(file.text for file in rules.shipped())
    named = set(re.findall(r'Action::"([^"/]+/[^"]+)"', text))
    return frozenset(f"/{name}" if name.startswith("grpc.") else _OURS + name for name in named)


def check(
    method: str, rights: frozenset[Right], *, who: str = "", rules: Rules | None = None
) -> None:
    """Denied, and by which rule, unless a rule allows one of the rights to call the method."""
    decision = (rules or shipped()).decide(method, rights, who)
    if decision.allowed:
        return
    held = ", ".join(sorted(rights)) or "nobody"
    name = method.removeprefix(_OURS)
    if not decision.rules and name in BY_ADMINS and "developer" in rights:
        what, typed = BY_ADMINS[name]
        raise Denied(
            f"this laptop may not {what}: only an admin's may, such as the mesh's first",
            hint=f"there, or on the Coordinator's machine: {typed}",
        )
    raise Denied(
        f"{held} may not call {name}",
        hint=f"forbidden by {', '.join(decision.rules)}" if decision.rules else "",
    )
