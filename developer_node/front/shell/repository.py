"""Where git keeps the things of one working copy, and where we keep ours.

Layout of DIRECTORY (HOME/developer/grounds/<working copy>): `index.<random>` while a tree is made,
`objects-<n>/` with the trees that were made (names and ids, never content). The user's index and
objects are read, never written: the copy of the index is changed, and git is told to put new
objects here and to look for old ones there. (Where a tree is there already, git may renew the time
of that file, as it does for any reader who counts on it.)
"""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from common.errors import Missing

OBJECTS_MAX = 2000
"""Loose trees in one directory; after that a new one is begun and the old one goes."""
_STALE_S = 3600.0


@dataclass(frozen=True, slots=True)
class Repository:
    """The paths of a working copy, and what git is told about them."""

    root: Path
    directory: Path
    index: Path
    objects: Path

    @classmethod
    def at(cls, root: Path, directory: Path) -> Repository:
        """Reads `.git` as git does: a directory, or a file that names one (worktree, submodule)."""
        git_dir = root / ".git"
        if git_dir.is_file():
            git_dir = root / git_dir.read_text("utf-8").removeprefix("gitdir:").strip()
        common = git_dir
        if (git_dir / "commondir").exists():
            common = git_dir / (git_dir / "commondir").read_text("utf-8").strip()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(root, directory, git_dir / "index", (common / "objects").resolve())

    def generations(self) -> list[Path]:
        """The directories of our own objects, newest first."""
        found = self.directory.glob("objects-*")
        return sorted(found, key=lambda p: int(p.name.partition("-")[2]), reverse=True)

    def environment(self) -> dict[str, str]:
        """Lets git write trees into ours and read ours and the user's."""
        generations = self.generations()
        if not generations or _loose(generations[0]) > OBJECTS_MAX:
            newest = int(generations[0].name.partition("-")[2]) if generations else 0
            fresh = self.directory / f"objects-{newest + 1}"
            fresh.mkdir(mode=0o700)
            generations = [fresh, *generations]
        return {
            "GIT_OBJECT_DIRECTORY": os.fspath(generations[0]),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": _path_list(self.objects),
        }

    def reading(self) -> dict[str, str]:
        """Lets git read every tree that we still have."""
        generations = self.generations()
        if not generations:
            return {}
        return {
            "GIT_OBJECT_DIRECTORY": os.fspath(generations[0]),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": _path_list(self.objects, *generations[1:]),
        }

    def tidy(self) -> None:
        """Keeps the newest trees; called when the last ground's tree is among them."""
        for old in self.generations()[1:]:
            shutil.rmtree(old, ignore_errors=True)
        long_ago = time.time() - _STALE_S
        for index in self.directory.glob("index.*"):  # of recorders that were killed
            with suppress(FileNotFoundError):
                if index.stat().st_mtime < long_ago:
                    index.unlink()

    def forget_all_generations(self) -> None:
        """A tree that cannot be read may be torn: the next one is written whole again."""
        for old in self.generations():
            shutil.rmtree(old, ignore_errors=True)


def open_repository(root: Path, directory: Path) -> Repository:
    """As `Repository.at`; Missing with a sentence when `.git` cannot be read."""
    try:
        return Repository.at(root, directory)
    except (OSError, UnicodeDecodeError) as error:
        raise Missing(f"the repository at {root} cannot be read: {error}") from error


def _loose(directory: Path) -> int:
    return sum(len(names) for _, _, names in os.walk(directory))


def _path_list(*paths: Path) -> str:
    """Git's list of directories; one with a colon or quote in its name has to be quoted."""
    quoted: list[str] = []
    for path in map(os.fspath, paths):
        if ":" in path or path.startswith('"'):
            escaped = path.replace("\\", "\\\\").replace('"', '\\"')
            quoted.append(f'"{escaped}"')
        else:
            quoted.append(path)
    return ":".join(quoted)
