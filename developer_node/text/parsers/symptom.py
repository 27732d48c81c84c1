"""What a parser finds: a complaint as the tool printed it, before it has an identity."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

from common.model.failure import FailureKind, Frame

_LIBRARY_PARTS = frozenset(
    ("site-packages", "dist-packages", "node_modules", ".venv", "venv", ".tox", ".nox", ".eggs")
)
_STANDARD_LIBRARY = re.compile(r"/lib/python\d")
_ANSI = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][0-9A-Z]|\x1b[=>78cM]"
)

CHAINED = (
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """One exception of a chain."""

    code: str
    """Name of the exception's class, without its module."""
    headline: str
    """First line of the message, with the assertion if that comes later."""
    message: str
    """All lines."""
    frames: tuple[Frame, ...] = ()
    """As printed, outermost first."""


@dataclass(frozen=True, slots=True)
class Symptom:
    """A failure as the tool printed it."""

    tool: str
    complaint: Complaint
    causes: tuple[Complaint, ...] = ()
    """Earlier exceptions of the chain, first raised first."""
    test: str = ""
    kind: FailureKind | None = None
    """None: told by the exception's name."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command ran: turns printed paths into paths of the working copy."""

    cwd: str
    root: str = ""
    """Empty outside any working copy."""
    roots: tuple[str, ...] = field(default=())

    @classmethod
    def of(cls, cwd: str, root: str) -> Place:
        """Knows the root by its real name too: tools print either."""
        names = tuple(dict.fromkeys(r for r in (root, os.path.realpath(root)) if root and r))
        return cls(cwd, root, names)

    def relative(self, path: str) -> str:
        """Relative to the working copy when in it, else as printed."""
        path = path.removeprefix("file://")
        if path.startswith("<"):
            return path
        whole = os.path.normpath(os.path.join(self.cwd, path))
        for root in self.roots or (self.cwd,):
            if whole.startswith(root.rstrip("/") + "/"):
                return whole[len(root.rstrip("/")) + 1 :]
        return path

    def unrooted(self, text: str) -> str:
        """A text in which the working copy's own directory is not named: it is elsewhere for
        others."""
        for root in self.roots:
            if len(root) > 1:
                text = re.sub(rf"{re.escape(root)}(?:/|(?![\w.-]))", "", text)
        return text

    def frame(self, frame: Frame) -> Frame:
        """With its path relative, and known as the developer's own or a library's."""
        path = self.relative(frame.path)
        return Frame(path, frame.function, frame.line, self._is_own(path))

    def node(self, node_id: str) -> str:
        """A test's node id with its file relative to the working copy."""
        path, mark, rest = node_id.partition("::")
        return f"{self.relative(path)}{mark}{rest}"

    def _is_own(self, path: str) -> bool:
        if path.startswith("<") or _STANDARD_LIBRARY.search(path):
            return False
        if self.root and os.path.isabs(path):
            return False
        return not path.startswith("..") and _LIBRARY_PARTS.isdisjoint(path.split("/"))


def plain_lines(text: str) -> list[str]:
    """Lines without colours; what a carriage return overwrote is gone, as on a screen."""
    lines = _ANSI.sub("", text).split("\n")
    return [line.rstrip("\r").rsplit("\r", 1)[-1] if "\r" in line else line for line in lines]
