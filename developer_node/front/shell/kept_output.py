"""What is kept of a command's output: head and tail, without full-screen pictures."""

from __future__ import annotations

import re
from dataclasses import dataclass

HEAD_BYTES_MAX = 256 << 10
TAIL_BYTES_MAX = 256 << 10

_SWITCH = re.compile(rb"\x1b\[\?([0-9;]*)([hl])")
_UNFINISHED_SWITCH = re.compile(rb"\x1b(?:\[(?:\?[0-9;]{0,16})?)?\Z")
_ALTERNATE = {b"47", b"1047", b"1049"}
_ESCAPE = re.compile(
    r"\x1b(?:"
    r"\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC: titles, links, marks
    r"|[PX^_][^\x1b]*\x1b\\"  # DCS and other strings
    r"|\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|[ -/]*[0-~]"  # two-byte ones, character sets
    r")"
)


class AlternateScreen:
    """Leaves out what a program draws on the alternate screen (vim, less, htop)."""

    def __init__(self) -> None:
        self._inside = False
        self._carry = b""

    def visible(self, data: bytes) -> bytes:
        """The part of `data` that belongs to the record; a split sequence waits for its end."""
        data = self._carry + data
        self._carry = b""
        if b"\x1b" not in data:
            return b"" if self._inside else data
        if unfinished := _UNFINISHED_SWITCH.search(data):
            self._carry = unfinished[0]
            data = data[: unfinished.start()]
        return self._outside(data)

    def rest(self) -> bytes:
        """What still waited for its end when the output ended."""
        carry, self._carry = self._carry, b""
        return b"" if self._inside else carry

    def _outside(self, data: bytes) -> bytes:
        parts: list[bytes] = []
        start = 0
        for switch in _SWITCH.finditer(data):
            if not _ALTERNATE & set(switch[1].split(b";")):
                continue
            if not self._inside:
                parts.append(data[start : switch.start()])
            self._inside = switch[2] == b"h"
            start = switch.end()
        if not self._inside:
            parts.append(data[start:])
        return b"".join(parts)


@dataclass(frozen=True, slots=True)
class KeptOutput:
    """Raw bytes of head and tail; `total` counts everything that was offered."""

    head: bytes
    tail: bytes
    total: int

    def text(self) -> str:
        """Plain text: no escape codes, line feeds only, a line where the middle is missing."""
        dropped = self.dropped
        if not dropped:
            return plain(self.head + self.tail)
        gap = f"[{dropped} bytes left out]\n"
        return plain(self.head) + gap + plain(self.tail)

    @property
    def dropped(self) -> int:
        """Bytes of the middle that were not kept."""
        return self.total - len(self.head) - len(self.tail)


class OutputKeeper:
    """Takes output as it comes and holds at most about head + 2 x tail of it."""

    def __init__(
        self, head_bytes_max: int = HEAD_BYTES_MAX, tail_bytes_max: int = TAIL_BYTES_MAX
    ) -> None:
        self._head_max, self._tail_max = head_bytes_max, tail_bytes_max
        self._head, self._tail = bytearray(), bytearray()
        self._total = 0

    def add(self, data: bytes) -> None:
        """Keeps `data` if it is among the first or, until more comes, among the last."""
        self._total += len(data)
        room = self._head_max - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        self._tail += data
        if len(self._tail) > 2 * self._tail_max:
            del self._tail[: -self._tail_max]

    def kept(self) -> KeptOutput:
        """Head and tail, cut at line ends: half a secret would not be recognised as one."""
        head, tail = bytes(self._head), bytes(self._tail[-self._tail_max :])
        if self._total > len(head) + len(tail):
            head = head[: head.rfind(b"\n") + 1]
            tail = tail[tail.find(b"\n") + 1 :] if b"\n" in tail else b""
        return KeptOutput(head, tail, self._total)


def plain(data: bytes) -> str:
    """Text without terminal codes; a byte that is no UTF-8 becomes U+FFFD."""
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    return _ESCAPE.sub("", text) if "\x1b" in text else text
