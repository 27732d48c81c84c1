"""What is shared, where it has an effect on this laptop: pins and the note of answers, and the most
that may be done without asking."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from common.model.event import Autonomy
from common.shared.checking import LEVELS, pinned_file
from developer_node.shared.replica import Replica
from developer_node.text.repository_settings import lowest
from developer_node.working import Wishes


class SharedWishes:
    """Of the project that a working copy belongs to, and of all."""

    def __init__(self, replica: Replica, scope: Callable[[str], str]) -> None:
        self._replica = replica
        self._scope = scope

    async def of(self, path: str) -> Wishes:
        """As it is known here now."""
        scope = await asyncio.to_thread(self._scope, path)
        pins = self._replica.items("pin", scope) if scope else []
        files = dict.fromkeys(pinned_file(each.key) for each in pins if not each.removed)
        return Wishes(tuple(files), self._setting("answers.note", scope), bool(scope))

    async def change(self, path: str, pinned: tuple[str, ...], unpinned: tuple[str, ...]) -> None:
        """For the project, on every laptop."""
        scope = await asyncio.to_thread(self._scope, path)
        for file in pinned:
            await self._replica.put("pin", scope, file, "")
        for pin in self._replica.items("pin", scope):
            if not pin.removed and pinned_file(pin.key) in unpinned:
                await self._replica.remove("pin", scope, pin.key)

    def ceiling(self, place: str) -> Autonomy | None:
        """The lesser of what is shared for the project and for all; None where nothing is."""
        scopes = ("", self._scope(place)) if place else ("",)
        said = [self._replica.value("setting", scope, "autonomy") for scope in set(scopes)]
        levels = cast("list[Autonomy]", [each for each in said if each in LEVELS])
        return lowest(levels[0], levels[-1]) if levels else None

    def _setting(self, name: str, scope: str) -> str:
        own = self._replica.value("setting", scope, name) if scope else ""
        return own or self._replica.value("setting", "", name)
