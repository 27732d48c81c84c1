"""The last step: whether it is gone, and where it is still when it is not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from common.model.ids import ProjectId
from common.model.lake import LakeStep, Oblivion
from dragon_node.lake.forgetting import finding
from dragon_node.lake.forgetting.notes import Oblivious
from dragon_node.lake.forgetting.parts import Parts
from dragon_node.lake.forgetting.proof import Search, Searched


class Proving:
    """Looks again."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def proven(self, o: Oblivion, said: Sequence[Oblivious]) -> LakeStep:
        if o.text and not (o.project or o.path or o.since_ms or o.until_ms):
            searched = await self._searched(o.text)
            named = [p for p, name in self._parts.places.names.items() if o.text in name]
            sentence = "; ".join([_verdict(searched), *map(_name_stays, named)])
            gone = _is_gone(searched) and not named
            return LakeStep("proof", 1, 1, sentence, gone, ended=True)
        left = await self._left(said)
        events = sum(len(meant.events) for meant in said)
        sentence = f"{events:,} events are in no store and in no copy; backups are not reached"
        if left:
            sentence = f"still there: {', '.join(left)}"
        return LakeStep("proof", 1, 1, sentence, ok=not left, ended=True)

    async def _searched(self, text: str) -> Searched:
        directories = [self._parts.directory]
        if not self._parts.ram.is_relative_to(self._parts.directory):
            directories.append(self._parts.ram)
        return await asyncio.to_thread(Search(text, self._parts.key).through, directories)

    async def _left(self, said: Sequence[Oblivious]) -> list[str]:
        """Events that a store still has, by their ids."""
        left: list[str] = []
        for meant in said:
            lsns = set(meant.overwritten)
            rows = await self._parts.journal.read(partial(finding.still_journalled, lsns=lsns))
            left += [f"record {lsn}" for lsn in rows]
            if meant.events:
                shard = await self._parts.stores.project(meant.project)
                look = partial(finding.still_held, events=meant.events)
                left += await shard.database.read(look)
        return left


def _is_gone(searched: Searched) -> bool:
    return not searched.found and not searched.unread


def _name_stays(project: ProjectId) -> str:
    return (
        f"project {project} is named after a directory or a remote that contains the text, and a"
        " name is not forgotten: it goes only with the lake itself"
    )


def _verdict(searched: Searched) -> str:
    if searched.found:
        return f"the text is still in {', '.join(searched.found)}"
    if searched.unread:
        return f"not everything could be read: {'; '.join(searched.unread)}"
    return (
        f"in {searched.files:,} files, {searched.bytes:,} bytes and {searched.values:,} values"
        " of tables the text is not found; backups that were made before are not reached"
    )
