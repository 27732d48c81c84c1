"""What an editor shows of a failure: one claim at the line, and all that is known on a hover."""

from __future__ import annotations

import re
from dataclasses import dataclass

from common.model.failure import Failure, Occurrence, Proof, Recollection, Remedy
from developer_node.front.lsp.standing import Standing
from developer_node.front.output_page import plain
from developer_node.front.output_words import ago, count, freshness_sentence

HEADLINE_CHARACTERS_MAX = 160
MESSAGE_LINES_MAX = 12
DIFF_LINES_MAX = 40
FENCE = "~~~~"
_MARKS = re.compile(r"([\\`*\[\]<])")

MEANING = {
    "observed": "seen to pass after it",
    "confirmed": "fails without it and passes with it, tried again",
    "unproven": "could not be shown",
    "ambiguous": "more than one thing changed",
    "rejected": "rejected",
}


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered about a symptom, or why that is not known now."""

    recollection: Recollection | None = None
    why_not: str = ""


def claim(failed: Standing, known: Known, *, as_recorded: bool, now_ms: int) -> str:
    """The diagnostic: first what was there before, then the failure itself."""
    first = _claim(known.recollection, failed, now_ms)
    when = "" if first.startswith("Failed") else f" · failed {ago(failed.at_ms, now_ms)}"
    lines = [first, f"{headline(failed.failure)}{when}"]
    if known.recollection is not None and known.recollection.freshness.away is not None:
        lines.append(f"Away: {known.recollection.freshness.away.sentence}")
    if known.why_not:
        what = "As it was known before; now" if known.recollection else "What is known is not told"
        lines.append(f"{what}: {known.why_not}")
    if as_recorded:
        lines.append("The line is as recorded: what the file held then is not known.")
    return plain("\n".join(lines))


def offered(known: Recollection | None) -> tuple[Remedy, ...]:
    """Remedies that a person has not rejected."""
    return tuple(r for r in known.remedies if r.state != "rejected") if known else ()


def headline(failure: Failure) -> str:
    """The failure in a line."""
    first = next(iter(failure.message.strip().splitlines()), "")
    if failure.code and not first.startswith(failure.code):
        first = f"{failure.code}: {first}" if first else failure.code
    said = " ".join((first or failure.tool).split())
    return (
        said if len(said) <= HEADLINE_CHARACTERS_MAX else f"{said[: HEADLINE_CHARACTERS_MAX - 1]}…"
    )


def label(remedy: Remedy) -> str:
    """A remedy's name."""
    return remedy.label or remedy.commit[:7] or "a change that is not committed"


def _claim(known: Recollection | None, failed: Standing, now_ms: int) -> str:
    failed_at = f"Failed {ago(failed.at_ms, now_ms)}"
    if known is None:
        return f"{failed_at}."
    best = next(iter(offered(known)), None)
    if best is not None:
        return _mended(known, best)
    before = earlier(known, failed)
    if not before:
        return f"{failed_at}; not seen before."
    times = f"Seen before, {count(len(before), 'time')}, last {ago(before[0].at_ms, now_ms)}"
    if known.flaky:
        often = f"{known.flaky.failed} of {known.flaky.runs} runs"
        return f"{times}; flaky: failed in {often} and nothing that git follows changed."
    return f"{times}; {(known.note or 'no remedy is known').rstrip('.')}."


def _mended(known: Recollection, best: Remedy) -> str:
    seen = "Something similar was seen before" if known.match == "similar" else "Seen before"
    if known.match == "same, other values":
        seen += " with other values"
    match best.state:
        case "confirmed":
            return f"{seen}, fixed in {label(best)} (confirmed by trying it again)"
        case "observed":
            return f"{seen}, fixed in {label(best)}"
        case _:
            return f"{seen}, perhaps fixed in {label(best)} ({best.state}: {MEANING[best.state]})"


def earlier(known: Recollection, failed: Standing) -> tuple[Occurrence, ...]:
    """Without the one that is shown, newest first."""
    return tuple(o for o in known.occurrences if o.event_id != failed.event)


