"""The files of a working copy as one git tree, made beside the user's repository."""

from __future__ import annotations

import os
import re
import shutil
import stat
from dataclasses import dataclass, field
from pathlib import Path

from common.errors import PostDevAIError
from developer_node.front.shell.repository import Repository
from developer_node.front.shell.status import ARGUMENTS, SUBMODULE, Entry, Status, parse_status
from developer_node.text.git import git, text_of

UNTRACKED_BYTES_MAX = 1 << 20
TRACKED_BYTES_MAX = 256 << 20
UNTRACKED_FILES_MAX = 2000
GIT_TIMEOUT_S = 10.0
DERIVED = re.compile(
    rb"(?:^|/)(?:__pycache__|\.(?:pytest|mypy|ruff)_cache|\.hypothesis|\.tox|\.nox|\.venv|venv"
    rb"|node_modules)/"
    rb"|\.py[co]$|~$|\.sw[op]$|(?:^|/)\.(?:DS_Store|coverage)$"
)
"""Untracked files that tools and editors write by themselves: they would make every ground new."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was on disk at one moment."""

    head: str
    branch: str
    tree: str
    dirty: dict[bytes, str]
    """Git's object id of every file that differs from HEAD, as far as it was hashed."""
    cut: tuple[str, ...]
    signature: tuple[object, ...]
    """Equal to another moment's when nothing was touched in between."""
    clean: bool = False
    """Nothing differs from HEAD, as git says."""


def take(repository: Repository, earlier: Snapshot | None = None) -> Snapshot:
    """The files as they are now; `earlier` spares the work when nothing was touched since."""
    output = git(repository.root, ARGUMENTS, timeout_s=GIT_TIMEOUT_S)
    status = parse_status(output)
    signature = (output, *(_touched(repository.root, e.path) for e in status.entries))
    if earlier is not None and earlier.signature == signature:
        return earlier
    work = _Work(repository)
    work.choose(status)
    work.hash_files()
    tree = work.write_tree(status)
    cut = tuple(work.cut)
    clean = bool(status.head) and not status.entries
    return Snapshot(status.head, status.branch, tree, work.ids, cut, signature, clean)


