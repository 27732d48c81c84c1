"""A card in words: what failed, when it was last seen, what made it pass, and why it is shown."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from textual.content import Content

from common.model.event import ActDone
from common.model.failure import (
    Failure,
    Match,
    Proof,
    Recollection,
    Remedy,
    RemedyState,
    Suggestion,
    Verdict,
)
from common.model.remedy import CardStats
from developer_node.front.output_words import count
from developer_node.front.tui.plain import one_line
from developer_node.front.tui.rows import Row
from developer_node.front.tui.wording import age, freshness, moment, short_commit

MUTED = "$foreground-muted"
MESSAGE_LINES_MAX = 6
STATE_STYLE: dict[RemedyState, str] = {
    "observed": "$text-primary",
    "confirmed": "$text-success",
    "unproven": MUTED,
    "ambiguous": "$text-warning",
    "rejected": "$text-error",
}
STATE_MEANING: dict[RemedyState, str] = {
    "observed": "the failing test or command was seen to pass after this change",
    "confirmed": "fails without this change and passes with it, tried again from what was recorded",
    "unproven": "could not be tried again; the card says why",
    "ambiguous": "more than one thing changed; any of them may have done it",
    "rejected": "you said no, or it was contradicted",
}
SYMPTOM: dict[Match, str] = {
    "same": "same symptom",
    "same, other values": "same symptom, other values",
    "similar": "similar only, not the same",
    "none": "not seen before",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and what stands beside it."""

    label: str
    said: Content


def card_row(
    card: Suggestion,
    now_ms: int,
    zone: tzinfo | None,
    unseen: bool,
    verdicts: Mapping[str, Verdict],
) -> Row:
    """One line in the list of cards."""
    failure = card.recollection.failure
    at = moment(card.at_ms, now_ms, zone)
    title, style = _heading(failure), "italic" if card.recollection.match == "similar" else ""
    state, state_style = _claim(card.recollection, verdicts)
    if failure is None:  # a last word: the project has gone quiet
        title, style, state = one_line(card.why, 200), "", "quiet"
    left = Content.assemble(
        (f"{at:<11}  ", MUTED),
        ("• " if unseen else "  ", "bold $text-accent"),
        (title, style),
    )
    project = one_line(card.project, 24)
    right = Content.assemble(
        (state, state_style), (f"  {project}" if project else "", "$text-secondary")
    )
    return Row(card.id, left, right, f"{title} {state} {project}".lower())


def headline(card: Suggestion) -> Content:
    """What failed; of a last word, that the project has gone quiet."""
    failure = card.recollection.failure
    if failure is None:
        return Content.styled(
            f"No more cards in {one_line(card.project, 60)}", "bold $text-warning"
        )
    symptom = SYMPTOM[card.recollection.match]
    style = "italic $text-warning" if card.recollection.match == "similar" else MUTED
    return Content.assemble((_heading(failure), "bold $text-error"), (f"   {symptom}", style))


def facts_of_knowledge(card: Suggestion) -> list[Fact]:
    """Who says it and how much he knows: what everything else on the card rests on."""
    fresh = card.recollection.freshness
    facts = [Fact("Knows about", Content.styled(freshness(fresh), MUTED))]
    if fresh.away is not None:
        said = Content.styled(one_line(fresh.away.sentence, 400), "$text-warning")
        facts.insert(0, Fact("Away", said))
    return facts


def facts_of_failure(card: Suggestion, now_ms: int, zone: tzinfo | None) -> list[Fact]:
    """What failed, when it was last seen and where, and how often it fails for no reason."""
    recollection = card.recollection
    facts: list[Fact] = []
    if recollection.failure is not None:
        facts.append(Fact("What failed", _what_failed(recollection.failure)))
    if recollection.occurrences:
        facts.append(Fact("Seen before", _last_seen(card, now_ms, zone)))
    if recollection.flaky is not None:
        runs = f"failed in {recollection.flaky.failed} of {count(recollection.flaky.runs, 'run')}"
        facts.append(
            Fact(
                "Flaky",
                Content.assemble(
                    (runs, "bold $text-warning"), ", and nothing that git follows changed"
                ),
            )
        )
    if recollection.note:
        facts.append(
            Fact("No remedy" if not recollection.remedies else "Note", _text(recollection.note))
        )
    return facts


def facts_of_remedy(
    card: Suggestion,
    remedy: Remedy,
    verdicts: Mapping[str, Verdict],
    done: ActDone | None = None,
) -> list[Fact]:
    """What made it pass, its state, its label, what was done with it, and how to look at it."""
    remedies = card.recollection.remedies
    state = state_of(remedy, verdicts)
    said = Content.assemble(
        (state, f"bold {STATE_STYLE[state]}"),
        (f" · {remedy.kind} · ", MUTED),
        (one_line(remedy.label) or "uncommitted", "bold" if remedy.commit else ""),
    )
    if verdicts.get(remedy.id, "accepted" if remedy.accepted else "") == "accepted":
        said = said.append_text("  accepted by you", "$text-success")
    name = "Remedy"
    if len(remedies) > 1:
        name += f" {remedies.index(remedy) + 1}/{len(remedies)}"
    facts = [Fact(name, said)]
    if remedy.why:
        facts.append(Fact("Why this", _text(remedy.why)))
    if remedy.proof is not None:
        facts.append(Fact("Proof", _proof(remedy.proof)))
    if done is not None:
        facts.append(Fact("Not done" if done.action == "refused" else "Done for you", _done(done)))
    facts.append(Fact("See it", _command(see_command(remedy, card.recollection.failure))))
    return facts


