"""What this laptop's mirror does not follow: it is told by the home Dragon alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import PurePath
from typing import Protocol

from common.errors import PostDevAIError
from common.model.ids import WorkingCopyId
from common.model.laptop import WatchedRepository
from common.model.node import id_in
from developer_node.several.dragons import name
from developer_node.several.placing import Placement

ASK_S = 0.5
"""An answer that is given without a Dragon waits no longer to know which there are."""


class Known(Protocol):
    """What is known of the Dragons, also while none answers."""

    async def serving(self) -> tuple[str, ...]: ...
    async def away(self, serving: tuple[str, ...]) -> tuple[str, ...]: ...


class Recording(Protocol):
    """Where this laptop's working copies are recorded."""

    @property
    def placements(self) -> dict[WorkingCopyId, Placement]: ...
    def dragons(self) -> frozenset[str]: ...


async def not_mirrored(
    dragons: Known,
    home: Callable[[], Awaitable[str]],
    recording: Recording,
    repositories: Callable[[], Iterable[WatchedRepository]],
) -> tuple[str, ...]:
    """In sentences, now."""
    others = await beyond_home(dragons, home, recording.dragons())
    return unmirrored(others, recording.placements, repositories())


async def beyond_home(
    dragons: Known, home: Callable[[], Awaitable[str]], placed: Iterable[str]
) -> frozenset[str]:
    """Ids of the Dragons besides the home Dragon; of those where something is `placed` at least."""
    found, at_home = set(placed), ""
    with suppress(PostDevAIError, TimeoutError):
        async with asyncio.timeout(ASK_S):
            at_home = await home()
            serving = await dragons.serving()
            found |= set(map(id_in, serving)) | set(await dragons.away(serving))
    return frozenset(found - {at_home}) if at_home else frozenset(placed)


def unmirrored(
    dragons: Iterable[str],
    placements: Mapping[WorkingCopyId, Placement],
    repositories: Iterable[WatchedRepository],
) -> tuple[str, ...]:
    """A sentence for each of these Dragons, with what this laptop records there."""
    roots = {each.working_copy: each.path for each in repositories}
    return tuple(_of(dragon, placements, roots) for dragon in sorted(dragons))


def _of(
    dragon: str,
    placements: Mapping[WorkingCopyId, Placement],
    roots: Mapping[WorkingCopyId, str],
) -> str:
    ours = {
        PurePath(roots[copy]).name
        for copy, placement in placements.items()
        if placement.dragon == dragon and copy in roots
    }
    begins = f"{name(dragon)} is not mirrored here"
    if not ours:
        return f"{begins}: nothing is known of what it holds"
    named = " and ".join(sorted(ours))
    return (
        f"{begins}: of {named} at most what this laptop recorded lately is known, and of "
        "anything else that it holds nothing"
    )
