"""What is being worked on in each working copy, and what its owner wants answers to be given.

What was touched is of this session and in memory; what the owner set is kept in
HOME/developer/context.json, mode 0600.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath

from common.clock import Clock
from common.daemon.files import write_private
from common.errors import Invalid, Missing
from common.model.event import CommandFinished, EditorEvent, Event, FileChanged
from common.model.ids import WorkingCopyId
from common.model.laptop import ContextEdit, OpenFile, OpenReason, WorkContext

FILES_MAX = 50
PINNED_MAX = 20
EXCLUDED_MAX = 50
NOTE_CHARS_MAX = 2_000
QUIET_MS = 3_600_000
"""After an hour without anything a new session begins."""


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
    ) -> None:
        self._file = directory / "context.json"
        self._known = known
        self._head = head
        self._clock = clock
        self._sessions: dict[WorkingCopyId, _Session] = {}
        self._edits = _read(self._file)

    def seen(self, event: Event) -> None:
        """Something was recorded here."""
        if not event.working_copy:
            return
        session = self._sessions.get(event.working_copy)
        if session is None or event.at_ms - session.last_ms > QUIET_MS:
            session = self._sessions[event.working_copy] = _Session(event.at_ms, event.at_ms)
        session.last_ms = max(session.last_ms, event.at_ms)
        match event.body:
            case FileChanged(path=path):
                _touch(session, path, "saved", event.at_ms)
            case EditorEvent(path=path, action=action):
                _touch(session, path, "saved" if action == "save" else "open", event.at_ms)
            case CommandFinished() as command:
                session.commands += 1
                session.last_command = command.command
                session.last_exit_code = next((c for c in reversed(command.exit_codes) if c), 0)
                session.failed += bool(session.last_exit_code)
                for failure in command.failures:
                    for frame in failure.frames:
                        if frame.in_app and not PurePosixPath(frame.path).is_absolute():
                            _touch(session, frame.path, "failed", event.at_ms)
            case _:
                pass

    async def get(self, working_copy: str = "") -> WorkContext:
        """Now; Missing when that working copy is not watched."""
        path = self._path(working_copy)
        if not path:
            return WorkContext()
        branch, head = await asyncio.to_thread(self._head, Path(path))
        edit = self._edits.get(path, ContextEdit(path))
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
        if session is None:
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
        _check(edit)
        self._edits[path] = replace(edit, working_copy=path)
        kept = json.dumps([asdict(each) for each in self._edits.values()]).encode()
        await asyncio.to_thread(write_private, self._file, kept)
        return await self.get(path)

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


def _check(edit: ContextEdit) -> None:
    for name, given, most in (
        ("pinned", len(edit.pinned), PINNED_MAX),
        ("excluded", len(edit.excluded), EXCLUDED_MAX),
        ("note", len(edit.note), NOTE_CHARS_MAX),
    ):
        if given > most:
            raise Invalid(f"{name} has {given} of at most {most}", field=f"edit.{name}")
    for path in (*edit.pinned, *edit.excluded):
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            raise Invalid(f"{path} is not relative to the working copy", field="edit")


def _read(file: Path) -> dict[str, ContextEdit]:
    try:
        kept = json.loads(file.read_text("utf-8"))
        edits = [
            ContextEdit(k["working_copy"], tuple(k["pinned"]), tuple(k["excluded"]), k["note"])
            for k in kept
        ]
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError):
        # Wishes, not memory: an unreadable file is set aside for its owner to look at.
        file.replace(file.with_suffix(".unreadable"))
        return {}
    return {edit.working_copy: edit for edit in edits}