@dataclass(slots=True)
class _Work:
    repository: Repository
    cut: list[str] = field(default_factory=list[str])
    ids: dict[bytes, str] = field(default_factory=dict[bytes, str])
    _modes: dict[bytes, str] = field(default_factory=dict[bytes, str])
    _to_hash: list[bytes] = field(default_factory=list[bytes])
    _gone: list[bytes] = field(default_factory=list[bytes])
    _links: list[bytes] = field(default_factory=list[bytes])

    def choose(self, status: Status) -> None:
        """Sorts what differs into hashed, removed and left out."""
        untracked = derived = 0
        for entry in status.entries:
            if entry.submodule:
                self._submodule(entry)
                continue
            if entry.kind == "?" and DERIVED.search(entry.path):
                derived += 1
                continue
            if entry.kind == "?":
                untracked += 1
                if untracked > UNTRACKED_FILES_MAX:
                    continue
            self._file(entry)
        if derived:
            self.cut.append(f"{derived} untracked files that tools write (caches) left out")
        if untracked > UNTRACKED_FILES_MAX:
            self.cut.append(f"{untracked - UNTRACKED_FILES_MAX} more untracked files left out")

    def hash_files(self) -> None:
        """Asks git for ids, with its own conversions, writing nothing."""
        if self._to_hash:
            names = b"".join(path + b"\n" for path in self._to_hash)
            arguments = ["hash-object", "--stdin-paths"]
            ids = text_of(self._git(arguments, names)).split()
            self.ids |= dict(zip(self._to_hash, ids, strict=True))
        for path in self._links:
            target = os.readlink(self._on_disk(path))
            self.ids[path] = text_of(self._git(["hash-object", "--stdin"], target)).strip()

    def write_tree(self, status: Status) -> str:
        """The id of the tree; HEAD's own when nothing differs from it."""
        if status.head and not status.entries:
            return text_of(self._git(["rev-parse", "HEAD^{tree}"])).strip()
        index = self.repository.directory / f"index.{os.urandom(8).hex()}"
        more = {"GIT_INDEX_FILE": os.fspath(index)} | self.repository.environment()
        try:
            if self.repository.index.exists():
                shutil.copyfile(self.repository.index, index)
            if lines := self._index_lines(status.head):
                update = ["update-index", "--add", "--replace", "-z", "--index-info"]
                self._git(update, lines, more)
            return text_of(self._git(["write-tree", "--missing-ok"], b"", more)).strip()
        finally:
            index.unlink(missing_ok=True)

    def _index_lines(self, head: str) -> bytes:
        zero = b"0" * (len(head) or 40)
        removed = [b"0 %s\t%s\0" % (zero, path) for path in self._gone]
        added = [
            b"%s %s\t%s\0" % (self._modes[path].encode(), oid.encode(), path)
            for path, oid in self.ids.items()
            if path in self._modes
        ]
        return b"".join(removed + added)

    def _file(self, entry: Entry) -> None:
        path = self._on_disk(entry.path)
        if entry.path.endswith(b"/"):
            self.cut.append(f"{_shown(entry.path)} is a repository of its own: left out")
            return
        try:
            found = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            self._gone.append(entry.path)
            return
        if entry.kind == "u":  # a conflict has no plain entry: its stages go first
            self._gone.append(entry.path)
        if self._left_out(entry, found):
            return
        if stat.S_ISLNK(found.st_mode):
            self._links.append(entry.path)
        else:
            self._to_hash.append(entry.path)
        if entry.on_disk:
            self._modes[entry.path] = _mode(entry, found)

    def _left_out(self, entry: Entry, found: os.stat_result) -> bool:
        limit = UNTRACKED_BYTES_MAX if entry.kind == "?" else TRACKED_BYTES_MAX
        name = _shown(entry.path)
        if stat.S_ISDIR(found.st_mode):
            self._gone.append(entry.path)  # a directory took the place of a file
        elif not (stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode)):
            self.cut.append(f"{name} is no ordinary file: left out")
        elif found.st_size > limit:
            sort = "untracked " if entry.kind == "?" else ""
            self.cut.append(f"{sort}{name} ({found.st_size >> 10} KiB) left out")
        elif b"\n" in entry.path or entry.path.startswith(b'"'):
            self.cut.append(f"{name} has a name that git cannot be told: left out")
        elif stat.S_ISREG(found.st_mode) and not os.access(self._on_disk(entry.path), os.R_OK):
            self.cut.append(f"{name} cannot be read: left out")
        else:
            return False
        return True

    def _submodule(self, entry: Entry) -> None:
        name = _shown(entry.path)
        if entry.submodule[2:] != "..":
            self.cut.append(f"changes inside the submodule {name} were not looked into")
        if not entry.on_disk or entry.submodule[1] != "C":
            return
        try:
            inside = Path(os.fsdecode(self._on_disk(entry.path)))
            head = text_of(git(inside, ["rev-parse", "HEAD"], timeout_s=GIT_TIMEOUT_S)).strip()
        except PostDevAIError:
            self._gone.append(entry.path)
            return
        self.ids[entry.path], self._modes[entry.path] = head, SUBMODULE

    def _git(
        self, arguments: list[str], stdin: bytes = b"", more: dict[str, str] | None = None
    ) -> bytes:
        root = self.repository.root
        return git(root, arguments, stdin=stdin, more=more, timeout_s=GIT_TIMEOUT_S)

    def _on_disk(self, path: bytes) -> bytes:
        return os.path.join(os.fsencode(self.repository.root), path)


def _mode(entry: Entry, found: os.stat_result) -> str:
    if stat.S_ISLNK(found.st_mode):
        return "120000"
    if entry.mode.startswith("100"):  # git knows whether this file system has execute bits
        return entry.mode
    return "100755" if found.st_mode & stat.S_IXUSR else "100644"


def _touched(root: Path, path: bytes) -> tuple[int, ...]:
    try:
        found = os.lstat(os.path.join(os.fsencode(root), path))
    except OSError:
        return ()
    return (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_mode)


def _shown(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")
