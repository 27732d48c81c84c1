"""The failures that are shown in one open file, each at the line where it is now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from developer_node.front.lsp.buffer import lines_of
from developer_node.front.lsp.places import Spot, follow, spots
from developer_node.front.lsp.standing import Standing


@dataclass(frozen=True, slots=True)
class Finding:
    """A failure that names a line of this file."""

    failed: Standing
    spot: Spot
    before: tuple[str, ...]
    """The file's lines when it failed; if they are not known, those when it was first shown."""
    as_recorded: bool = False
    """It is not known."""

    def line(self, now: Sequence[str]) -> int | None:
        """Where its line is in these, from 1; None when it was changed or taken out."""
        return follow(self.before, self.spot.line, now)


@dataclass(slots=True)
class Document:
    """An open file and what is shown in it."""

    uri: str
    path: str
    """Absolute."""
    text: str
    version: int
    root: str = ""
    """Its working copy; empty outside any that is watched."""
    findings: tuple[Finding, ...] = ()

    @property
    def inside(self) -> str:
        """Its path in the working copy."""
        return self.path[len(self.root.rstrip("/")) + 1 :] if self.root else ""

    def placed(self) -> list[tuple[Finding, int]]:
        """What is shown, from the top."""
        now = lines_of(self.text)
        found = [(f, line) for f in self.findings if (line := f.line(now)) is not None]
        return sorted(found, key=lambda each: each[1])


def named(failures: Sequence[Standing], path: str) -> list[tuple[Standing, Spot]]:
    """Those of them that name a line of this file, with it."""
    return [(f, spot) for f in failures for spot in spots(f.failure) if spot.path == path]
