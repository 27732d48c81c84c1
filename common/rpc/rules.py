"""Cedar policies: who may call what, decided once for each caller's rights and method.

common/rpc/policies/*.cedar are shipped; the owner's own lie in HOME/coordinator/policies and are
asked about tools alone. A principal is a Node in the Roles that it has, an action is
Action::"Service/Method" in Action::"Service", a resource is Service::"Service".
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, cast

import cedarpy

from common.errors import Invalid
from common.model.rule_file import RuleFile as RuleFile
from common.rpc.policy import RIGHTS

log = logging.getLogger(__name__)

OURS = "/postdevai.v1."
REMEMBERED_MAX = 4096
"""Decisions; when they are more, all are made anew."""
FILE_BYTES_MAX = 64 << 10
"""Of the owner's own rules together."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules say of a call."""

    allowed: bool
    rules: tuple[str, ...] = ()
    """FILE: ID of each that decided; none where no rule allows it."""

    @property
    def is_forbidden(self) -> bool:
        """Whether a rule says no, and not only none says yes."""
        return not self.allowed and bool(self.rules)


class Rules:
    """Policies that were read, and the decisions that they led to."""

    def __init__(self, shipped: Sequence[RuleFile], own: Sequence[RuleFile] = ()) -> None:
        """Invalid, naming the file, where one cannot be read or the owner's do not fit."""
        self._shipped = _Set(shipped)
        self._with_own = _Set((*shipped, *own)) if own else self._shipped
        self._decided: dict[tuple[frozenset[str], str, str], Decision] = {}

    def decide(self, method: str, rights: frozenset[str], who: str = "") -> Decision:
        """Of "/postdevai.v1.Service/Method" for a caller with these rights.

        `who` is its node id, for the owner's rules that name one.
        """
        key = (rights, method, who if "tool" in rights else "")
        known = self._decided.get(key)
        if known is None:
            asked = self._with_own if "tool" in rights else self._shipped
            known = asked.decide(action_of(method), sorted(rights), who)
            if len(self._decided) >= REMEMBERED_MAX:
                self._decided.clear()
            self._decided[key] = known
        return known


class _Set:
    def __init__(self, given: Sequence[RuleFile]) -> None:
        self._policies = cedarpy.PolicySet.from_str("".join(f"{file.text}\n" for file in given))
        self._files: dict[str, str] = {}
        self._forbids: list[str] = []  # by place: the name of each that forbids, else nothing
        for file in given:
            for policy in _policies(file):
                name = _id(policy)
                if name in self._files:
                    raise Invalid(f"{file.name} and {self._files[name]} have a rule {name!r} each")
                self._files[name] = file.name
                self._forbids.append(name if policy["effect"] == "forbid" else "")

    def decide(self, action: str, rights: Sequence[str], who: str) -> Decision:
        service = action.partition("/")[0]
        entities = [
            _entity("Node", who, [("Role", right) for right in rights]),
            _entity("Action", action, [("Action", service)]),
        ]
        result = cast(Any, cedarpy).is_authorized(  # its dicts are not typed
            {
                "principal": {"type": "Node", "id": who},
                "action": {"type": "Action", "id": action},
                "resource": {"type": "Service", "id": service},
            },
            self._policies,
            entities,
        )
        if result.diagnostics.errors:
            log.error("rules failed action=%s: %s", action, "; ".join(result.diagnostics.errors))
            if failed := self._failed(result.diagnostics.errors):
                return Decision(False, failed)
        reasons: dict[str, str] = result.diagnostics.id_annotations_by_reason
        named = sorted(reasons.values())
        return Decision(
            bool(result.allowed), tuple(f"{self._files[each]}: {each}" for each in named)
        )

    def _failed(self, errors: Sequence[str]) -> tuple[str, ...]:
        """FILE: ID of each rule that could not be decided and might have forbidden the call."""
        found: list[str] = []
        for error in errors:
            named = re.search(r"`policy(\d+)`", error)
            if named is None:
                found.append("a rule that could not be decided")
            elif name := self._forbids[int(named[1])]:
                found.append(f"{self._files[name]}: {name}, which could not be decided")
        return tuple(found)


def action_of(method: str) -> str:
    """ "/postdevai.v1.LakeService/Search" as rules call it: "LakeService/Search"."""
    return method.removeprefix(OURS).removeprefix("/")


