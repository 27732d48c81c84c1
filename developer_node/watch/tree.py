"""The files of one working copy: what is kept of them, and what differs from what was recorded.

Belongs to one thread. Paths are relative, as the file system gives them (surrogates for bytes that
are not UTF-8); what leaves here is written so that it can travel.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from common.errors import Missing, OverLimit
from common.model.event import FileChanged
from common.model.ids import BLOB_BYTES_MAX, ContentHash, content_hash
from developer_node.watch.content import Observed, Signature, observe, shown, signature
from developer_node.watch.folding import covered, is_covered, topmost
from developer_node.watch.head import Head, head_commit, is_dirty, read_head
from developer_node.watch.ignoring import Ignored, Ignoring
from developer_node.watch.notices import Listener
from developer_node.watch.privacy import SETTINGS_NAME
from developer_node.watch.survey import Survey, walk

_RACY_NS = 100_000_000
"""A file written this shortly before it was read may be written again in the same tick."""


_RULES = frozenset({".gitignore", ".git", SETTINGS_NAME})
"""Where one of these changes, what is kept may be another set."""

_GROWN = "too large after redaction"


@dataclass(frozen=True, slots=True)
class Finding:
    """A file that differs from what was recorded, and its redacted content if it is kept."""

    change: FileChanged
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A file as it was last recorded."""

    git_blob: str
    dirty: bool
    skipped: str


