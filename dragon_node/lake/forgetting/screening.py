"""Keeps out what was forgotten and comes again: a laptop may not have heard of it yet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from common.model.event import Event, FileChanged, content_hashes
from common.model.ids import ContentHash
from common.wire.stored import event_to_bytes
from dragon_node.lake.database import Database
from dragon_node.lake.forgetting import in_memory
from dragon_node.lake.journal_file import FORGOTTEN, Draft
from dragon_node.lake.records import Blobs, Note

SKIPPED = "its content was forgotten"
"""Why a file is known by its name alone."""


class Screen:
    """Between admission and the journal."""

    def __init__(self, memory: Database) -> None:
        self._memory = memory
        self._held_back: set[ContentHash] = set()
        self._any: bool | None = None

    def hold_back(self, contents: Collection[ContentHash]) -> None:
        """They are being forgotten: from now on no event that refers to them is taken in."""
        self._held_back |= set(contents)
        self._any = True

    def knows(self, contents: Collection[ContentHash]) -> bool:
        """Whether all of these are held back already since the start."""
        return self._held_back.issuperset(contents)

    async def drafts(self, drafts: Sequence[Draft]) -> list[Draft]:
        """The same, with tombstones for what was forgotten: their sequence is consumed. A file
        that is saved with a forgotten content is known without it: what it held before would be
        shown as what it holds."""
        events = [d.decoded for d in drafts if isinstance(d.decoded, Event)]
        if not events or not await self._is_needed():
            return list(drafts)
        hashes = {h for event in events for h in content_hashes(event.body)}
        gone, secret = await self._memory.read(
            lambda db: (
                in_memory.forgotten(db, [event.id for event in events]),
                in_memory.secret(db, hashes),
            )
        )

        secret |= self._held_back & hashes

        def screened(draft: Draft) -> Draft:
            match draft.decoded:
                case Event(id=identity) if identity in gone:
                    return _tombstone(draft)
                case Event(body=FileChanged(content=content)) if content in secret:
                    return _without_content(draft, draft.decoded)
                case Event(body=body) if not secret.isdisjoint(content_hashes(body)):
                    return _tombstone(draft)
                case _:
                    return draft

        return [screened(draft) for draft in drafts]

    async def contents(self, blobs: Blobs) -> Blobs:
        """Those that may be kept."""
        if not blobs or not await self._is_needed():
            return blobs
        secret = await self._memory.read(lambda db: in_memory.secret(db, blobs.keys()))
        secret |= self._held_back
        return {content: raw for content, raw in blobs.items() if content not in secret}

    async def _is_needed(self) -> bool:
        if self._any is None:
            self._any = await self._memory.read(in_memory.is_any)
        return self._any


def _tombstone(draft: Draft) -> Draft:
    return replace(draft, kind="note", body=FORGOTTEN, decoded=Note("forgotten"), at_ms=0)


def _without_content(draft: Draft, event: Event) -> Draft:
    assert isinstance(event.body, FileChanged)
    body = replace(event.body, content=ContentHash(""), skipped=SKIPPED)
    bare = replace(event, body=body)
    return replace(draft, body=event_to_bytes(bare), decoded=bare)
