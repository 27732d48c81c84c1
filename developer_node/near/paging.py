"""Lists of events out of the mirror: filters that it can honour, and a word on those it cannot."""

from __future__ import annotations

from collections.abc import Sequence

from common.model.answer import Freshness
from common.model.event import kind_of
from common.model.lake import HistoryEntry, HistoryPage, HistoryQuery
from developer_node.near.rows import tokens, words_of

LIMIT_USUAL = 50
NO_LIKENESS = "Likeness to an event is compared on the Dragon alone: nothing was compared."
NO_OUTPUT = "What commands printed is searched on the Dragon alone: here only what they were."
NO_ID = "A project is known by its name here, not by its id."
LATELY = "Only the newest events are kept here."


def page(
    q: HistoryQuery,
    working_copy: str,
    told: Sequence[HistoryEntry],
    here: Sequence[HistoryEntry],
    filled: bool,
) -> HistoryPage:
    """What was recorded here and not told yet goes before what was told."""
    known = {entry.event.id for entry in told}
    own = [e for e in here if e.event.id not in known and _asked(e, q, working_copy)]
    entries = () if q.like else (*own, *told)
    return HistoryPage(tuple(entries[: q.limit]), Freshness(not_asked=_not_asked(q, filled)))


def _asked(entry: HistoryEntry, q: HistoryQuery, working_copy: str) -> bool:
    event = entry.event
    words = words_of(event)
    return (
        (not q.kind or kind_of(event.body) == q.kind)
        and (not q.project or entry.project == q.project)
        and (not working_copy or event.working_copy == working_copy)
        and event.at_ms >= q.since_ms
        and (not q.until_ms or event.at_ms < q.until_ms)
        and (not q.before_cursor or entry.cursor < q.before_cursor)
        and all(f" {word} " in words for word in tokens(q.text))
    )


def _not_asked(q: HistoryQuery, filled: bool) -> tuple[str, ...]:
    said: list[str] = []
    if not filled:
        said.append("The Dragon has not told this laptop yet what happened before.")
    if q.like:
        said.append(NO_LIKENESS)
    if q.text:
        said.append(NO_OUTPUT)
    if len(q.project) == 16 and all(c in "0123456789abcdef" for c in q.project):
        said.append(NO_ID)
    said.append(LATELY)
    return tuple(said)