class Tree:
    """Compares the disk with what was recorded."""

    def __init__(
        self,
        root: Path,
        *,
        in_git: bool,
        ignoring: Ignoring,
        listener: Listener,
        redact: Callable[[bytes], bytes],
    ) -> None:
        self._root = root
        self._path = os.fspath(root)
        self._in_git = in_git
        self._ignoring = ignoring
        self._listener = listener
        self._redact = redact
        self._known: dict[str, Known] = {}
        self._signatures: dict[str, Signature] = {}
        self._directories: set[str] = set()
        self.head = Head()
        self.limit = ""
        """Why not every directory is watched; empty when all are."""

    @property
    def files(self) -> int:
        """Files whose content is kept."""
        return len(self._known) - self.skipped

    @property
    def skipped(self) -> int:
        """Files of which only the fact is kept."""
        return sum(1 for known in self._known.values() if known.skipped)

    def start_from(self, recorded: dict[str, tuple[str, bool, str]]) -> None:
        """Takes this as recorded: git id, dirty and reason to skip, by path."""
        self._known = {path: Known(*known) for path, known in recorded.items()}
        self._signatures.clear()

    def everything(self) -> Iterator[Finding]:
        """Every kept file that differs, then every recorded one that is gone."""
        self._be_there()
        self.head = read_head(self._root) if self._in_git else Head()
        self.limit = ""
        yield from self._under([""], self._ignoring.below(""))

    def some(self, hinted: Collection[str]) -> Iterator[Finding]:
        """What differs at these absolute paths and below; Missing when the directory is gone."""
        self._be_there()
        if self._in_git and head_commit(self._root) != self.head.commit:
            yield from self.everything()
            return
        paths = sorted({p for h in hinted if (p := self._relative(h)) is not None})
        if any(os.path.basename(path) in _RULES for path in paths):
            yield from self.everything()  # what is kept may be another set now
            return
        gone = [path for path in paths if not os.path.lexists(self._full(path))]
        yield from self._gone(gone)
        there = [path for path in paths if path not in set(gone)]
        ignored = self._ignoring.among(there)
        kept = [path for path in there if path not in ignored]
        directories = topmost(path for path in kept if self._is_directory(path))
        if directories:
            yield from self._under(directories, self._ignoring.below(*directories))
        walked = frozenset(directories)
        for path in kept:
            if not is_covered(path, walked):
                yield from self._look(path)

    def _under(self, prefixes: Collection[str], ignored: Ignored) -> Iterator[Finding]:
        survey = Survey()
        seen: set[str] = set()
        for prefix in prefixes:
            for path in walk(self._path, prefix, ignored, self._watch, survey):
                seen.add(shown(path))
                yield from self._look(path)
        blind = frozenset(shown(directory) for directory in survey.unreadable)
        for path in covered(self._known, frozenset(map(shown, prefixes))):
            if path not in seen and not is_covered(path, blind):
                yield self._deleted(path)

    def _gone(self, paths: Collection[str]) -> Iterator[Finding]:
        """However many they are, what is known is gone through once."""
        directories: set[str] = set()
        for path in paths:
            if shown(path) in self._known:
                yield self._deleted(shown(path))
            elif self.limit or self._full(path) in self._directories:
                directories.add(path)
        if not directories:
            return
        full = frozenset(map(self._full, directories))
        self._listener.remove(*full)
        self._directories.difference_update(covered(self._directories, full))
        for below in covered(self._known, frozenset(map(shown, directories))):
            yield self._deleted(below)

    def _look(self, path: str) -> Iterator[Finding]:
        name = shown(path)
        if self._is_unchanged(path, name):
            return
        observed = observe(self._full(path), algorithm=self.head.algorithm)
        if observed is not None:
            yield from self._compare(path, name, observed)
        elif name in self._known and not os.path.lexists(self._full(path)):
            yield self._deleted(name)

    def _is_unchanged(self, path: str, name: str) -> bool:
        """By its signature, without reading it; HEAD may have changed all the same."""
        known, cached = self._known.get(name), self._signatures.get(name)
        if known is None or cached is None:
            return False
        try:
            if signature(os.lstat(self._full(path))) != cached:
                return False
        except OSError:
            return False
        return is_dirty(self._root, self.head, path, known.git_blob) == known.dirty

    def _compare(self, path: str, name: str, observed: Observed) -> Iterator[Finding]:
        skipped = observed.skipped or ("the name is not UTF-8" if name != path else "")
        dirty = is_dirty(self._root, self.head, path, observed.git_blob)
        now = Known(observed.git_blob, dirty, skipped)
        if _is_settled(observed.signature):
            self._signatures[name] = observed.signature
        if _is_same(self._known.get(name), now):
            return
        finding = self._finding(name, now, observed)
        self._known[name] = Known(now.git_blob, dirty, finding.change.skipped)
        yield finding

    def _finding(self, name: str, now: Known, observed: Observed) -> Finding:
        data, skipped = None, now.skipped
        if observed.data is not None and not skipped:
            data = self._redact(observed.data)
            if len(data) > BLOB_BYTES_MAX:
                data, skipped = None, f"{_GROWN}: {len(data)} bytes"
        change = FileChanged(
            path=name,
            content=content_hash(data) if data is not None else ContentHash(""),
            git_blob=now.git_blob,
            size=observed.size,
            skipped=skipped,
            head=self.head.commit,
            dirty=now.dirty,
        )
        return Finding(change, data)

    def _deleted(self, name: str) -> Finding:
        self._known.pop(name, None)
        self._signatures.pop(name, None)
        dirty = name in self.head.blobs
        return Finding(FileChanged(name, deleted=True, head=self.head.commit, dirty=dirty))

    def _be_there(self) -> None:
        if not os.path.isdir(self._path):
            raise Missing(f"The directory {self._path} is gone", hint="Is it on another disk?")

    def _is_directory(self, path: str) -> bool:
        full = self._full(path)
        return os.path.isdir(full) and not os.path.islink(full)

    def _watch(self, directory: str) -> None:
        if self.limit:
            return
        try:
            if self._listener.add(directory):
                self._directories.add(directory)
        except OverLimit as error:
            self.limit = f"{error.message}: {error.hint}"

    def _full(self, path: str) -> str:
        return os.path.join(self._path, path)

    def _relative(self, full: str) -> str | None:
        """None for what is not ours: outside, or inside .git."""
        if not full.startswith(self._path + os.sep):
            return None
        path = full[len(self._path) + 1 :].replace(os.sep, "/")
        return None if path.split("/", 1)[0] == ".git" else path


def _is_same(known: Known | None, now: Known) -> bool:
    if known is None or (known.git_blob, known.dirty) != (now.git_blob, now.dirty):
        return False
    return known.skipped == now.skipped or known.skipped.startswith(_GROWN)


def _is_settled(found: Signature) -> bool:
    return time.time_ns() - max(found[2], found[3]) > _RACY_NS
