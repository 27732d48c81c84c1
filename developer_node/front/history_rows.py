"""Reads as much history as was asked for in rows, though parts of running programs lie between."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from common.model.lake import HistoryEntry, HistoryPage, HistoryQuery
from developer_node.front.running_parts import superseded

PAGES_MAX = 10
"""Read for one answer: of programs that told of themselves two hundred times each."""


class History(Protocol):
    """Who has it, page by page."""

    async def history(self, query: HistoryQuery) -> HistoryPage: ...


async def read_rows(source: History, asked: HistoryQuery) -> HistoryPage:
    """Up to `asked.limit` entries by arrival, newest first, without parts whose end is among them
    or that were followed by another."""
    page = await source.history(asked)
    entries = list(page.entries)
    for _ in range(PAGES_MAX - 1):
        rows = _rows(entries)
        full = len(page.entries) >= asked.limit
        if len(rows) >= asked.limit or not full or asked.like:
            break
        page = await source.history(replace(asked, before_cursor=page.entries[-1].cursor))
        entries += page.entries
    return replace(page, entries=tuple(_rows(entries)[: asked.limit]))


def _rows(entries: list[HistoryEntry]) -> list[HistoryEntry]:
    parts = superseded(entry.event for entry in entries)
    return [entry for entry in entries if entry.event.id not in parts]
