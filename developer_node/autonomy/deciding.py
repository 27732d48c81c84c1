"""What is done with a card at which level, and how it is told. Pure functions."""

from __future__ import annotations

from dataclasses import replace

from common.model.event import ActDone, ActVerb, CommandFinished, Ground
from common.model.failure import Remedy, Suggestion
from common.model.remedy import AutonomySetting
from developer_node.autonomy.acts import Act
from developer_node.autonomy.trying import Outcome

STANDING_MAX = 20
"""Worktrees and branches that nobody took back or away; beyond it nothing more is done."""


def as_allowed(card: Suggestion, setting: AutonomySetting) -> Suggestion | None:
    """The card as a level lets it be shown; None for an observer."""
    if setting.level == "observer":
        return None
    if setting.level == "notifier":
        note = "the level is notifier: what made it pass is not shown"
        return replace(card, recollection=replace(card.recollection, remedies=(), note=note))
    return card


def choice(card: Suggestion, setting: AutonomySetting) -> Remedy | None:
    """The best remedy, when it is of a class that the owner allows and nothing speaks against it;
    never the second best."""
    best = next(iter(card.recollection.remedies), None)
    allowed = setting.level in ("assistant", "pair programmer")
    if best is None or not allowed or card.recollection.match == "similar":
        return None
    well = best.state in ("observed", "confirmed") and best.kind in setting.classes
    return best if well and card.recollection.flaky is None else None


def refusal(remedy: Remedy, ran: CommandFinished, standing: int) -> str:
    """Why nothing is tried; empty when it may be. `standing`: acts that nobody took away yet."""
    ground = ran.ground or Ground()
    if standing >= STANDING_MAX:
        return f"{standing} acts wait to be looked at or reverted"
    if remedy.kind != "code":
        return f"a remedy of the {remedy.kind} cannot be tried without network"
    if not ground.tree or not ground.head:
        return "the files that failed were not recorded in full"
    if ground.dirty or ground.cut:
        return "the tree is dirty: nothing is done beside changes that are not committed"
    return ""


def told(
    act: Act, setting: AutonomySetting, remedy: Remedy, ran: CommandFinished, tried: Outcome
) -> ActDone:
    """What was done, for the history."""
    action: ActVerb = "branched" if act.branch else "tried"
    label = remedy.label or "an uncommitted change"
    if tried.mends:
        where = f"on {act.branch}" if act.branch else f"in {act.worktree}"
        sentence = f"{label} mends it ({tried.sentence}); it is {where}"
    else:
        sentence = f"{label} was tried and does not mend it: {tried.sentence}"
    return ActDone(
        level=setting.level,
        action=action,
        remedy_id=remedy.id,
        sentence=sentence,
        kind=remedy.kind,
        worktree=act.worktree,
        branch=act.branch,
        commit=act.commit,
        command=ran.command,
        exit_code=tried.exit_code,
        output=tried.output,
    )


def message(remedy: Remedy, ran: CommandFinished) -> str:
    """Of the commit on a branch."""
    label = remedy.label or "an uncommitted change"
    return (
        f"Again: {label}\n\n{ran.command} failed here and passes with this change, which mended "
        f"the same symptom before.\nEvidence: {remedy.why}\nRemedy: {remedy.id}\n"
    )