@cache
def shipped() -> tuple[RuleFile, ...]:
    """The policy files of this program, by name."""
    found = files("common.rpc") / "policies"
    named = sorted((each for each in found.iterdir() if each.name.endswith(".cedar")), key=_name)
    return tuple(RuleFile(each.name, each.read_text("utf-8")) for each in named)


def checked(own: Sequence[RuleFile]) -> tuple[RuleFile, ...]:
    """The owner's files, once they are found to be rules about tools that may be read.

    Invalid, naming the file, otherwise: a rule that is not understood must not be passed over.
    """
    size = sum(len(each.text.encode()) for each in own)
    if size > FILE_BYTES_MAX:
        raise Invalid(f"the owner's rules have {size} bytes, of at most {FILE_BYTES_MAX}")
    for file in own:
        for policy in _policies(file):
            if not _id(policy):
                raise Invalid(
                    f"{file.name} has a rule without a name", hint='write @id("NAME") before it'
                )
            if not _is_of_tools(policy["principal"]):
                raise Invalid(
                    f"{file.name} has a rule for others than tools",
                    hint='begin it with: permit (principal in Role::"tool", ..., or forbid (...',
                )
        _fits(file)
    return tuple(own)


def _fits(file: RuleFile) -> None:
    """Invalid where a rule speaks of what no call has: a method, a service, a role, an attribute.
    Such a rule would never apply, or could not be decided."""
    wrong = cast(Any, cedarpy).validate_policies(file.text, _schema()).errors
    if wrong:
        said = re.sub(r"^for policy `[^`]*`[,:] ", "", str(wrong[0].error))
        raise Invalid(
            f"{file.name} has a rule that fits no call: {said}",
            hint="docs/api names every method; a caller has no attributes",
        )


@cache
def _schema() -> dict[str, Any]:
    """What a call can be: the shipped rules name every method of every service."""
    text = "".join(file.text for file in shipped())
    named = sorted(set(re.findall(r'Action::"([^"/]+/[^"]+)"', text)))
    services = sorted({each.partition("/")[0] for each in named})
    actions: dict[str, dict[str, Any]] = {service: {} for service in services}
    for each in named:
        actions[each] = {
            "memberOf": [{"id": each.partition("/")[0]}],
            "appliesTo": {"principalTypes": ["Node"], "resourceTypes": ["Service"]},
        }
    kinds = {
        "Node": {"memberOfTypes": ["Role"]},
        "Role": {"enum": list(RIGHTS)},
        "Service": {"enum": services},
    }
    return {"": {"entityTypes": kinds, "actions": actions}}


def _policies(file: RuleFile) -> list[dict[str, Any]]:
    try:
        read = json.loads(cedarpy.policies_to_json_str(file.text))
    except ValueError as error:
        raise Invalid(f"{file.name} is not a file of rules: {error}") from None
    if read["templates"]:
        raise Invalid(f"{file.name} has a rule with a slot, which nothing fills")
    found: dict[str, dict[str, Any]] = read["staticPolicies"]
    return [found[f"policy{i}"] for i in range(len(found))]


def _id(policy: Mapping[str, Any]) -> str:
    return policy.get("annotations", {}).get("id") or ""


def in_force(own: Sequence[RuleFile]) -> Rules:
    """The shipped rules and the owner's, as the Coordinator told them. Where a node of another
    version cannot read those, it lets no tool in, rather than one that they forbid."""
    try:
        return Rules(shipped(), checked(own))
    except Invalid as error:
        log.error("the owner's rules cannot be read here, so no tool is let in: %s", error.message)
        return Rules(shipped(), (NOT_READ,))


NOT_READ = RuleFile(
    "not-read.cedar",
    '@id("rules-that-cannot-be-read") forbid (principal in Role::"tool", action, resource);',
)


def _is_of_tools(scope: Mapping[str, Any]) -> bool:
    entity = scope.get("entity", {})
    if scope["op"] == "==":
        return entity.get("type") == "Node"  # asked about tools alone
    return scope["op"] == "in" and entity == {"type": "Role", "id": "tool"}


def _entity(kind: str, name: str, parents: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {
        "uid": {"type": kind, "id": name},
        "attrs": {},
        "parents": [{"type": each, "id": parent} for each, parent in parents],
    }


def _name(file: Any) -> str:
    return str(file.name)
