"""Which paths git would leave out, asked of git itself: it alone knows every rule exactly."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from common.errors import Missing
from developer_node.text.git import git, text_of
from developer_node.watch.privacy import Withheld, nothing_withheld

_NO_WORD = ": failed"

_PREFIXES_MAX = 200
"""Directories that git is asked about at once, so that the words fit."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """What is left out below some directories."""

    listed: frozenset[str]
    withheld: Withheld

    def __contains__(self, path: str) -> bool:
        return path in self.listed or self.withheld(path)


class Ignoring:
    """Git's ignore rules for one tree, also for a tree that is no repository."""

    def __init__(
        self,
        root: Path,
        *,
        repository: Path | None = None,
        never: Path | None = None,
        withheld: Callable[[], Withheld] = lambda: nothing_withheld,
    ) -> None:
        """`repository` is an empty one whose rules serve a tree that has none. `never` is left
        out whatever git says: our own directory, which changes with everything that is seen.
        `withheld` is asked each time for what else nothing is to be recorded of."""
        self._withheld = withheld
        self._root = root
        self._never = ""
        if never is not None and never.resolve().is_relative_to(root):
            self._never = never.resolve().relative_to(root).as_posix()
        self._place: tuple[str, ...] = ()
        if repository is not None:
            self._place = (f"--git-dir={repository}", f"--work-tree={root}")

    def below(self, *prefixes: str) -> Ignored:
        """Ignored files and topmost ignored directories under directories; "" is the root."""
        return Ignored(self._listed(prefixes), self._withheld())

    def _listed(self, prefixes: Sequence[str]) -> frozenset[str]:
        if "" in prefixes:
            return self._below([])
        slices = range(0, len(prefixes), _PREFIXES_MAX)
        found = [self._below(prefixes[at : at + _PREFIXES_MAX]) for at in slices]
        return frozenset(path for some in found for path in some)

    def _below(self, prefixes: Sequence[str]) -> frozenset[str]:
        arguments = ["ls-files", "-oi", "--exclude-standard", "--directory", "-z"]
        if prefixes:
            arguments += ["--", *(f":(literal){prefix}" for prefix in prefixes)]
        listed = _split(self._git(arguments))
        files = {path for path in listed if not path.endswith("/")}
        # git lists a directory too when all that lies in it now is ignored: not what we ask
        ours = {self._never} - {""}
        return frozenset(files | self.among([p[:-1] for p in listed if p.endswith("/")]) | ours)

    def among(self, paths: Iterable[str]) -> frozenset[str]:
        """Those of these paths that are ignored; a path that git cannot judge counts as such."""
        given = list(paths)
        withheld = self._withheld()
        ours = frozenset(path for path in given if self._is_ours(path) or withheld(path))
        return ours | self._among([path for path in given if path not in ours])

    def _is_ours(self, path: str) -> bool:
        return bool(self._never) and (path == self._never or path.startswith(f"{self._never}/"))

    def _among(self, asked: list[str]) -> frozenset[str]:
        if not asked:
            return frozenset()
        try:
            return frozenset(self._check(asked))
        except Missing:
            if len(asked) == 1:  # beyond a symbolic link, or in a submodule: not ours
                return frozenset(asked)
            middle = len(asked) // 2
            return self._among(asked[:middle]) | self._among(asked[middle:])

    def _check(self, paths: Sequence[str]) -> list[str]:
        stdin = b"".join(os.fsencode(path) + b"\0" for path in paths)
        try:
            return _split(self._git(["check-ignore", "--stdin", "-z"], stdin))
        except Missing as error:
            if error.message.endswith(_NO_WORD):  # exit 1: nothing is ignored
                return []
            raise

    def _git(self, arguments: Sequence[str], stdin: bytes = b"") -> bytes:
        return git(self._root, [*self._place, *arguments], stdin=stdin)


def _split(output: bytes) -> list[str]:
    return [part for part in text_of(output).split("\0") if part]
