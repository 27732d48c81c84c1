"""Projects that move while they are recorded: asked for here, or heard of from the Coordinator.

A working copy changes its lane only when nothing of it waits in the old one and the new Dragon has
taken over everything from the old one: so no older record of it comes after a newer one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Protocol

from common.errors import Conflict, Missing, PostDevAIError, Unavailable
from common.model.ids import WorkingCopyId
from common.model.node import Node
from developer_node.outbox.outbox import Outbox
from developer_node.several.dragons import name
from developer_node.several.placing import Placing

log = logging.getLogger(__name__)

LOOK_S = 5.0
"""How often the Coordinator is asked where the projects are that are recorded here, and which
Dragons there are."""
DRAIN_S = 30.0
"""So long is waited for what is on its way; then it is tried again with the next look."""
STEP_S = 0.1
ANEW_LOOKS = 30
"""After so many, projects that could not follow are tried again."""


class Mesh(Protocol):
    """What the mesh says and is told, in ids of Dragons."""

    async def nodes(self) -> tuple[Node, ...]: ...
    async def home(self) -> str: ...
    async def ask(self, project: str) -> str:
        """Where a project's records go now; empty for the home Dragon."""
        ...

    async def leading(self, dragon: str) -> str:
        """The Dragon that leads now what that one led: the same one, or its follower."""
        ...

    async def refresh(self) -> bool:
        """Asks which Dragons there are, and says whether they are several; what was known stands
        where nobody can say."""
        ...

    def bring(self, target: str, project: str, holder: str) -> AsyncGenerator[tuple[int, int]]:
        """Has a Dragon copy a project from another one."""
        ...

    async def pin(self, project: str, dragon: str) -> None:
        """Says that a project was copied to a Dragon."""
        ...


class Moving:
    """Moves what was asked for, and follows what others have moved. `run` it."""

    def __init__(self, mesh: Mesh, outbox: Outbox, placing: Placing) -> None:
        self._mesh = mesh
        self._outbox = outbox
        self._placing = placing
        self._soon = asyncio.Event()
        self._passed_over: set[tuple[str, str]] = set()
        self._looks = 0

    async def move(self, project: str, dragon: str) -> bool:
        """Copies a project to a Dragon that does not hold it and places it there; False when there
        is nothing to be copied. Unavailable while one that holds it is away."""
        nodes = [each for each in await self._mesh.nodes() if each.role == "dragon"]
        holders = [each for each in nodes if project in each.projects and not each.follows]
        if not holders or any(each.id == dragon for each in holders):
            return False
        for each in holders:
            if each.state == "gone":
                raise Unavailable(
                    f"{name(each.id)} holds the project and is away, so nothing was moved",
                    hint="Start it and try again.",
                )
        for each in holders:
            await self._all_of(dragon, project, each.id)
        await self._mesh.pin(project, dragon)
        await self._mesh.refresh()
        self._passed_over.clear()
        self._soon.set()
        return True

    async def run(self) -> None:
        """Until cancelled: working copies follow their projects."""
        while True:
            self._soon.clear()
            await self._follow()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._soon.wait()

    async def _follow(self) -> None:
        several = await self._mesh.refresh()
        self._looks += 1
        if self._looks % ANEW_LOOKS == 0:
            self._passed_over.clear()
        for copy, placement in self._placing.placements.items():
            project = placement.project
            if not several and not placement.dragon:
                continue  # there is no other place
            try:
                to = await self._mesh.ask(project)
                if to != placement.dragon and (project, to) not in self._passed_over:
                    await self._switch(copy, project, placement.dragon, to)
            except (PostDevAIError, TimeoutError) as error:
                log.debug("project %s is not followed now: %s", project, error or "no answer")

    async def _switch(self, copy: WorkingCopyId, project: str, old: str, to: str) -> None:
        home = await self._mesh.home()
        target = to or home
        holder = await self._mesh.leading(old or home)
        if holder == target:  # its follower took its place: the lane goes there already
            self._passed_over.add((project, to))
            return
        lane = self._outbox.lanes[old] if old else self._outbox
        if old and await self._left_with_nothing(holder):
            async with self._placing.turn:
                into = await self._outbox.lane(to) if to else self._outbox
                if await self._outbox.pour(lane, into, copy):
                    await self._placing.move(copy, to)
                    log.info("%s has left: project %s waits for another", name(holder), project)
                    return
        try:
            await self._all_of(target, project, holder)
        except Missing:
            # Its Dragon names the project otherwise, or has nothing of it yet.
            self._passed_over.add((project, to))
            return
        except Conflict as error:
            log.warning("%s", error.message)
            self._passed_over.add((project, to))
            return
        async with asyncio.timeout(DRAIN_S):
            while True:
                async with self._placing.turn:
                    if not await lane.holds(copy):
                        await self._all_of(target, project, holder)
                        await self._placing.move(copy, to)
                        log.info("project %s is recorded at %s from now on", project, name(target))
                        return
                await asyncio.sleep(STEP_S)

    async def _left_with_nothing(self, dragon: str) -> bool:
        """Whether a Dragon is gone that said that it holds nothing of anybody."""
        known = [each for each in await self._mesh.nodes() if each.id == dragon]
        return all(each.state == "gone" and not (each.projects or each.hidden) for each in known)

    async def _all_of(self, target: str, project: str, holder: str) -> None:
        async with aclosing(self._mesh.bring(target, project, holder)) as moves:
            async for _ in moves:
                pass
