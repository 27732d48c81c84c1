"""Places and answers, as people read them."""

from __future__ import annotations

from collections.abc import Sequence

from common.model.answer import AskEnd, AskPassages, Freshness, Hit
from common.model.lake import SearchResult
from developer_node.front.output_page import Line, Span, line
from developer_node.front.output_words import count, freshness_sentence, link, place, when

PREVIEW_LINES = 6
"""Of a passage's text, on a terminal."""


UNNAMED = ("the answer names no passage", "no model spoke")
"""What a citation says first when no answer names it."""


def found(result: SearchResult, *, cwd: str, exact: bool, terminal: bool) -> list[Line]:
    """The hits; exact ones as grep prints them, one a matching line."""
    lines = label(result.freshness) if terminal or not exact else []
    if not result.hits:
        return [*lines, line("Nothing found."), fresh(result.freshness)]
    for hit in result.hits:
        lines += [_as_grep(hit, cwd)] if exact else _with_reason(hit, cwd, terminal)
    if not result.complete and not result.freshness.not_asked:
        said = f"More than {count(len(result.hits), 'hit')}; --k N shows more."
        lines.append(line(Span(said, "yellow")))
    return [*lines, fresh(result.freshness)] if terminal or not exact else lines


def _as_grep(hit: Hit, cwd: str) -> Line:
    where = Span(place(hit, cwd), "cyan", link(hit))
    return line(where, ": ", hit.text.rstrip("\n"))


def _with_reason(hit: Hit, cwd: str, terminal: bool) -> list[Line]:
    if hit.kind != "code":
        return [line(*_happened(hit)), *(_preview(hit) if terminal else [])]
    lines = [
        line(
            Span(place(hit, cwd), "bold cyan", link(hit)),
            f"  {hit.symbol}" if hit.symbol else "",
            Span(f"  {at(hit)}  {', '.join(hit.why)}".rstrip(), "dim"),
        )
    ]
    return lines + (_preview(hit) if terminal else [])


def _happened(hit: Hit) -> tuple[Span | str, ...]:
    """When, and the name by which `history --like` and scripts know it."""
    return (
        Span(when(hit.at_ms), "bold cyan"),
        f"  {hit.project}  {hit.kind} {hit.event}",
        Span(f"  {', '.join(hit.why)}".rstrip(), "dim"),
    )


def at(hit: Hit) -> str:
    """The commit that the text belongs to, and whether it differs from it."""
    said = f"{hit.project} {hit.commit[:7]}".strip()
    return f"{said} + uncommitted changes" if hit.dirty else said


def _preview(hit: Hit) -> list[Line]:
    lines = hit.text.splitlines()
    shown = [line(Span(f"    {text}", "dim")) for text in lines[:PREVIEW_LINES]]
    left = len(lines) - PREVIEW_LINES
    return [*shown, line(Span(f"    … {count(left, 'more line')}", "dim"))] if left > 0 else shown


def passages(known: AskPassages, *, cwd: str) -> list[Line]:
    """What the answer rests on, before a word of it is written."""
    lines = label(known.freshness)
    for number, hit in enumerate(known.passages, 1):
        where = _happened(hit) if hit.kind != "code" else _written(hit, cwd)
        lines.append(line(Span(f"[{number}] ", "bold"), *where))
        if hit.blob:
            lines.append(line(Span(f"    postdevai open {reference(hit)}", "dim")))
    return lines


def _written(hit: Hit, cwd: str) -> tuple[Span | str, ...]:
    return (
        Span(place(hit, cwd), "bold cyan", link(hit)),
        f"  {hit.symbol}" if hit.symbol else "",
        Span(f"  {at(hit)}", "dim"),
    )


def reference(hit: Hit) -> str:
    """What `postdevai open` takes."""
    return f"{hit.blob}:{hit.start_line}-{hit.end_line}"


def voice(known: AskPassages) -> list[Line]:
    """Who speaks next, and how far that is to be trusted."""
    if known.without_model:
        why = known.without_model.rstrip(".")
        said = f"No model speaks: {why}."
        if known.passages:
            said += " The passages above are the answer."
        return [line(Span(said, "yellow"))]
    if known.demonstration:
        said = f"{known.model} is a demonstration model: trust the passages, not its prose."
        return [line(Span(said, "yellow"))]
    return [line(Span(known.model, "dim"))] if known.model else []


def after(known: AskPassages, end: AskEnd, said: str) -> list[Line]:
    """What is to be said when the model has stopped."""
    lines = [line(Span(end.note, "yellow"))] if end.note else []
    if end.finish == "length":
        lines.append(line(Span("Cut at the limit of tokens.", "yellow")))
    if said and end.answer.strip() != said.strip():
        lines.append(line(Span("Markers that name no passage were removed: --json.", "dim")))
    cited = _numbers(end.citations, known.passages)
    if cited:
        lines.append(line(Span(f"{_how_cited(end.citations)}: {cited}", "dim")))
    return [*lines, fresh(known.freshness)]


def _how_cited(cited: Sequence[Hit]) -> str:
    unnamed = any(why in UNNAMED for hit in cited for why in hit.why[:1])
    return "No passage is named by a model; closest" if unnamed else "Cited"


def _numbers(cited: Sequence[Hit], shown: Sequence[Hit]) -> str:
    keys = {_key(hit): n for n, hit in enumerate(shown, 1)}
    numbers = [keys.get(_key(hit)) for hit in cited]
    return " ".join(f"[{n}]" for n in numbers if n)


def _key(hit: Hit) -> tuple[str, str, int, str]:
    return (hit.blob, hit.path, hit.start_line, hit.event)


def label(known: Freshness) -> list[Line]:
    """Before anything else of an answer that the Dragon did not give; nothing when it did."""
    return [line(Span(known.away.sentence, "bold yellow"))] if known.away else []


def fresh(known: Freshness) -> Line:
    """The one line about freshness."""
    return line(Span(freshness_sentence(known), "dim"))
