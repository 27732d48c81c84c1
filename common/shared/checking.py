"""What may be in an entry, asked before it is kept for others, and before a person's edit is."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import get_args

from common.errors import Invalid, OverLimit
from common.model.event import Autonomy
from common.model.shared import Delta, Entry
from common.shared.texts import text_of

VALUE_BYTES_MAX = 4 << 10
"""Of a setting or a pin."""
SCOPE_CHARS_MAX = 200
KEY_CHARS_MAX = 300
NOTE_CHARS_MAX = 2_000

SETTINGS = {
    "autonomy": "the most that may be done without asking; a laptop's own level may be lower",
    "answers.note": "what every answer is told, where a laptop has no note of its own",
}
"""Those that there are. Each has an effect on every laptop."""
LEVELS: tuple[str, ...] = get_args(Autonomy)


def check_entries(delta: Delta) -> None:
    """Invalid or Corrupt when a laptop could not read one of them, OverLimit when it is large."""
    for entry in delta.entries:
        _check(entry)


def check_setting_name(name: str) -> None:
    """Invalid, with those that there are, when there is none of that name."""
    if name not in SETTINGS:
        raise Invalid(
            f"there is no setting {name[:40]!r}", field="key", hint=f"Known: {', '.join(SETTINGS)}."
        )


def checked_setting(name: str, value: str) -> str:
    """The value as it is kept; Invalid with what may be written."""
    check_setting_name(name)
    if name == "autonomy":
        value = value.strip().replace("-", " ")
        if value not in LEVELS:
            raise Invalid(
                f"{value[:40]!r} is no level", field="value", hint=f"Write {', '.join(LEVELS)}."
            )
    if len(value) > NOTE_CHARS_MAX:
        raise OverLimit(f"{name} has {len(value):,} characters; {NOTE_CHARS_MAX:,} at most")
    if not value.strip():
        raise Invalid(f"{name} would be empty", field="value", hint="Take it away with: unset")
    return value


def checked_scope(scope: str) -> str:
    """A project's name, or nothing for what holds everywhere."""
    if len(scope) > SCOPE_CHARS_MAX or not (scope.isprintable() and scope == scope.strip()):
        raise Invalid(
            f"a project has a name of one line, {SCOPE_CHARS_MAX} characters at most", field="scope"
        )
    return scope


def checked_pin(path: str) -> str:
    """A file relative to the project, or one and its lines, as a/b.py:10-20."""
    path = path.removeprefix("./")
    parts = PurePosixPath(path)
    if not parts.parts or parts.is_absolute() or ".." in parts.parts or not path.isprintable():
        raise Invalid(f"{path[:80]!r} is not relative to the project", field="key")
    if len(path) > KEY_CHARS_MAX:
        raise OverLimit(f"a pinned path has {KEY_CHARS_MAX} characters at most")
    return path


def pinned_file(pin: str) -> str:
    """The file of a pin, without its lines."""
    path, _, lines = pin.rpartition(":")
    return path if path and lines.replace("-", "").isdigit() else pin


def _check(entry: Entry) -> None:
    for each in entry.values:
        if each.value is None:
            continue
        if entry.name.kind == "text":
            text_of(each.value)
            continue
        if len(each.value) > VALUE_BYTES_MAX:
            raise OverLimit(f"a value has {VALUE_BYTES_MAX:,} bytes at most")
        try:
            each.value.decode()
        except UnicodeDecodeError as error:
            raise Invalid("a value is no text", field="entries.values") from error
