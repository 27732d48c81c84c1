"""Finds marks (OSC 133, 633, 7, 1337) in a stream of bytes, however it is cut into pieces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MARK_BYTES_MAX = 65536
"""A sequence that has not ended by then is output like any other."""
_MARK = re.compile(rb"\x1b\](133|633|7|1337);([^\x07\x1b]*)(?:\x07|\x1b\\)")
_BEGINS = re.compile(rb"\x1b(?:\](?:1(?:3(?:3(?:7)?)?)?|6(?:3(?:3)?)?|7)?)?\Z")
_OPEN = re.compile(rb"\x1b\](?:133|633|7|1337);[^\x07\x1b]*(?:\x1b)?\Z")


@dataclass(frozen=True, slots=True)
class Mark:
    """One sequence: 133;D;0;aid=x is code "133", kind "D", fields ("0", "aid=x")."""

    code: str
    kind: str
    fields: tuple[str, ...]
    raw: bytes
    text: str = ""
    """All that follows the code, for marks whose last field may hold a semicolon."""

    def named(self, name: str) -> str:
        """The value of a field `name=value`; empty without one."""
        head = name + "="
        return next((f[len(head) :] for f in self.fields if f.startswith(head)), "")


class MarkReader:
    """Cuts a stream into output and marks; what may be half a mark waits for the rest."""

    def __init__(self) -> None:
        self._carry = b""

    def feed(self, data: bytes) -> Iterator[bytes | Mark]:
        """Output and marks of everything but an unfinished end, in order."""
        data = self._carry + data if self._carry else data
        self._carry = b""
        at = 0
        if b"\x1b" in data[-MARK_BYTES_MAX:] and (cut := _unfinished(data)) >= 0:
            data, self._carry = data[:cut], data[cut:]
        if b"\x1b]" in data:
            for found in _MARK.finditer(data):
                if found.start() > at:
                    yield data[at : found.start()]
                yield _mark(found)
                at = found.end()
        if at < len(data):
            yield data[at:] if at else data

    def rest(self) -> bytes:
        """What still waited when the stream ended."""
        carry, self._carry = self._carry, b""
        return carry


def _unfinished(data: bytes) -> int:
    """Where the sequence begins that the data ends within; -1 when it ends within none."""
    start = max(0, len(data) - MARK_BYTES_MAX)
    last = data.rfind(b"\x1b", start)
    before = data.rfind(b"\x1b", start, last) if last == len(data) - 1 else last
    for at in (before, last):  # an ESC at the very end may also close the sequence before it
        if at >= 0 and (_OPEN.match(data, at) or _BEGINS.match(data, at)):
            return at
    return -1


def _mark(found: re.Match[bytes]) -> Mark:
    code = found[1].decode("ascii")
    text = found[2].decode("utf-8", "replace")
    if code in ("7", "1337"):
        return Mark(code, "", (text,), found[0], text)
    kind, *fields = text.split(";")
    return Mark(code, kind, tuple(fields), found[0], text)
