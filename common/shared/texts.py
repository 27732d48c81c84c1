"""Texts of notes: loro documents, one a note, kept and carried as snapshots with their history."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from common.errors import Corrupt, Invalid, OverLimit

if TYPE_CHECKING:
    from loro import LoroDoc

TEXT_BYTES_MAX = 64 << 10
"""Of a note, as UTF-8."""
SNAPSHOT_BYTES_MAX = 128 << 10
"""With its history."""
_ROOT = "text"


def new_text(text: str) -> bytes:
    """A note that begins with this text. OverLimit when it is too long."""
    return changed_text(b"", b"", text)


def text_of(snapshot: bytes) -> str:
    """What the note says. Corrupt when it is not a note's snapshot."""
    return _text(_doc(snapshot)) if snapshot else ""


def version_of(snapshot: bytes) -> bytes:
    """What a change that starts from this text names."""
    return _doc(snapshot).state_frontiers.encode() if snapshot else b""


def changed_text(snapshot: bytes, version: bytes, text: str) -> bytes:
    """The note after a person made `text` of what it said at `version`: what others wrote in
    between stays. OverLimit when it is too long, Invalid when the version is not of this note."""
    size = len(text.encode())
    if size > TEXT_BYTES_MAX:
        raise OverLimit(f"a note has at most {TEXT_BYTES_MAX:,} bytes; this one has {size:,}")
    doc = _doc(snapshot)
    if version:
        doc = _at(doc, version)
    with _loro():
        doc.get_text(_ROOT).update(text)
        doc.commit()
    made = merged_text(snapshot, _snapshot(doc)) if version else _snapshot(doc)
    if len(made) > SNAPSHOT_BYTES_MAX:
        raise OverLimit(
            f"this note's history has {len(made):,} bytes; {SNAPSHOT_BYTES_MAX:,} is the most",
            hint="Copy its text into a new note.",
        )
    return made


def merged_text(a: bytes, b: bytes) -> bytes:
    """What either says: both changes are in it. Corrupt when one is not a note's snapshot."""
    if not a or not b or a == b:
        return a or b
    first, second = sorted((a, b))
    doc = _doc(first)
    with _loro():
        doc.import_(second)
    return _snapshot(doc)


def _at(doc: LoroDoc, version: bytes) -> LoroDoc:
    from loro import Frontiers

    try:
        with _loro():
            return doc.fork_at(Frontiers.decode(version))
    except Corrupt as error:
        raise Invalid("this is no version of the note", field="version") from error


def _doc(snapshot: bytes) -> LoroDoc:
    from loro import LoroDoc  # only notes need it

    doc = LoroDoc()
    if snapshot:
        with _loro():
            doc.import_(snapshot)
    return doc


def _text(doc: LoroDoc) -> str:
    return doc.get_text(_ROOT).to_string()


def _snapshot(doc: LoroDoc) -> bytes:
    from loro import ExportMode

    with _loro():
        return doc.export(ExportMode.Snapshot())


@contextmanager
def _loro() -> Generator[None]:
    """loro raises what is no Exception: as Corrupt it is one of ours."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError):
        raise
    except BaseException as error:
        raise Corrupt(f"a note's text cannot be read: {error}") from error
