"""One card: labels with what stands beside them, and the first lines of the change."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from textual.app import ComposeResult
from textual.containers import HorizontalGroup, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from common.model.event import ActDone
from common.model.failure import Remedy, Suggestion, Verdict
from common.model.remedy import CardStats
from developer_node.front.tui.card import (
    Fact,
    facts_after_diff,
    facts_of_card,
    facts_of_failure,
    facts_of_knowledge,
    facts_of_remedy,
    headline,
)
from developer_node.front.tui.diffs import diff_lines

DIFF_LINES_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Drawn:
    """Everything that a drawn card depends on."""

    card: Suggestion
    remedy: Remedy | None
    verdicts: Mapping[str, Verdict]
    now_minute: int
    zone: tzinfo | None
    taken: CardStats | None = None
    """How the cards of its project were taken."""
    done: ActDone | None = None
    """What was done with its remedy in the owner's name."""


class FactLine(HorizontalGroup):
    """One label and its text, wrapped in a column of its own."""

    def __init__(self, fact: Fact) -> None:
        super().__init__()
        self._fact = fact

    def compose(self) -> ComposeResult:
        """Two columns."""
        yield Static(Content.styled(self._fact.label, "$foreground-muted"), classes="label")
        yield Static(self._fact.said, classes="said")


class CardPane(VerticalScroll):
    """Builds the card anew only when it says something else, so that a selection in it stays."""

    _drawn: Drawn | None = None

    def show(self, wanted: Drawn) -> None:
        """Draws it, beginning at the top when it is another card."""
        before = self._drawn
        if wanted == before:
            return
        self._drawn = wanted
        other = before is None or (before.card.id, before.remedy) != (wanted.card.id, wanted.remedy)
        self.run_worker(self._draw(wanted, to_top=other), group="draw", exclusive=True)

    async def _draw(self, wanted: Drawn, *, to_top: bool) -> None:
        diff = wanted.remedy.diff if wanted.remedy else ""
        lines = await asyncio.to_thread(diff_lines, diff)
        async with self.batch():
            await self.remove_children()
            await self.mount_all(_parts(wanted, lines))
        if to_top:
            self.scroll_home(animate=False, immediate=True)


def _parts(wanted: Drawn, diff: Sequence[Content]) -> list[Widget]:
    card, remedy = wanted.card, wanted.remedy
    now_ms = wanted.now_minute * 60_000
    parts: list[Widget] = [Static(headline(card), classes="headline")]
    parts += [FactLine(fact) for fact in facts_of_knowledge(card)]
    parts += [FactLine(fact) for fact in facts_of_failure(card, now_ms, wanted.zone)]
    if remedy is not None:
        facts = facts_of_remedy(card, remedy, wanted.verdicts, wanted.done)
        parts.append(Static(classes="space"))
        parts += [FactLine(fact) for fact in facts]
        parts += [_diff(diff)] if diff else []
        parts += [FactLine(fact) for fact in facts_after_diff(remedy)]
    parts.append(Static(classes="space"))
    parts += [FactLine(fact) for fact in facts_of_card(card, wanted.taken)]
    return parts


def _diff(lines: Sequence[Content]) -> Static:
    shown = list(lines[:DIFF_LINES_SHOWN])
    left_out = len(lines) - len(shown)
    if left_out:
        rest = f"… {left_out:,} more lines, d opens them all"
        shown.append(Content.styled(rest, "$foreground-muted"))
    return Static(Content("\n").join(shown), classes="diff")
