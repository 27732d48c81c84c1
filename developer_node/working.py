"""What is being worked on in each working copy, and what its owner wants answers to be given.

What was touched is of this session and in memory. What the owner set is in the owner's own words,
so HOME/developer/context.sealed is sealed with the daemon's key, mode 0600.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Protocol

from common.clock import Clock
from common.daemon.files import write_private
from common.daemon.keys import SealingKey, sealing_key
from common.errors import Corrupt, Invalid, Missing, Unavailable
from common.model.event import CommandFinished, EditorEvent, Event, FileChanged
from common.model.ids import WorkingCopyId
from common.model.laptop import ContextEdit, OpenFile, OpenReason, WorkContext
from common.sealed import seal, unseal

log = logging.getLogger(__name__)

FILES_MAX = 50
PINNED_MAX = 20
EXCLUDED_MAX = 50
NOTE_CHARS_MAX = 2_000
QUIET_MS = 3_600_000
"""After an hour without anything a session is over."""
_MAGIC = b"PDVCTX01"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the owner's laptops share about a project."""

    pinned: tuple[str, ...] = ()
    note: str = ""
    shares: bool = False
    """Whether they know this working copy's project at all."""


class Shared(Protocol):
    """Where wishes are shared."""

    async def of(self, path: str) -> Wishes: ...
    async def change(
        self, path: str, pinned: tuple[str, ...], unpinned: tuple[str, ...]
    ) -> None: ...


class NothingShared:
    """Wishes of this laptop alone."""

    async def of(self, path: str) -> Wishes:
        """None."""
        return Wishes()

    async def change(self, path: str, pinned: tuple[str, ...], unpinned: tuple[str, ...]) -> None:
        """Nothing to change."""


@dataclass(slots=True)
class _Session:
    started_ms: int
    last_ms: int
    files: OrderedDict[str, OpenFile] = field(default_factory=OrderedDict[str, OpenFile])
    commands: int = 0
    failed: int = 0
    last_command: str = ""
    last_exit_code: int = 0


class WorkContexts:
    """One a laptop; `seen` is told every event that is recorded here."""

    def __init__(
        self,
        directory: Path,
        known: Callable[[], dict[str, WorkingCopyId]],
        head: Callable[[Path], tuple[str, str]],
        clock: Clock,
        shared: Shared | None = None,
    ) -> None:
        self._file = directory / "context.sealed"
        self._shared = shared or NothingShared()
        self._key = sealing_key(directory)
        self._known = known
        self._head = head
        self._clock = clock
        self._sessions: dict[WorkingCopyId, _Session] = {}
        self._writing = asyncio.Lock()
        self._edits = _read(self._file, self._key)

    def seen(self, event: Event) -> None:
        """Something was recorded here. What was imported or lay waiting is no work of now."""
        if not event.working_copy or self._is_over(event.at_ms):
            return
        session = self._sessions.get(event.working_copy)
        if session is None or event.at_ms - session.last_ms > QUIET_MS:
            session = self._sessions[event.working_copy] = _Session(event.at_ms, event.at_ms)
        session.started_ms = min(session.started_ms, event.at_ms)
        session.last_ms = max(session.last_ms, event.at_ms)
        match event.body:
            case FileChanged(path=path, deleted=True):
                session.files.pop(path, None)
            case FileChanged(path=path):
                _touch(session, path, "saved", event.at_ms)
            case EditorEvent(path=path, action=action):
                _touch(session, path, "saved" if action == "save" else "open", event.at_ms)
            case CommandFinished(running=False) as command:
                _ran(session, command, event.at_ms)
            case _:
                pass

    async def get(self, working_copy: str = "") -> WorkContext:
        """Now; Missing when that working copy is not watched."""
        path = self._path(working_copy)
        if not path:
            return WorkContext()
        branch, head = await asyncio.to_thread(self._head, Path(path))
        edit = _joined(self._edits.get(path, ContextEdit(path)), await self._shared.of(path))
        context = WorkContext(
            working_copy=path,
            project=PurePosixPath(path).name,
            branch=branch,
            head=head,
            pinned=edit.pinned,
            excluded=edit.excluded,
            note=edit.note,
        )
        session = self._sessions.get(self._known()[path])
        if session is None or self._is_over(session.last_ms):
            return context
        return replace(
            context,
            files=tuple(reversed(session.files.values())),
            session_started_ms=session.started_ms,
            commands=session.commands,
            failed_commands=session.failed,
            last_command=session.last_command,
            last_exit_code=session.last_exit_code,
        )

    async def set(self, edit: ContextEdit) -> WorkContext:
        """In place of what was set before; Invalid when it is too much."""
        path = self._path(edit.working_copy)
        if not path:
            raise Missing("No repository is watched.", hint="postdevai watch DIR")
        wanted = _checked(replace(edit, working_copy=path))
        async with self._writing:
            shared = await self._shared.of(path)
            before = _joined(self._edits.get(path, ContextEdit(path)), shared)
            pinned, unpinned = _changes(before, wanted, shared)
            await self._shared.change(path, pinned, unpinned)
            edits = self._edits | {path: _own(wanted, shared, pinned)}
            await asyncio.to_thread(_write, self._file, self._key, edits)
            self._edits = edits
        return await self.get(path)

    def _is_over(self, last_ms: int) -> bool:
        return self._clock.now_ms() - last_ms > QUIET_MS

    def _path(self, working_copy: str) -> str:
        known = self._known()
        if working_copy:
            if working_copy not in known:
                raise Missing(f"{working_copy} is not watched.", hint="postdevai watch DIR")
            return working_copy
        newest = max(self._sessions.items(), key=lambda each: each[1].last_ms, default=None)
        for path, copy in known.items():
            if newest is not None and copy == newest[0]:
                return path
        return next(iter(known), "")