def facts_after_diff(remedy: Remedy) -> list[Fact]:
    """What else is known of the change."""
    facts: list[Fact] = []
    if remedy.paths and not remedy.diff:
        facts.append(Fact("Changed", _paths(remedy.paths)))
    if remedy.also_changed:
        also = _paths(remedy.also_changed)
        facts.append(Fact("Also changed", also.append_text(", not part of it", MUTED)))
    if remedy.command:
        facts.append(Fact("Passed with", _command(remedy.command)))
    return facts


def facts_of_card(card: Suggestion, taken: CardStats | None = None) -> list[Fact]:
    """Why the card is here, and how cards of its project were taken."""
    return [
        *([Fact("Why shown", _text(card.why))] if card.why else []),
        *([Fact("Cards here", _taken(taken))] if taken is not None else []),
    ]


def state_of(remedy: Remedy, verdicts: Mapping[str, Verdict]) -> RemedyState:
    """The person's no counts at once, before the Dragon has said it back."""
    return "rejected" if verdicts.get(remedy.id) == "rejected" else remedy.state


def see_command(remedy: Remedy, failure: Failure | None) -> str:
    """A command that shows the change, to be typed in a shell in the project."""
    paths = " ".join(shlex.quote(one_line(path)) for path in remedy.paths)
    if remedy.commit:
        return f"git show {short_commit(remedy.commit)}" + (f" -- {paths}" if paths else "")
    if failure is not None and failure.fingerprint:
        return f"postdevai recall --fingerprint {failure.fingerprint}"
    return "postdevai recall --last"


def own_place(card: Suggestion) -> tuple[str, int] | None:
    """The path and the line of the developer's own code where it failed; None when that is not
    told."""
    failure = card.recollection.failure
    frames = failure.frames if failure else ()
    own = next((frame for frame in reversed(frames) if frame.in_app and frame.path), None)
    return (own.path, own.line) if own else None


def question_about(failure: Failure) -> str:
    """What one would type into Ask."""
    said = one_line(failure.message.splitlines()[0] if failure.message else failure.normalised, 200)
    where = f" in {one_line(failure.test, 200)}" if failure.test else ""
    return f"why does it fail with {failure.code}: {said}{where}"


def _done(act: ActDone) -> Content:
    """In words, and where to look at it as long as it is there."""
    said = Content.assemble((f"{act.action}  ", MUTED), one_line(act.sentence, 1_000))
    for place in (act.worktree, f"branch {act.branch}" if act.branch else ""):
        if place:
            said = said.append_text(f"\n{one_line(place)}", "$text-accent")
    return said


def _claim(recollection: Recollection, verdicts: Mapping[str, Verdict]) -> tuple[str, str]:
    if recollection.flaky is not None:
        return "flaky", "$text-warning"
    if not recollection.remedies:
        return "no remedy", MUTED
    state = state_of(recollection.remedies[0], verdicts)
    return state, STATE_STYLE[state]


def _heading(failure: Failure | None) -> str:
    if failure is None:
        return "A failure"
    what = one_line(failure.test, 120).rsplit("::", 1)[-1] if failure.test else failure.tool
    return f"{one_line(failure.code, 60) or 'failed'} in {what}"


def _what_failed(failure: Failure) -> Content:
    lines = [one_line(line) for line in failure.message.splitlines()[:MESSAGE_LINES_MAX]]
    said = Content("\n".join(lines))
    if failure.test:
        said = said.append_text(f"\n{one_line(failure.test)}", MUTED)
    where = next((frame for frame in reversed(failure.frames) if frame.in_app), None)
    if where is None:
        return said
    line = f":{where.line}" if where.line else ""
    if failure.test.startswith(f"{where.path}::"):
        return said.append_text(f"{line} " if line else "", MUTED)
    return said.append_text(f"\n{one_line(where.path)}{line} {one_line(where.function)}", MUTED)


def _last_seen(card: Suggestion, now_ms: int, zone: tzinfo | None) -> Content:
    newest = card.recollection.occurrences[0]
    at = f"{age(newest.at_ms, now_ms)}, {moment(newest.at_ms, now_ms, zone)}"
    elsewhere = newest.project and newest.project != card.project
    project = one_line(newest.project, 60)
    said = Content.assemble((at, "bold"))
    if elsewhere:
        said = said.append_text(f", the same symptom in {project}", "$text-warning")
    if newest.commit:
        said = said.append_text(f", at {short_commit(newest.commit)}")
    many = len(card.recollection.occurrences)
    if many > 1:
        said = said.append_text(f", {'20 or more' if many == 20 else many} times", MUTED)
    return said.append_text(f"\n{one_line(newest.cwd)}", MUTED)


def _proof(proof: Proof) -> Content:
    if proof.verdict == "unproven":
        return Content.assemble(("unproven: ", "$text-warning"), one_line(proof.reason, 300))
    said = f"red {proof.red} of {proof.runs} without it, green {proof.green} of {proof.runs} with"
    return Content.styled(f"{said} it", "$text-success")


def _taken(stats: CardStats) -> Content:
    judged = stats.accepted + stats.rejected
    share = f", {stats.accepted} of {judged} judged were accepted" if judged else ""
    said = f"{count(stats.shown, 'card')}{share}"
    if stats.quiet:
        return Content.assemble(said, ("  quiet: ", "bold $text-warning"), one_line(stats.sentence))
    return Content.styled(said, MUTED)


def _paths(paths: tuple[str, ...]) -> Content:
    shown = [one_line(path) for path in paths[:4]]
    more = f" and {len(paths) - 4} more" if len(paths) > 4 else ""
    return Content(", ".join(shown) + more)


def _command(command: str) -> Content:
    return Content.styled(one_line(command), "$text-accent")


def _text(text: str) -> Content:
    return Content(one_line(text, 1_000))
