"""Patches for people, and acts in the owner's name within what the owner allowed.

An assistant tries an allowed remedy on the files that failed just now; when it mends them it is
left in a worktree of its own, and a pair programmer also leaves it on a branch. Only on a clean
tree, one act at a time, each recorded with its evidence, each taken back by one call.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from common.clock import Clock
from common.errors import Conflict, Invalid, Missing, PostDevAIError
from common.model.event import ActDone, Autonomy, CommandFinished, Event, Ground
from common.model.failure import Remedy, Suggestion
from common.model.ids import ContentHash, EventId, WorkingCopyId, new_event_id
from common.model.remedy import AutonomySetting, DraftedPatch, RemedyMaterial
from developer_node.autonomy import trying, worktrees
from developer_node.autonomy.acts import Act, Acts
from developer_node.autonomy.deciding import as_allowed, choice, message, refusal, told
from developer_node.autonomy.levels import Levels
from developer_node.autonomy.patches import drafted, why_not
from developer_node.autonomy.persons_files import files_hash
from developer_node.autonomy.trying import ActCase
from developer_node.proof.machine import of_this_machine
from developer_node.proof.sandbox import Sandbox
from developer_node.proof.workbench import Workbench
from developer_node.text.working_copy import find_root
from developer_node.watch.ports import Record

log = logging.getLogger(__name__)

REJECTED = "But it was rejected: you said no to it, or it was seen not to help."
WAITING_MAX = 8
"""Cards that wait for their act; more in a row are shown and nothing is done."""
NEWS_MS = 10 * 60_000
"""Older cards are of another day: they are shown again after a start, and never acted on."""


class Dragon(Protocol):
    """Who knows what was recorded."""

    async def material(self, remedy_id: str) -> RemedyMaterial: ...


class Lake(Protocol):
    """Where events and contents are fetched."""

    async def event(self, event_id: EventId) -> tuple[Event, str]: ...
    async def blob(self, content: ContentHash) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Acting:
    """Nothing is done twice for one card, nothing to a dirty tree, and everything is logged."""

    home: Path
    dragon: Dragon
    lake: Lake
    record: Record
    known: Callable[[], dict[str, WorkingCopyId]]
    recent: Callable[[EventId], Event | None]
    """An event of this session, when it is still known here."""
    interpret: Callable[[CommandFinished, str], CommandFinished]
    redact: Callable[[str], str]
    clock: Clock
    ceiling: Callable[[str], Autonomy | None] = lambda place: None
    """The most that the owner's laptops agreed on for a place; None where they did not."""
    sandboxes: Sequence[Sandbox] = field(default_factory=of_this_machine)
    _waiting: asyncio.Queue[Suggestion] = field(
        default_factory=lambda: asyncio.Queue[Suggestion](WAITING_MAX)
    )

    async def shown(self, card: Suggestion) -> Suggestion | None:
        """The card as the level of its working copy lets it be shown; None for an observer."""
        setting = self._level(self.recent(card.event_id) or await self._fetched(card))
        if choice(card, setting) is not None and self._is_news(card):
            try:
                self._waiting.put_nowait(card)
            except asyncio.QueueFull:
                log.warning("too many cards wait for an act: nothing is done for card=%s", card.id)
        return as_allowed(card, setting)

    def allowed(self, card: Suggestion, event: Event) -> Suggestion | None:
        """As `shown`, of a card that nobody acts upon: it is not the Dragon's word."""
        return as_allowed(card, self._level(event))

    async def run(self) -> None:
        """Acts on one card after the other, until cancelled."""
        while True:
            card = await self._waiting.get()
            try:
                await self._act(card)
            except PostDevAIError as error:
                log.warning("nothing was done: %s card=%s", error.message, card.id)

    async def draft(self, remedy_id: str, path: str) -> DraftedPatch:
        """The remedy as a patch for the files at `path`, and whether it applies there."""
        root = self._root(path)
        remedy = (await self.dragon.material(remedy_id)).remedy
        patch = await asyncio.to_thread(drafted, remedy.diff, root, remedy_id)
        if remedy.state == "rejected":
            patch = replace(patch, sentence=f"{patch.sentence} {REJECTED}")
        if not patch.applies:
            return patch  # nothing was done in the owner's name
        level = self._levels.at(os.fspath(root)).level
        act = ActDone(level, "drafted", remedy_id, f"a patch for {root}: {patch.sentence}")
        await self._log(replace(act, kind=remedy.kind), self._copy(root))
        return patch

    async def revert(self, event_id: EventId) -> ActDone:
        """Takes back an act; Missing when there is none with this id, Conflict when it was."""
        acts = self._acts
        act = next((each for each in acts.all() if each.id.startswith(event_id)), None)
        if act is None or not event_id:
            raise Missing(
                f"there is no act {event_id} that left something behind",
                hint="postdevai history --kind act lists them.",
            )
        if act.reverted or not act.stands:
            raise Conflict("it was taken back before, or left nothing behind")
        root = Path(act.root)
        if act.branch:
            await asyncio.to_thread(worktrees.remove_branch, root, act.branch, act.commit)
        if act.worktree:
            place = Path(act.worktree)
            if act.tree:
                left = (act.commit, act.tree)
                await asyncio.to_thread(worktrees.check_untouched, place, left)
            await asyncio.to_thread(worktrees.remove, root, place)
        acts.revert(act)
        gone = " and ".join(filter(None, (act.branch, act.worktree)))
        done = ActDone(act.level, "reverted", act.remedy, f"gone: {gone}", reverts=act.id)
        await self._log(done, self._copy(root))
        return done

    async def setting(self, path: str) -> AutonomySetting:
        """What holds at a path; a .postdevai.toml there may have lowered it."""
        return await asyncio.to_thread(self._levels.at, self._place(path))

    async def allow(self, setting: AutonomySetting) -> AutonomySetting:
        """Sets it for one place or for all; gives what then holds there."""
        placed = replace(setting, scope=self._place(setting.scope))
        return await asyncio.to_thread(self._levels.allow, placed)

    # -- acting ------------------------------------------------------------------------------

    async def _act(self, card: Suggestion) -> None:
        event = await self._fetched(card)
        if event is None or not isinstance(event.body, CommandFinished):
            return
        setting = self._level(event)
        remedy = choice(card, setting)
        if remedy is None or any(act.card == card.id for act in self._acts.all()):
            return
        root = find_root(Path(event.body.cwd))
        if root is None:
            return
        before = await asyncio.to_thread(files_hash, root)
        standing = sum(each.stands for each in self._acts.all())
        reason = refusal(remedy, event.body, standing)
        reason = reason or await asyncio.to_thread(why_not, remedy.diff, root)
        said = ActDone(setting.level, "refused", remedy.id, reason, remedy.kind)
        act = Act(new_event_id(), card.id, self.clock.now_ms(), str(root), remedy.id, setting.level)
        self._acts.put(act)  # first: after a crash it is not done again
        if not reason:
            act, said = await self._try(act, setting, card, remedy, event.body, root)
        after = await asyncio.to_thread(files_hash, root)
        self._acts.put(act)
        said = replace(said, files_before=before, files_after=after)
        await self._log(said, event.working_copy, act.id)

    async def _try(
        self,
        act: Act,
        setting: AutonomySetting,
        card: Suggestion,
        remedy: Remedy,
        ran: CommandFinished,
        root: Path,
    ) -> tuple[Act, ActDone]:
        directory = self._directory / "tries" / act.id
        assert card.recollection.failure is not None
        bench = Workbench(self.home, self.sandboxes, self.interpret, self.redact)
        variables = await self._variables(ran.ground or Ground())
        directory.mkdir(mode=0o700, parents=True)
        try:
            failure = card.recollection.failure
            case = ActCase(root, ran, failure, remedy, variables, self.home)
            tried = await trying.attempt(bench, case, directory)
        finally:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True))
        if tried.mends:
            act = await asyncio.to_thread(self._leave, act, setting, remedy, ran, root)
        return act, told(act, setting, remedy, ran, tried)

    def _leave(
        self, act: Act, setting: AutonomySetting, remedy: Remedy, ran: CommandFinished, root: Path
    ) -> Act:
        """In a worktree for people to look at, or on a branch."""
        head = (ran.ground or Ground()).head
        place = self._directory / "worktrees" / act.id
        self._acts.put(replace(act, worktree=os.fspath(place)))  # known before it is there
        worktrees.make(root, head, place, remedy.diff)
        if setting.level != "pair programmer":
            commit, tree = worktrees.state(place)
            return replace(act, worktree=os.fspath(place), commit=commit, tree=tree)
        branch = f"{worktrees.BRANCHES}{act.id[:12]}"
        try:
            said = message(remedy, ran)
            commit = worktrees.commit_on_branch(root, place, branch, said)
        finally:
            worktrees.remove(root, place)
        return replace(act, branch=branch, commit=commit)

    # -- what is known -----------------------------------------------------------------------

    async def _fetched(self, card: Suggestion) -> Event | None:
        """The whole event, from the Dragon."""
        try:
            return (await self.lake.event(card.event_id))[0]
        except PostDevAIError:
            return None

    def _level(self, event: Event | None) -> AutonomySetting:
        """Of the place where the command ran; where that is not known, nothing is shown that
        some repository may have asked not to show: the owner's word for everywhere holds."""
        cwd = event.body.cwd if event and isinstance(event.body, CommandFinished) else ""
        try:
            return self._levels.at(self._place(cwd))
        except PostDevAIError as error:
            log.warning("the levels cannot be read, so cards are only shown: %s", error.message)
            return AutonomySetting("advisor", "")

    def _is_news(self, card: Suggestion) -> bool:
        return abs(self.clock.now_ms() - card.at_ms) <= NEWS_MS

    async def _variables(self, ground: Ground) -> dict[str, str]:
        data = await self.lake.blob(ground.variables) if ground.variables else b""
        lines = (line.partition("=") for line in data.decode("utf-8", "replace").splitlines())
        return {name: hashed for name, _, hashed in lines}

    def _place(self, path: str) -> str:
        """The working copy that holds a path; the path itself outside any."""
        root = find_root(Path(path)) if path else None
        return os.fspath(root) if root else path

    def _root(self, path: str) -> Path:
        root = find_root(Path(path)) if path else None
        if root is None:
            raise Invalid(f"{path or 'here'} is in no working copy", field="path")
        return root

    def _copy(self, root: Path) -> WorkingCopyId:
        return self.known().get(os.fspath(root), WorkingCopyId(""))

    async def _log(
        self, act: ActDone, copy: WorkingCopyId, identity: EventId | None = None
    ) -> None:
        event = Event(identity or new_event_id(), self.clock.now_ms(), copy, act)
        await self.record([(event, {})])

    @property
    def _directory(self) -> Path:
        return self.home / "developer"

    @property
    def _levels(self) -> Levels:
        return Levels(self._directory / "autonomy.json", self.ceiling)

    @property
    def _acts(self) -> Acts:
        return Acts(self._directory / "acts.json")