def _touch(session: _Session, path: str, reason: OpenReason, at_ms: int) -> None:
    session.files[path] = OpenFile(path, reason, at_ms)
    session.files.move_to_end(path)
    if len(session.files) > FILES_MAX:
        session.files.popitem(last=False)


def _ran(session: _Session, command: CommandFinished, at_ms: int) -> None:
    session.commands += 1
    session.last_command = command.command
    session.last_exit_code = next((c for c in reversed(command.exit_codes) if c), 0)
    session.failed += bool(session.last_exit_code)
    for failure in command.failures:
        for frame in failure.frames:
            if frame.in_app and _lies_within(frame.path):
                _touch(session, frame.path, "failed", at_ms)


def _checked(edit: ContextEdit) -> ContextEdit:
    """Each path once, in its order; Invalid when it is too much or means nothing."""
    pinned, excluded = _each_once(edit.pinned), _each_once(edit.excluded)
    for name, given, most in (
        ("pinned", len(pinned), PINNED_MAX),
        ("excluded", len(excluded), EXCLUDED_MAX),
        ("note", len(edit.note), NOTE_CHARS_MAX),
    ):
        if given > most:
            raise Invalid(f"{name} has {given:,} of at most {most:,}", field=f"edit.{name}")
    for path in (*pinned, *excluded):
        if not _lies_within(path):
            raise Invalid(f"{path!r} is not relative to the working copy", field="edit")
    for path in pinned:
        if path in excluded:
            raise Invalid(f"{path!r} is both pinned and left out", field="edit")
    return replace(edit, pinned=pinned, excluded=excluded)


def _joined(edit: ContextEdit, shared: Wishes) -> ContextEdit:
    """The laptop's own wishes, and those that it shares; what it leaves out stays out."""
    pins = (each for each in shared.pinned if each not in edit.excluded)
    pinned = _each_once((*edit.pinned, *pins))[:PINNED_MAX]
    return replace(edit, pinned=pinned, note=edit.note or shared.note)


def _changes(
    before: ContextEdit, wanted: ContextEdit, shared: Wishes
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is pinned and no more pinned on every laptop; left out is left out on this one."""
    if not shared.shares:
        return (), ()
    pinned = tuple(each for each in wanted.pinned if each not in before.pinned)
    kept = {*wanted.pinned, *wanted.excluded}
    shown = (each for each in shared.pinned if each in before.pinned)
    return pinned, tuple(each for each in shown if each not in kept)


def _own(wanted: ContextEdit, shared: Wishes, pinned: tuple[str, ...]) -> ContextEdit:
    """What is kept on this laptop alone."""
    own = tuple(each for each in wanted.pinned if each not in (*shared.pinned, *pinned))
    return replace(wanted, pinned=own, note="" if wanted.note == shared.note else wanted.note)


def _each_once(paths: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(path.removeprefix("./") for path in paths))


def _lies_within(path: str) -> bool:
    parts = PurePosixPath(path)
    return bool(parts.parts) and not parts.is_absolute() and ".." not in parts.parts


def _write(file: Path, key: SealingKey, edits: dict[str, ContextEdit]) -> None:
    kept = json.dumps([asdict(each) for each in edits.values()]).encode()
    try:
        write_private(file, seal(key, _MAGIC, kept))
    except OSError as error:
        raise Unavailable(
            f"{file} cannot be written: {error.strerror}; what was set before stays",
            hint="make room there, then set it again",
        ) from error


def _read(file: Path, key: SealingKey) -> dict[str, ContextEdit]:
    """Denied when another key has sealed it: nothing is thrown away then."""
    try:
        kept = json.loads(unseal(key, _MAGIC, file.read_bytes(), str(file)))
        edits = [
            ContextEdit(k["working_copy"], tuple(k["pinned"]), tuple(k["excluded"]), k["note"])
            for k in kept
        ]
    except FileNotFoundError:
        return {}
    except (Corrupt, ValueError, TypeError, KeyError) as error:
        # Wishes, not memory: they are set aside for their owner, and the daemon starts.
        aside = file.with_suffix(".unreadable")
        file.replace(aside)
        log.warning("what answers were to be given is set aside in %s: %s", aside, error)
        return {}
    return {edit.working_copy: edit for edit in edits}
