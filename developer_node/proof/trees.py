"""A tree of files rebuilt from git's objects and recorded contents, in a directory of its own.

Layout of DIRECTORY: `files/` (the tree), `index`, `objects/` (what the user's repository lacks).
Git is told to read the user's objects and to write here alone; their index, refs and files are
not touched.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from common.errors import Missing
from common.model.event import PathChange
from developer_node.proof.hindrance import Hindrance
from developer_node.text.git import git, text_of

FILES_MAX = 100_000
BYTES_MAX = 2 << 30
GIT_TIMEOUT_S = 120.0
GITLINK = "160000"

_LINK = "120000"
_ORDINARY = "100644"


@dataclass(frozen=True, slots=True)
class Entry:
    """A path of the index."""

    mode: str
    oid: str


@dataclass(frozen=True, slots=True)
class Tree:
    """Files on disk and the index that tells what they are."""

    directory: Path
    git_dir: str
    objects: str
    """The user's, read only."""

    @classmethod
    def of(cls, root: Path, directory: Path) -> Tree:
        """An empty one for the repository at `root`; Hindrance when git cannot read that."""
        try:
            said = text_of(git(root, ["rev-parse", "--absolute-git-dir", "--git-path", "objects"]))
        except Missing as error:
            raise Hindrance(f"the repository at {root} cannot be read: {error.message}") from error
        git_dir, objects = said.splitlines()
        (directory / "files").mkdir(parents=True)
        (directory / "objects").mkdir()
        return cls(directory, git_dir, os.path.realpath(os.path.join(root, objects)))

    @property
    def files(self) -> Path:
        """Where the files lie."""
        return self.directory / "files"

    def read(self, treeish: str) -> None:
        """Takes a commit's or a tree's files; Hindrance when git has lost it or it is too large."""
        try:
            self._check_size(treeish)
            self._git(["read-tree", f"{treeish}^{{tree}}"])
            self._git(["-c", "filter.lfs.smudge=", "checkout-index", "--all", "--force"])
        except Missing as error:
            raise Hindrance(f"{treeish[:12]} cannot be rebuilt: {error.message}") from error

    def apply(self, changes: Sequence[PathChange], contents: Mapping[str, bytes]) -> None:
        """Makes each path what it became; `contents` holds recorded ones by git id.

        Hindrance when a path is not what it was before, or when the recorded content is not the
        true one: a secret was taken out of it.
        """
        before = self.entries()
        for change in changes:
            _check_path(change.path)
            if before.get(change.path, Entry("", "")).oid != change.old_git:
                raise Hindrance(f"{change.path} is not what it was before the change")
        held = self._held([c.new_git for c in changes if c.new_git])
        for change in changes:  # first, so that a directory may take the place of a file
            if not change.new_git:
                _remove(self.files / change.path)
        self._put(changes, before, contents, held)

    def write(self) -> str:
        """The tree's id."""
        return text_of(self._git(["write-tree", "--missing-ok"])).strip()

    def entries(self) -> dict[str, Entry]:
        """What the index holds, by path."""
        found: dict[str, Entry] = {}
        for line in self._git(["ls-files", "--stage", "-z"]).split(b"\0")[:-1]:
            about, _, path = line.partition(b"\t")
            mode, oid, _ = about.decode("ascii").split(" ")
            found[path.decode("utf-8", "backslashreplace")] = Entry(mode, oid)
        return found

    def _put(
        self,
        changes: Sequence[PathChange],
        before: Mapping[str, Entry],
        contents: Mapping[str, bytes],
        held: set[str],
    ) -> None:
        lines: list[str] = []
        recorded: list[PathChange] = []
        checked_out: list[str] = []
        for change in changes:
            mode = change.mode or before.get(change.path, Entry(_ORDINARY, "")).mode
            if not change.new_git:
                lines.append(f"0 {'0' * len(change.old_git)}\t{change.path}")
                continue
            lines.append(f"{mode} {change.new_git}\t{change.path}")
            if mode == GITLINK or change.new_git in held:
                checked_out.append(change.path)
                continue
            if change.new_git not in contents:
                why = "is not held any more" if change.new_content else "was not recorded"
                raise Hindrance(f"the content of {change.path} {why}")
            self._write_file(change.path, mode, contents[change.new_git])
            recorded.append(change)
        self._check_recorded(recorded)
        self._git(["update-index", "-z", "--index-info"], "".join(f"{x}\0" for x in lines))
        if checked_out:
            names = "".join(f"{path}\0" for path in checked_out)
            self._git(["checkout-index", "--force", "-z", "--stdin"], names)

    def _check_recorded(self, recorded: Sequence[PathChange]) -> None:
        """Git's own conversions give each file its id: another one means that it was redacted."""
        links = [c for c in recorded if (self.files / c.path).is_symlink()]
        plain = [c for c in recorded if c not in links]
        names = "".join(f"{c.path}\n" for c in plain)
        said = text_of(self._git(["hash-object", "-w", "--stdin-paths"], names)) if plain else ""
        ids = dict(zip((c.path for c in plain), said.split(), strict=True))
        for link in links:
            target = os.readlink(self.files / link.path)
            ids[link.path] = text_of(self._git(["hash-object", "-w", "--stdin"], target)).strip()
        for change in recorded:
            if ids[change.path] != change.new_git:
                raise Hindrance(f"{change.path} was recorded without a secret that stood in it")

    def _write_file(self, path: str, mode: str, data: bytes) -> None:
        target = self.files / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.parent.resolve().is_relative_to(self.files.resolve()):
            raise Hindrance(f"{path} lies behind a link")
        _remove(target)
        if mode == _LINK:
            os.symlink(data, os.fsencode(target))
            return
        target.write_bytes(data)
        if mode == "100755":
            target.chmod(target.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)

    def _held(self, ids: Sequence[str]) -> set[str]:
        if not ids:
            return set()
        said = self._git(["cat-file", "--batch-check"], "".join(f"{oid}\n" for oid in ids))
        words = (line.split(" ") for line in text_of(said).splitlines())
        return {w[0] for w in words if len(w) == 3 and w[1] == "blob"}

    def _check_size(self, treeish: str) -> None:
        count = total = 0
        for line in self._git(["ls-tree", "-r", "-l", "-z", treeish]).split(b"\0")[:-1]:
            size = line.split(b"\t")[0].split()[-1]
            count, total = count + 1, total + (int(size) if size.isdigit() else 0)
        if count > FILES_MAX or total > BYTES_MAX:
            most = f"{FILES_MAX} files or {BYTES_MAX >> 30} GiB"
            raise Hindrance(
                f"the tree is too large: {count} files, {total >> 20} MiB; most: {most}"
            )

    def _git(self, arguments: list[str], stdin: str = "") -> bytes:
        more = {
            "GIT_DIR": self.git_dir,
            "GIT_WORK_TREE": os.fspath(self.files),
            "GIT_INDEX_FILE": os.fspath(self.directory / "index"),
            "GIT_OBJECT_DIRECTORY": os.fspath(self.directory / "objects"),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(self.objects),
        }
        data = stdin.encode("utf-8", "surrogateescape")
        return git(self.files, arguments, stdin=data, more=more, timeout_s=GIT_TIMEOUT_S)


def _check_path(path: str) -> None:
    parts = PurePosixPath(path).parts
    bad = path.startswith("/") or ".." in parts or any(p.lower() == ".git" for p in parts)
    if bad or not parts or "\n" in path or "\0" in path or path.startswith('"'):
        raise Hindrance(f"{path!r} is no path that can be rebuilt")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _quoted(path: str) -> str:
    """Git reads the variable as a list: a colon or quote in a name has to be quoted."""
    if ":" not in path and not path.startswith('"'):
        return path
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
