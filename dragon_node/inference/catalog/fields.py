"""The keys of an entry in models.toml: what each may hold, and what to write when it does not."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast, get_args

from common.errors import Invalid, Missing
from common.model.llm import Purpose
from dragon_node.inference.catalog.entries import Directory, Hub, Pooling, Source, Wheel
from dragon_node.inference.fetching import pins

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
HUB = re.compile(
    r"(?P<id>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(@(?P<revision>[\w./-]{1,100}))?"
)
PURPOSES = ", ".join(get_args(Purpose))
SOURCES = 'source = "hub:OWNER/NAME", "hub:OWNER/NAME@REVISION", "directory:/PATH" or "wheel:MODEL"'
RESERVED = (".partial", ".json", ".lock")
"""Endings that mean something else in the models directory."""
ALTERNATIVES_MAX = 16
PREFIX_CHARS_MAX = 2_000
PATH_CHARS_MAX = 4_096
SHOWN = reprlib.Repr()
SHOWN.maxstring = SHOWN.maxother = 80
"""What an owner wrote, short: it may be long, or nested deeper than can be shown."""


def invalid(path: Path, name: str, key: str, write: str) -> Invalid:
    """What is wrong in which key of which entry of which file, as a sentence."""
    field = f"models.{name}.{key}" if key else f"models.{name}"
    return Invalid(f"{path}: {field}: {write}", field=field, hint="mend it; it is read at once")


def check_name(path: Path, name: str) -> None:
    """It becomes the name of a directory."""
    if not NAME.fullmatch(name) or name.endswith(RESERVED) or name in get_args(Purpose):
        raise invalid(
            path,
            name[:80],
            "",
            "name it with small letters, digits, '.', '_' and '-', 64 at most, no purpose,"
            f" and not ending in {', '.join(RESERVED)}",
        )


def value(path: Path, name: str, key: str, raw: Any) -> Any:
    """What an Entry holds for it. Invalid says what to write."""
    if key not in READERS:
        if isinstance(raw, dict):  # [models.a.b] is a table b in the entry a
            quoted = f"{name}.{key}"[:80]
            raise invalid(path, name, key, f'quote a name with a dot: [models."{quoted}"]')
        raise invalid(path, name, key, f"means nothing; there are {', '.join(READERS)}, remove")
    try:
        return READERS[key](raw)
    except ValueError as why:
        raise invalid(path, name, key, f"{SHOWN.repr(raw)}: {why}") from why


def _source(raw: Any) -> Source:
    kind, _, rest = raw.partition(":") if isinstance(raw, str) else ("", "", "")
    if kind == "hub" and (found := HUB.fullmatch(rest)):
        return Hub(found["id"], found["revision"] or "main")
    if kind == "directory" and 0 < len(rest) <= PATH_CHARS_MAX:
        return Directory(_absolute(rest))
    if kind == "wheel":
        return Wheel(_pin(rest))
    raise ValueError(f"write {SOURCES}")


def _absolute(text: str) -> Path:
    try:
        directory = Path(text).expanduser()
    except RuntimeError as why:  # ~NAME of nobody
        raise ValueError(f"{why}; write directory:/PATH") from why
    if not directory.is_absolute() or "\0" in text:
        raise ValueError(f"write {SOURCES}")
    return directory


def _pin(model: str) -> pins.Pin:
    try:
        return pins.find(model)
    except Missing as why:
        raise ValueError(f"{why.message}; {why.hint}") from why


def _number(least: int, most: int) -> Callable[[Any], int]:
    def read(raw: Any) -> int:
        if not isinstance(raw, int) or isinstance(raw, bool) or not least <= raw <= most:
            raise ValueError(f"write a whole number from {least:,} to {most:,}")
        return raw

    return read


def _one_of(*allowed: Any) -> Callable[[Any], Any]:
    def read(raw: Any) -> Any:
        if isinstance(raw, bool) or raw not in allowed:
            raise ValueError(f"write one of {', '.join(map(str, allowed))}")
        return raw

    return read


def _yes_or_no(raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise ValueError("write true or false")
    return raw


def _prefix(raw: Any) -> str:
    if not isinstance(raw, str) or len(raw) > PREFIX_CHARS_MAX:
        raise ValueError(f"write a text of at most {PREFIX_CHARS_MAX:,} characters")
    return raw


def _name(raw: Any) -> str:
    if not isinstance(raw, str) or not NAME.fullmatch(raw):
        raise ValueError("write the name of an entry")
    return raw


def _names(raw: Any) -> tuple[str, ...]:
    names = cast("list[Any]", raw) if isinstance(raw, list) else None
    if names is None or len(names) > ALTERNATIVES_MAX:
        raise ValueError(f'write a list of at most {ALTERNATIVES_MAX} names, such as ["NAME"]')
    return tuple(_name(n) for n in names)


READERS: dict[str, Callable[[Any], Any]] = {
    "source": _source,
    "purpose": _one_of(*get_args(Purpose)),
    "parameters": _number(0, 10**15),
    "priority": _number(0, 10_000),
    "context": _number(256, 16_777_216),
    "prompt_tokens": _number(64, 16_777_216),
    "alternatives": _names,
    "pin": _yes_or_no,
    "slots": _number(1, 64),
    "draft": _name,
    "draft_tokens": _number(1, 16),
    "kv_bits": _one_of(4, 8),
    "pooling": _one_of(*get_args(Pooling)),
    "query_prefix": _prefix,
    "embed_tokens": _number(16, 32_768),
}
"""Every key that an entry may have."""
