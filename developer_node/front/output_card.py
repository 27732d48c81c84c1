"""The card: what is remembered about a failure, and what may be claimed about its remedy."""

from __future__ import annotations

from common.model.failure import Failure, Occurrence, Proof, Recollection, Remedy
from developer_node.front.output_answer import fresh, label
from developer_node.front.output_page import Line, Span, line
from developer_node.front.output_words import ago, count

MATCHES = {
    "same": "same symptom",
    "same, other values": "same symptom, other values",
    "similar": "similar only: close in meaning, not the same failure",
    "none": "not seen before",
}

STATES = {
    "observed": "green",
    "confirmed": "bold green",
    "unproven": "yellow",
    "ambiguous": "yellow",
    "rejected": "red",
}

DIFF_LINES = 60
MESSAGE_LINES = 20


def card(known: Recollection, now_ms: int) -> list[Line]:
    """What failed, when it was last seen, what made it pass, why, and how fresh that is."""
    lines = label(known.freshness)
    lines += _failed(known.failure) if known.failure else []
    lines.append(_row("Match", Span(_match(known), "bold")))
    lines += _seen(known.occurrences, now_ms)
    if known.flaky:
        often = f"failed in {known.flaky.failed} of {known.flaky.runs} runs"
        lines.append(
            _row("Flaky", Span(f"{often}, and nothing that git follows changed", "yellow"))
        )
    for number, remedy in enumerate(known.remedies, 1):
        lines += [line(), *_remedy(remedy, number, len(known.remedies), now_ms)]
    if not known.remedies:
        lines.append(_row("Remedy", Span(known.note or "none is known", "yellow")))
    elif known.note:
        lines.append(_row("Note", Span(known.note, "yellow")))
    return [*lines, fresh(known.freshness)]


def _match(known: Recollection) -> str:
    """A failure that has happened once is like nothing but itself."""
    alone = len(known.occurrences) == 1 and not known.remedies and known.flaky is None
    return "seen once" if known.match == "same" and alone else MATCHES[known.match]


def nothing_failed() -> list[Line]:
    """Where the last failure was asked for and there is none."""
    return [
        line("No failure has been recorded yet. Run what fails where it is seen:"),
        line(
            Span("    postdevai run -- CMD", "cyan"), "  or in a ", Span("postdevai shell", "cyan")
        ),
    ]


def _row(label: str, *parts: str | Span) -> Line:
    return line(Span(f"{label:<9}", "dim"), *parts)


def _failed(failure: Failure) -> list[Line]:
    what = failure.test or failure.code or failure.tool
    lines = [_row("Failed", Span(what, "bold red"), Span(f"  {failure.tool}", "dim"))]
    lines += _message(failure.message)
    frame = next((f for f in reversed(failure.frames) if f.in_app), None)
    if frame:
        where = f"{frame.path}:{frame.line}" if frame.line else frame.path
        within = f" in {frame.function}" if frame.function else ""
        lines.append(_row("At", Span(where, "cyan"), within))
    return lines


def _message(message: str) -> list[Line]:
    said = message.splitlines()
    lines = [_row("", text) for text in said[:MESSAGE_LINES]]
    if len(said) > MESSAGE_LINES:
        left = count(len(said) - MESSAGE_LINES, "more line")
        lines.append(_row("", Span(f"… {left}; all of it with --json", "dim")))
    return lines


def _seen(occurrences: tuple[Occurrence, ...], now_ms: int) -> list[Line]:
    if not occurrences:
        return []
    last = occurrences[0]
    where = f" in {last.project or last.cwd}"
    at = f" at {last.commit[:7]}" if last.commit else ""
    times = count(len(occurrences), "time")
    lines = [_row("Seen", f"{times}; last {ago(last.at_ms, now_ms)}{where}{at}")]
    if all(seen.ci for seen in occurrences):
        lines.append(_row("", Span("seen in CI, not reproduced here", "yellow")))
    return [*lines, _row("", Span(last.cwd, "dim"))] if last.project else lines


def _remedy(remedy: Remedy, number: int, among: int, now_ms: int) -> list[Line]:
    label = remedy.label or (remedy.commit[:7] if remedy.commit else "uncommitted")
    head = _row(
        f"Remedy {number}" if among > 1 else "Remedy",
        Span(remedy.state, STATES[remedy.state]),
        f" · {remedy.kind} · ",
        Span(label, "bold"),
        Span("  accepted by you" if remedy.accepted else "", "green"),
    )
    lines = [head]
    if remedy.why:
        lines.append(_row("Why", remedy.why))
    if remedy.proof is not None:
        lines.append(_row("Proof", *_proof(remedy.proof, now_ms)))
    elif remedy.state == "observed" and remedy.kind == "code":
        lines.append(_row("Prove it", Span(f"postdevai prove {remedy.id}", "cyan")))
    if remedy.command:
        passed = f" ({ago(remedy.passed_at_ms, now_ms)})" if remedy.passed_at_ms else ""
        lines.append(_row("Passed", Span(remedy.command, "cyan"), passed))
    if remedy.commit:
        lines.append(_row("See it", Span(_show_command(remedy), "cyan")))
    if remedy.also_changed:
        lines.append(_row("Besides", Span(_some(remedy.also_changed), "dim")))
    return lines + _diff(remedy.diff)


def _proof(proof: Proof, now_ms: int) -> tuple[str | Span, ...]:
    if proof.verdict == "confirmed":
        runs = f"red {proof.red} of {proof.runs} without it, green {proof.green} of {proof.runs}"
        return (f"{runs} with it, {ago(proof.at_ms, now_ms)}",)
    return (Span(f"unproven: {proof.reason}", "yellow"), f", {ago(proof.at_ms, now_ms)}")


def _show_command(remedy: Remedy) -> str:
    return " ".join(
        ["git show", remedy.commit[:12], *(["--", *remedy.paths] if remedy.paths else [])]
    )


def _some(paths: tuple[str, ...]) -> str:
    more = f" and {len(paths) - 5} more" if len(paths) > 5 else ""
    return f"{', '.join(paths[:5])}{more} changed in the same time, and not counted as part of it"


def _diff(diff: str) -> list[Line]:
    lines = diff.splitlines()
    shown = [line(Span(f"    {text}", _diff_style(text))) for text in lines[:DIFF_LINES]]
    if len(lines) > DIFF_LINES:
        left = count(len(lines) - DIFF_LINES, "more line")
        shown.append(line(Span(f"    … {left}; all of it with --json", "dim")))
    return shown


def _diff_style(text: str) -> str:
    if text.startswith(("+++", "---")):
        return "bold"
    return {"+": "green", "-": "red", "@": "cyan"}.get(text[:1], "dim")
