"""The answer to one question as it grows: passages, words, end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, assert_never

from textual.content import Content

from common.model.answer import AskEnd, AskPart, AskPassages, AskText, AskTurn, Hit
from developer_node.front.tui.markdown import markdown_lines
from developer_node.front.tui.plain import one_line, plain
from developer_node.front.tui.rows import Row
from developer_node.front.tui.wording import place, place_within, short_commit

WORDS_MAX = 100_000
"""Characters of an answer that are shown; a model that does not stop is cut here."""
USUAL_WIDTH = 76
_MUTED = "$foreground-muted"
_NUMBER = 3
"""Cells of a marker and the space behind it."""

Phase = Literal["asked", "speaking", "done", "cancelled", "failed"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What has arrived so far."""

    question: str
    phase: Phase = "asked"
    found: AskPassages | None = None
    words: str = ""
    end: AskEnd | None = None
    trouble: str = ""
    """Why it failed, and what to do."""
    speaking_s: float = 0.0
    """From the first word to the last, by the clock; 0 while that is not known."""

    @property
    def passages(self) -> tuple[Hit, ...]:
        """What it rests on, in the order of the markers."""
        return self.found.passages if self.found else ()

    @property
    def demonstration(self) -> bool:
        """Prose that is not to be trusted: shown folded."""
        return self.found is not None and self.found.demonstration

    @property
    def turn(self) -> AskTurn | None:
        """What a follow-up is told of it; None when it did not come to its end."""
        whole = self.phase == "done" and self.words.strip()
        return AskTurn(self.question, self.words) if whole else None

    @property
    def tokens_per_s(self) -> float:
        """How fast the model spoke; 0 when that is not known."""
        tokens = self.end.completion_tokens if self.end else 0
        return tokens / self.speaking_s if self.speaking_s > 0 else 0.0

    @property
    def running(self) -> bool:
        """There is something to cancel."""
        return self.phase in ("asked", "speaking")


def grown(answer: Answer, part: AskPart) -> Answer:
    """The answer with one more part."""
    match part:
        case AskPassages():
            # a second time: the Dragon answers after all, and its answer stands alone
            return replace(answer, found=part, words="", end=None, phase="speaking")
        case AskText(text=text):
            return replace(answer, words=(answer.words + text)[:WORDS_MAX], phase="speaking")
        case AskEnd():
            phase: Phase = "cancelled" if part.finish == "cancelled" else "done"
            return replace(answer, end=part, words=part.answer or answer.words, phase=phase)
        case _:
            assert_never(part)


def passage_rows(answer: Answer) -> list[Row]:
    """One line a passage: its marker, its place, what it is, why it was found."""
    return [_passage_row(number, hit) for number, hit in enumerate(answer.passages, 1)]


def conversation(
    answer: Answer, before: Sequence[Answer], width: int, *, unfolded: bool
) -> Content:
    """The answer, and beneath it what was said before in this conversation, newest first."""
    said = prose(answer, unfolded=unfolded, width=width)
    if not before:
        return said
    parts = [_asked(answer, "bold $text-primary"), said]
    for earlier in reversed(before):
        parts.append(_asked(earlier, "bold $foreground-muted"))
        said = prose(earlier, unfolded=unfolded, width=width, opens=False)
        parts.append(said.stylize_before(_MUTED))
    return Content("\n\n").join(parts)


def _asked(answer: Answer, style: str) -> Content:
    return Content.styled(f"❯ {one_line(answer.question, 300)}", style)


def prose(
    answer: Answer, *, unfolded: bool, width: int = USUAL_WIDTH, opens: bool = True
) -> Content:
    """The model's words, or why there are none. `opens`: its markers open the passages that are
    listed; those of an earlier answer named others."""
    match answer:
        case Answer(phase="failed"):
            return Content.styled(answer.trouble, "$text-error")
        case Answer(phase="asked"):
            return Content.styled("Looking through the lake…", _MUTED)
        case Answer(words=words) if words.strip():
            return _words(answer, unfolded=unfolded, width=width, opens=opens)
        case Answer(phase="cancelled"):
            return Content.styled("Cancelled. The passages above stay.", _MUTED)
        case Answer(found=AskPassages(without_model=why)) if why:
            return Content.assemble(
                (one_line(why), "$text-warning"),
                ("\nThe passages above need no model.", _MUTED),
            )
        case Answer(phase="speaking"):
            return Content.styled("The passages are here; the model is reading them…", _MUTED)
        case Answer(end=AskEnd(note=note)) if note:
            return Content.assemble(
                (one_line(note), "$text-warning"),
                ("\nThe passages above need no model.", _MUTED),
            )
        case _:
            return Content.styled("The model said nothing. The passages above stay.", _MUTED)


def _words(answer: Answer, *, unfolded: bool, width: int, opens: bool) -> Content:
    cited = len(answer.passages) if opens else 0
    lines = markdown_lines(answer.words.strip(), width, cited)
    words = Content("\n").join(lines)
    if answer.phase == "done" and not answer.passages:
        why = "\n\nNothing that is indexed is close enough to this question."
        return Content.assemble(words, (why, _MUTED))
    cut = Content.styled("\n\nCancelled here.", _MUTED) if answer.phase == "cancelled" else ""
    if not answer.demonstration:
        return Content.assemble(_note(answer), words, cut)
    assert answer.found is not None
    name = one_line(answer.found.model, 60)
    sign = "▾" if unfolded else "▸"
    many = f"{len(plain(answer.words).split()):,} words"
    label = Content.assemble(
        (f"{sign} Words of a demonstration model ({name})", "bold $text-warning"),
        ("\n  Too small to be trusted: read the passages. ", _MUTED),
        (f"p {'folds' if unfolded else 'shows'} its {many}.", _MUTED),
    )
    label = Content.assemble(_note(answer), label)
    if not unfolded:
        return label
    return Content.assemble(label, "\n\n", words.stylize_before(_MUTED), cut)


def _note(answer: Answer) -> Content:
    """Who spoke in whose place."""
    note = answer.end.note if answer.end else ""
    return Content.styled(f"{one_line(note)}\n\n" if note else "", "$text-warning")


def _passage_row(number: int, hit: Hit) -> Row:
    at = short_commit(hit.commit) + ("+" if hit.dirty else "")
    right = Content.assemble((f"{one_line(hit.project, 24)} ", "$text-secondary"), at)
    whole = _passage(number, place(hit), hit.symbol, _reasons(hit))
    return Row(str(number), whole, right, narrow=lambda width: _narrow(number, hit, width))


def _narrow(number: int, hit: Hit, width: int) -> Content:
    """The place stays as long as it can: first the reason gives way, then the name."""
    sorts = [reason.partition(":")[0] for reason in _reasons(hit)]
    for symbol, reasons in ((hit.symbol, sorts), ("", sorts), ("", sorts[:1]), ("", [])):
        row = _passage(number, place(hit), symbol, reasons)
        if row.cell_length <= width:
            return row
    return _passage(number, place_within(hit, width - _NUMBER), "", [])


def _passage(number: int, where: str, symbol: str, reasons: Sequence[str]) -> Content:
    return Content.assemble(
        (f"{number:>{_NUMBER - 1}} ", "$text-accent"),
        where,
        (f"  {one_line(symbol, 60)}" if symbol else "", "$text-secondary"),
        (f"  {', '.join(reasons)}" if reasons else "", _MUTED),
    )


def _reasons(hit: Hit) -> list[str]:
    return list(dict.fromkeys(one_line(reason) for reason in hit.why))
