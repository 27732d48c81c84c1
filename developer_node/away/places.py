"""Cited content, found again in the files of this laptop: given only while its hash is the same."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path

from common.model.answer import Hit
from common.model.ids import ContentHash
from developer_node.away.copies import Copy, read

PLACES_MAX = 10_000
LOOK_S = 1.5
"""So long are files read through for a hash of which no place is known."""


class Places:
    """Where content was seen lately. Its methods that read files belong on a thread."""

    def __init__(self, redact: Callable[[bytes], bytes]) -> None:
        self._redact = redact
        self._seen: OrderedDict[ContentHash, tuple[str, str]] = OrderedDict()

    def note(self, hits: Iterable[Hit]) -> None:
        """Remembers where what was shown lies."""
        for hit in hits:
            if hit.blob and hit.working_copy.startswith("/") and hit.kind == "code":
                self._seen[hit.blob] = (hit.working_copy, hit.path)
                self._seen.move_to_end(hit.blob)
        while len(self._seen) > PLACES_MAX:
            self._seen.popitem(last=False)

    def forget(self) -> None:
        """Nothing is remembered."""
        self._seen.clear()

    def find(self, wanted: ContentHash, copies: Iterable[Copy]) -> bytes | None:
        """The content; None when no file here has it, or it was not found in time."""
        known = self._seen.get(wanted)
        watched = tuple(copies)
        if known is not None:
            root = next((c.root for c in watched if str(c.root) == known[0]), None)
            found = None if root is None else read(root, known[1], self._redact)
            if found is not None and found.hash == wanted:
                return found.data
        return self._looked(wanted, watched)

    def holds(self, hit: Hit, roots: Iterable[Path]) -> bool:
        """Whether a passage still says what its file says. What happened stays as it was."""
        if hit.kind != "code":
            return True
        root = next((r for r in roots if str(r) == hit.working_copy), None)
        found = None if root is None else read(root, hit.path, self._redact)
        return found is not None and bool(hit.blob) and found.hash == hit.blob

    def _looked(self, wanted: ContentHash, copies: Iterable[Copy]) -> bytes | None:
        end_s = time.monotonic() + LOOK_S
        for copy in copies:
            for path in copy.recorded:
                if time.monotonic() > end_s:
                    return None
                found = read(copy.root, path, self._redact) if copy.keeps(path) else None
                if found is not None and found.hash == wanted:
                    return found.data
        return None
