"""The Cedar files: what they allow, and what the owner may add."""

from __future__ import annotations

import re

import pytest

from common.errors import Denied, Invalid
from common.rpc import policy
from common.rpc.policy import Right
from common.rpc.repeatable import methods
from common.rpc.rules import RuleFile, Rules, _fits, checked, shipped

TOOL: frozenset[Right] = frozenset(("tool",))
NO_MODELS = RuleFile(
    "mine.cedar",
    '@id("no-models") forbid (principal in Role::"tool", action in Action::"InferenceService",'
    " resource);",
)
ONE_MAY_FORGET = RuleFile(
    "more.cedar",
    '@id("one") permit (principal == Node::"abc", action == Action::"LakeService/Forget",'
    " resource);",
)
FORBID = '@id("x") forbid (principal in Role::"tool"'


def ours(name: str) -> str:
    return f"/postdevai.v1.{name}"


def test_every_action_in_the_files_is_a_method_that_exists() -> None:
    """A slip in a name would be a rule that never applies."""
    named = {each for file in shipped() for each in re.findall(r'Action::"([^"]+)"', file.text)}
    known = set(methods())
    assert {each for each in named if not each.startswith("grpc.")} <= known


def test_a_rule_of_the_owner_takes_from_tools_what_is_theirs_and_from_nobody_else() -> None:
    rules = Rules(shipped(), checked([NO_MODELS]))
    embed = ours("InferenceService/Embed")
    assert rules.decide(embed, TOOL).rules == ("mine.cedar: no-models",)
    assert rules.decide(embed, TOOL).is_forbidden
    assert rules.decide(embed, frozenset(("developer",))).allowed
    assert rules.decide(ours("LakeService/Search"), TOOL).allowed
    assert Rules(shipped()).decide(embed, TOOL).allowed  # the control


def test_a_rule_may_name_one_tool() -> None:
    rules = Rules(shipped(), checked([ONE_MAY_FORGET]))
    forget = ours("LakeService/Forget")
    assert rules.decide(forget, TOOL, "abc").allowed
    assert not rules.decide(forget, TOOL, "abd").allowed


def test_a_refusal_names_the_rule_that_forbids() -> None:
    rules = Rules(shipped(), checked([NO_MODELS]))
    with pytest.raises(Denied, match="tool may not call InferenceService/Embed") as caught:
        policy.check(ours("InferenceService/Embed"), TOOL, rules=rules)
    assert caught.value.hint == "forbidden by mine.cedar: no-models"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("nonsense", "is not a file of rules"),
        ('forbid (principal in Role::"tool", action, resource);', "a rule without a name"),
        ('@id("x") forbid (principal, action, resource);', "for others than tools"),
        ('@id("x") permit (principal in Role::"dragon", action, resource);', "others than tools"),
        ('@id("x") permit (principal == ?principal, action, resource);', "a slot"),
        ("//" + "x" * (65 << 10), "of at most"),
        (f'{FORBID}, action == Action::"LakeService/Serch", resource);', "LakeService/Serch"),
        (f'{FORBID}, action in Action::"LakeServic", resource);', "LakeServic"),
        (f'{FORBID}, action == Action::"LakeService", resource);', "fits no call"),
        (f'{FORBID}, action, resource == Service::"Lake");', "not declared"),
        (f'{FORBID}, action, resource) when {{ principal in Role::"tol" }};', "not declared"),
        (f'{FORBID}, action, resource) when {{ principal.name == "bot" }};', "`name`"),
        (f"{FORBID}, action, resource) when {{ context.at > 0 }};", "`at`"),
    ],
)
def test_rules_of_the_owner_that_do_not_fit_are_refused(text: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        checked([RuleFile("mine.cedar", text)])


def test_the_shipped_rules_fit_what_the_owners_are_held_to() -> None:
    for file in shipped():
        _fits(file)


@pytest.mark.parametrize(("effect", "allowed"), [("forbid", False), ("permit", True)])
def test_who_might_be_forbidden_is_refused_where_a_rule_cannot_be_decided(
    effect: str, allowed: bool
) -> None:
    """A sum that is too large fails only when it is reckoned."""
    text = f'@id("sum") {effect} (principal in Role::"tool", action, resource)'
    sum_of = RuleFile("mine.cedar", f"{text} when {{ {2**63 - 1} + 1 > 0 }};")
    rules = Rules(shipped(), checked([NO_MODELS, sum_of]))
    found = rules.decide(ours("LakeService/Search"), TOOL)
    assert found.allowed is allowed
    assert ("mine.cedar: sum, which could not be decided" in found.rules) is not allowed
    assert rules.decide(ours("LakeService/Search"), frozenset(("developer",))).allowed


def test_two_rules_of_one_name_are_refused() -> None:
    again = RuleFile("again.cedar", NO_MODELS.text)
    with pytest.raises(Invalid, match=r"again\.cedar and mine\.cedar"):
        Rules(shipped(), [NO_MODELS, again])


def test_a_decision_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = Rules(shipped())
    search = ours("LakeService/Search")
    first = rules.decide(search, TOOL)
    monkeypatch.setattr(rules, "_shipped", None)  # nobody could be asked again
    assert rules.decide(search, TOOL) is first
