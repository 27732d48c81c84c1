"""Why a search put a place where it stands, in words."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from common.model.answer import Hit
from common.model.lake import SearchMode, SearchResult
from developer_node.front.output_words import count
from developer_node.front.tui.bars import share_bar
from developer_node.front.tui.plain import one_line, plain_lines
from developer_node.front.tui.rows import Row
from developer_node.front.tui.wording import freshness, place, place_within, short_commit

_BAR = 8
_TEXT_LINES = 60
_REASONS = {
    "meaning": "Its text lies close to the meaning of the query.",
    "words": "Words of the query stand in it",
    "symbol": "It defines or is what the query names",
    "exact text": "The characters stand there exactly",
    "pinned": "You pinned this file.",
}


def hit_rows(result: SearchResult, mode: SearchMode) -> list[Row]:
    """One line a hit: its rank and its score where there is one, its place, its reasons."""
    best = max((hit.score for hit in result.hits), default=0.0)
    return [_row(number, hit, mode, best) for number, hit in enumerate(result.hits, 1)]


def _row(number: int, hit: Hit, mode: SearchMode, best: float) -> Row:
    bar = Content("")
    if mode == "fused":
        bar = Content.assemble(share_bar(hit.score / best if best > 0 else 0.0, _BAR), " ")
    head = Content.assemble((f"{number:>3} ", "$text-accent"), bar)
    right = Content.assemble(
        (", ".join(sorts(hit)), "$foreground-muted"),
        (f"  {one_line(hit.project, 24)}", "$text-secondary"),
    )

    def narrow(width: int) -> Content:
        room = max(1, width - head.cell_length)
        said = place_within(hit, room) if hit.path else where(hit)
        return Content.assemble(head, said)

    symbol = (f"  {one_line(hit.symbol, 60)}" if hit.symbol else "", "$text-secondary")
    return Row(str(number), Content.assemble(head, where(hit), symbol), right, narrow=narrow)


def where(hit: Hit) -> str:
    """Its place in a file; of what happened, what it was."""
    if hit.path:
        return place(hit)
    told = next((r for r in hit.why if r.startswith(f"{hit.kind}: ")), hit.kind)
    return one_line(told, 80)


def sorts(hit: Hit) -> list[str]:
    """Its reasons in a word each."""
    return list(dict.fromkeys(one_line(reason.partition(":")[0], 30) for reason in hit.why))


def counted(result: SearchResult, mode: SearchMode) -> Content:
    """How many, whether that is all, and what they rest on."""
    found = "nothing found" if not result.hits else count(len(result.hits), "hit")
    silent = result.freshness.not_asked or result.freshness.asleep
    cut = "" if result.complete or silent else " · there is more"
    return Content.assemble(
        (found, "bold"),
        (cut, "$text-warning"),
        (f" · {mode} · knows about {freshness(result.freshness)}", "$foreground-muted"),
        *((f" · {one_line(each, 120)}", "$text-warning") for each in result.freshness.not_asked),
        (_asleep(result.freshness.asleep), "$text-warning"),
    )


def _asleep(names: Sequence[str]) -> str:
    if not names:
        return ""
    return f" · not asked, because asleep: {', '.join(one_line(name, 40) for name in names)}"


def explained(number: int, result: SearchResult, mode: SearchMode) -> Content:
    """All that is known of why one hit stands where it does, then its lines."""
    hit = result.hits[number - 1]
    at = f" at {short_commit(hit.commit)}" if hit.commit else ""
    changed = ", with changes that are not committed" if hit.dirty else ""
    lines = [
        Content.styled(where(hit), "bold"),
        Content.styled(f"{one_line(hit.project)}{at}{changed}", "$foreground-muted"),
        *_rank(number, result, mode),
        *(_reason(reason) for reason in dict.fromkeys(hit.why)),
        Content(""),
        *plain_lines(hit.text)[:_TEXT_LINES],
    ]
    return Content("\n").join(lines)


def _rank(number: int, result: SearchResult, mode: SearchMode) -> list[Content]:
    of = f"{number} of {len(result.hits)}"
    if mode != "fused":
        return [Content(f"{of}, in the order of paths and lines: no rank")]
    hit, best = result.hits[number - 1], result.hits[0]
    share = hit.score / best.score if best.score > 0 else 0.0
    said = f"Rank {of}, score {hit.score:.3f}"
    if number > 1 and best.score > 0:
        said += f", the first has {best.score:.3f}"
    bar = Content.assemble(share_bar(share, 20), "  ", said)
    return [bar, Content.styled("Scores compare within one search only.", "$foreground-muted")]


def _reason(reason: str) -> Content:
    sort, sign, rest = reason.partition(":")
    said = _REASONS.get(sort)
    if said is None:
        return Content.assemble(("• ", "$text-accent"), one_line(reason, 200))
    rest = one_line(rest, 160)
    if sign and rest:
        said = f"{said.removesuffix('.')}: {rest}"
    return Content.assemble(("• ", "$text-accent"), (f"{sort}  ", "bold"), said)