def history(failed: Standing, known: Known, now_ms: int) -> str:
    """The hover, in Markdown."""
    failure = failed.failure
    title = failure.test or failure.code or failure.tool
    parts = [f"**PostDevAI** · {_code(title)}", _fenced(_message(failure.message))]
    when = f"Failed {ago(failed.at_ms, now_ms)} in {_code(failed.command.command)}."
    parts.append(when)
    if known.recollection is None:
        why = known.why_not or "it was not asked yet"
        parts.append(f"What is known is not told: {_words(why)}")
        return "\n\n".join(parts)
    recollection = known.recollection
    if known.why_not:
        parts.append(f"As it was known before; now: {_words(known.why_not)}.")
    parts.append(_occurrences(recollection, failed, now_ms))
    if recollection.flaky:
        often = f"{recollection.flaky.failed} of {recollection.flaky.runs} runs"
        parts.append(f"**Flaky**: failed in {often}, and nothing that git follows changed.")
    parts += [_remedy(remedy, now_ms) for remedy in recollection.remedies]
    if recollection.note or not recollection.remedies:
        parts.append(_words(recollection.note or "No remedy is known."))
    parts.append(_freshness(recollection))
    return "\n\n".join(parts)


def _occurrences(known: Recollection, failed: Standing, now_ms: int) -> str:
    before = earlier(known, failed)
    if not before:
        return "Not seen before."
    alike = {
        "similar": "Similar only, not the same",
        "same, other values": "The same symptom with other values",
    }.get(known.match, "The same symptom")
    lines = [f"{alike}: {count(len(before), 'earlier time')}."]
    for seen in before[:5]:
        at = f" at {_code(seen.commit[:7])}" if seen.commit else ""
        ci = ", in CI" if seen.ci else ""
        lines.append(f"- {ago(seen.at_ms, now_ms)} in {_words(seen.project or seen.cwd)}{at}{ci}")
    if len(before) > 5:
        lines.append(f"- {count(len(before) - 5, 'more time')}")
    return "\n".join(lines)


def _remedy(remedy: Remedy, now_ms: int) -> str:
    lines = [f"**{remedy.state}** · {remedy.kind} · {_words(label(remedy))}"]
    if remedy.accepted:
        lines[0] += " · accepted by you"
    if remedy.why:
        lines.append(_words(remedy.why))
    if remedy.proof is not None:
        lines.append(_proof(remedy.proof, now_ms))
    if remedy.command and remedy.passed_at_ms:
        lines.append(f"Passed: {_code(remedy.command)}, {ago(remedy.passed_at_ms, now_ms)}.")
    if remedy.also_changed:
        lines.append(f"Changed beside it: {_words(', '.join(remedy.also_changed[:5]))}.")
    text = "  \n".join(lines)
    if remedy.diff:
        text += "\n\n" + _fenced(_cut(remedy.diff, DIFF_LINES_MAX), "diff")
    return text


def _proof(proof: Proof, now_ms: int) -> str:
    if proof.verdict == "confirmed":
        runs = f"red {proof.red} of {proof.runs} without it, green {proof.green} of {proof.runs}"
        return f"{runs} with it, {ago(proof.at_ms, now_ms)}."
    return f"Unproven: {_words(proof.reason)}, {ago(proof.at_ms, now_ms)}."


def _freshness(known: Recollection) -> str:
    away = known.freshness.away
    said = f"*{_words(freshness_sentence(known.freshness))}*"
    return f"**Away**: {_words(away.sentence)}\n\n{said}" if away is not None else said


def _message(message: str) -> str:
    return _cut(message.strip("\n"), MESSAGE_LINES_MAX)


def _cut(text: str, lines_max: int) -> str:
    lines = text.splitlines()
    left = len(lines) - lines_max
    return "\n".join([*lines[:lines_max], *([f"… {count(left, 'more line')}"] if left > 0 else [])])


def _fenced(text: str, language: str = "text") -> str:
    """A block that no text can close."""
    fence = FENCE
    while fence in text:
        fence += "~"
    return f"{fence}{language}\n{plain(text)}\n{fence}"


def _words(text: str) -> str:
    """As it is written: what was recorded makes no link and brings no picture from anywhere."""
    return _MARKS.sub(r"\\\1", plain(text))


def _code(text: str) -> str:
    """On one line, whatever backticks it holds."""
    said = plain(" ".join(text.split()))
    return f"`` {said} ``" if "`" in said else f"`{said}`"
