"""What an editor says over the local API: an event of the working copy that holds the file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace

from common.errors import Invalid
from common.model.event import EditorEvent
from common.model.ids import WorkingCopyId
from developer_node.watch.content import shown

PATH_BYTES_MAX = 4_096
MESSAGE_CHARACTERS_MAX = 8_192
"""Of a longer message the beginning is kept, and that it was cut."""


def heard(
    path: str,
    said: EditorEvent,
    copies: Mapping[str, WorkingCopyId],
    redact: Callable[[str], str],
) -> tuple[EditorEvent, WorkingCopyId]:
    """The event with its path inside the working copy; outside any the path stays whole and the
    working copy is empty. Invalid when it is none. Looks at the disk for links in the path.
    """
    _check(path, said)
    place = _place(path)
    root = max(
        (r for r in copies if place.startswith(r.rstrip(os.sep) + os.sep)), key=len, default=""
    )
    inside = place[len(root.rstrip(os.sep)) + 1 :] if root else place
    message = redact(said.message)
    if len(message) > MESSAGE_CHARACTERS_MAX:
        more = len(message) - MESSAGE_CHARACTERS_MAX
        message = f"{message[:MESSAGE_CHARACTERS_MAX]} [{more:,} more characters]"
    body = replace(said, path=shown(inside), message=message)
    return body, copies.get(root, WorkingCopyId(""))


def _check(path: str, said: EditorEvent) -> None:
    if not os.path.isabs(path):
        raise Invalid("the path must be absolute", field="path")
    if "\0" in path:
        raise Invalid("the path holds a NUL", field="path")
    if len(os.fsencode(path)) > PATH_BYTES_MAX:
        raise Invalid(f"the path is longer than {PATH_BYTES_MAX} bytes", field="path")
    if said.action not in ("open", "save", "diagnostic"):
        raise Invalid("the action must be open, save or diagnostic", field="event.action")
    if said.line < 0:
        raise Invalid("the line counts from 1; 0 is none", field="event.line")


def _place(path: str) -> str:
    """The directory as the file system knows it; a link to a file stays the name that was used."""
    directory, name = os.path.split(path.rstrip(os.sep))
    if name in ("", ".", ".."):
        return os.path.realpath(path)
    return os.path.join(os.path.realpath(directory), name)
