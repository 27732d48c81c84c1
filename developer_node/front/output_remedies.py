"""Proofs, past fixes, patches, the count of cards and the levels, for people."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing

from common.model.event import ActDone, ProofFinished
from common.model.remedy import (
    AutonomySetting,
    CardStats,
    DraftedPatch,
    MinedFix,
    MineEnd,
    MineProgress,
    MineStep,
    ProofProgress,
    ProofStep,
)
from developer_node.front.output_page import Line, Page, Span, line
from developer_node.front.output_progress import steps
from developer_node.front.output_words import ago, count

OUTPUT_LINES = 12
LEVELS = {
    "observer": "records, and shows no card",
    "notifier": "says that a failure was seen before, and when",
    "advisor": "shows what made it pass; you apply it",
    "assistant": "tries allowed remedies in a worktree, runs the failing command there, shows it",
    "pair programmer": "also leaves the verified change on a branch of its own",
}


async def follow_proof(coming: AsyncGenerator[ProofStep], output: Page) -> ProofFinished | None:
    """A bar while the runs go on, a line for each stage that has ended; what came of it."""
    finished: ProofFinished | None = None
    with steps(output, "looking for what was recorded") as progress:
        async with aclosing(coming) as parts:
            async for part in parts:
                match part.step:
                    case ProofProgress() as now:
                        share = now.done / now.of if now.of else None
                        progress.now(now.sentence, share)
                    case ProofFinished() as finished:
                        pass
    return finished


def proof(finished: ProofFinished) -> list[Line]:
    """The verdict first, then what it rests on."""
    confirmed = finished.verdict == "confirmed"
    style = "bold green" if confirmed else "yellow"
    lines = [_row("Verdict", Span(finished.verdict, style), f"  {_runs(finished)}")]
    if finished.reason:
        lines.append(_row("Why not", finished.reason))
    lines.append(_row("Ran", Span(finished.command, "cyan")))
    if finished.test:
        lines.append(_row("Test", finished.test))
    if finished.commit:
        lines.append(_row("Commit", Span(f"git show {finished.commit[:12]}", "cyan")))
    if finished.sandbox:
        lines.append(_row("Kept in", Span(finished.sandbox, "dim")))
    if confirmed:
        lines.append(_row("Means", "this change made it pass then; not that it will mend it now"))
    tail = finished.output.text.rstrip().splitlines()[-OUTPUT_LINES:]
    if tail and not confirmed:
        lines += [line(), *(line(Span(f"    {said}", "dim")) for said in tail)]
    return lines


def _runs(finished: ProofFinished) -> str:
    if not finished.runs:
        return "nothing was run"
    red = f"red {finished.red} of {finished.runs} without it"
    return f"{red}, green {finished.green} of {finished.runs} with it"


async def follow_mining(
    coming: AsyncGenerator[MineStep], output: Page, now_ms: int, tried: Mapping[str, str]
) -> tuple[list[MinedFix], MineEnd | None]:
    """A bar while the log is read; each fix as it is found. `tried`: verdicts by commit."""
    found: list[MinedFix] = []
    end: MineEnd | None = None
    with steps(output, "reading the git log") as progress:
        async with aclosing(coming) as parts:
            async for part in parts:
                match part.step:
                    case MineProgress() as now:
                        share = now.looked / now.of if now.of else None
                        progress.now(f"{now.looked:,} of {count(now.of, 'change')} read", share)
                    case MinedFix() as fix:
                        found.append(fix)
                        output.show(*mined(fix, now_ms, tried.get(fix.commit, "")))
                    case MineEnd() as end:
                        pass
    return found, end


def mined(fix: MinedFix, now_ms: int, verdict: str = "") -> list[Line]:
    """One fix of the past, with what came of it when it was tried."""
    style = "green" if verdict == "confirmed" else "yellow"
    return [
        line(
            Span(fix.commit[:10], "bold"),
            f"  {fix.subject}  ",
            Span(ago(fix.author_ms, now_ms), "dim"),
            Span(f"  {verdict}" if verdict else "", style),
        ),
        line(Span(f"            {fix.why}", "dim")),
        line(Span(f"            postdevai prove --commit {fix.commit[:12]}", "cyan")),
    ]


def stats(all_stats: Sequence[CardStats]) -> list[Line]:
    """How cards were taken, project by project."""
    if not all_stats:
        return [line("No card was made yet.")]
    width = max(len(each.project) for each in all_stats)
    return [part for each in all_stats for part in _stats(each, width)]


def _stats(each: CardStats, width: int) -> list[Line]:
    judged = each.accepted + each.rejected
    share = f", {each.accepted * 100 // judged} % of {judged} judged accepted" if judged else ""
    snoozed = f", {each.snoozed} put off" if each.snoozed else ""
    lines = [
        line(
            Span(f"{each.project:<{width}}", "bold"),
            f"  {count(each.shown, 'card')}{share}{snoozed}",
            Span("  quiet", "yellow") if each.quiet else "",
        )
    ]
    if each.sentence:
        lines.append(line(Span(f"{'':<{width}}  {each.sentence}", "dim")))
    return lines


def drafted(patch: DraftedPatch) -> list[Line]:
    """What is to be done with a patch, for stderr."""
    style = "green" if patch.applies else "yellow"
    lines = [line(Span(patch.sentence, style))]
    if patch.command:
        lines.append(line(Span(f"  {patch.command}", "cyan")))
    return lines


def setting(now: AutonomySetting) -> list[Line]:
    """The level, what it means, and what was allowed."""
    where = now.scope or "everywhere"
    lines = [_row("Level", Span(now.level, "bold"), f"  {LEVELS[now.level]}"), _row("Where", where)]
    if now.level in ("assistant", "pair programmer"):
        allowed = ", ".join(now.classes) or "no class of remedies is allowed yet: --allow code"
        lines.append(_row("Allowed", allowed))
    if now.lowered_by:
        lines.append(_row("Lowered", Span(f"by {now.lowered_by}", "yellow")))
    return lines


def reverted(act: ActDone) -> Line:
    """What was taken back."""
    return line(Span(act.sentence, "green"))


def _row(label: str, *parts: str | Span) -> Line:
    return line(Span(f"{label:<9}", "dim"), *parts)
