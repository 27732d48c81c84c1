"""A proof under way and a fix of the past, as they are drawn. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

from textual.content import Content

from common.model.event import ProofFinished
from common.model.remedy import MinedFix, ProofProgress
from developer_node.front.tui.plain import one_line

MUTED = "$foreground-muted"
OUTPUT_LINES_MAX = 8
_RUNS = 3


@dataclass(frozen=True, slots=True)
class Course:
    """How far a proof has come."""

    red: int = 0
    green: int = 0
    runs: int = _RUNS
    sentence: str = ""
    finished: ProofFinished | None = None

    def after(self, now: ProofProgress) -> Course:
        """With one more step."""
        runs = now.of or self.runs
        if now.stage == "red":
            return replace(self, red=now.done, runs=runs, sentence=now.sentence)
        if now.stage == "green":
            return replace(self, red=runs, green=now.done, runs=runs, sentence=now.sentence)
        return replace(self, sentence=now.sentence)


_OF_A_REMEDY = (
    "The failing files are rebuilt beside yours, in a sandbox without network.\n"
    "The recorded command runs three times without the change, and three\n"
    "times with it. Your files are not touched.\n\n"
)
_OF_A_FIX = (
    "The commit before the fix is rebuilt beside your files, in a sandbox\n"
    "without network. The fix's own tests run three times there, and three\n"
    "times with the fix. Your files are not touched.\n\n"
)


def question(command: str, *, mined: bool = False) -> Content:
    """What will be done, before it is; `mined`: with a fix of the git log."""
    return Content.assemble(
        ("Prove it?\n\n", "bold"),
        _OF_A_FIX if mined else _OF_A_REMEDY,
        (f"    {one_line(command, 60)}\n\n" if command else "", "$text-accent"),
        ("  Enter  ", "bold $text-accent"),
        "run it\n",
        ("  Esc    ", "bold $text-accent"),
        "not now",
    )


def course(now: Course) -> Content:
    """Two rows of dots, and what is done just now."""
    return Content.assemble(
        ("Proving\n\n", "bold"),
        "  without the change  ",
        *_dots(now.red, now.runs, "$text-error"),
        (f"  {now.red} of {now.runs} red\n", MUTED),
        "  with the change     ",
        *_dots(now.green, now.runs, "$text-success"),
        (f"  {now.green} of {now.runs} green\n\n", MUTED),
        (f"  {one_line(now.sentence, 64)}\n\n", MUTED),
        ("  Esc    ", "bold $text-accent"),
        "stop",
    )


def verdict(finished: ProofFinished) -> Content:
    """What came of it, and what that means."""
    confirmed = finished.verdict == "confirmed"
    runs = finished.runs or _RUNS
    parts: list[Content | str | tuple[str, str]] = [
        ("Confirmed\n\n" if confirmed else "Unproven\n\n", _style(confirmed)),
        "  without the change  ",
        *_dots(finished.red, runs, "$text-error"),
        (f"  {finished.red} of {runs} red\n", MUTED),
        "  with the change     ",
        *_dots(finished.green, runs, "$text-success"),
        (f"  {finished.green} of {runs} green\n\n", MUTED),
    ]
    if confirmed:
        parts.append("  This change made it pass then. It may not be what is wrong now.\n")
    else:
        parts.append(f"  {one_line(finished.reason, 200)}\n")
        tail = finished.output.text.rstrip().splitlines()[-OUTPUT_LINES_MAX:]
        parts += [(f"\n    {one_line(said, 70)}", MUTED) for said in tail]
        parts.append("\n" if tail else "")
    if finished.sandbox:
        parts.append((f"  {one_line(finished.sandbox, 70)}\n", MUTED))
    parts += ["\n", ("  Esc    ", "bold $text-accent"), "back"]
    return Content.assemble(*parts)


def past_fix(
    fix: MinedFix,
    number: int,
    among: int,
    zone: tzinfo | None,
    tried: ProofFinished | None = None,
) -> Content:
    """The card from the person's own past; `tried` when it was, with what came of it."""
    at = datetime.fromtimestamp(fix.author_ms / 1000, UTC).astimezone(zone)
    day = f"{at.day} {at:%B %Y}"
    which = f"   {number} of {among}" if among > 1 else ""
    return Content.assemble(
        (f"You fixed this on {day}", "bold"),
        (f"{which}\n\n", MUTED),
        (f"{fix.commit[:10]}  ", "$text-accent"),
        (f"{one_line(fix.subject, 90)}\n\n", "bold"),
        ("tests    ", MUTED),
        f"{_few(fix.tests)}\n",
        ("changed  ", MUTED),
        f"{_few(fix.sources)}\n\n",
        (f"Chosen because {one_line(fix.why, 160)}.\n\n", MUTED),
        *_asked(tried),
        ("  p      ", "bold $text-accent"),
        f"prove it{' again' if tried else ''}: red before, green after, offline\n",
        ("  y      ", "bold $text-accent"),
        "copy the command that shows it\n",
        *((("  n      ", "bold $text-accent"), "the next one\n") if among > 1 else ()),
        ("  Esc    ", "bold $text-accent"),
        "not now",
    )


def _asked(tried: ProofFinished | None) -> list[str | tuple[str, str]]:
    if tried is None:
        return ["Does its test fail on the commit before it, and pass with it?\n\n"]
    confirmed, runs = tried.verdict == "confirmed", tried.runs or _RUNS
    said = one_line(tried.reason, 160)
    if confirmed:
        said = f"red {tried.red} of {runs} on the commit before it, green {tried.green} with it"
    return [(tried.verdict.capitalize(), _style(confirmed)), f": {said}.\n\n"]


def _dots(filled: int, among: int, style: str) -> list[tuple[str, str]]:
    done = min(filled, among)
    return [("● " * done, style), ("○ " * (among - done), MUTED)]


def _style(confirmed: bool) -> str:
    return "bold $text-success" if confirmed else "bold $text-warning"


def _few(paths: tuple[str, ...]) -> str:
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return ", ".join(one_line(path, 60) for path in paths[:3]) + more
