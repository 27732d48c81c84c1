"""Walks the kept part of a tree, top down, watching each directory before it is listed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from developer_node.watch.ignoring import Ignored


@dataclass(slots=True)
class Survey:
    """What a walk came across besides files."""

    directories: int = 0
    unreadable: list[str] = field(default_factory=list[str])
    """Directories that could not be listed: nothing is known of what lies below them."""


def walk(
    root: str,
    prefix: str,
    ignored: Ignored,
    watch: Callable[[str], object],
    survey: Survey,
) -> Iterator[str]:
    """Paths of files and links, relative to the root. Links are never followed."""
    waiting = [prefix]
    while waiting:
        directory = waiting.pop()
        full = os.path.join(root, directory) if directory else root
        if directory and _is_repository(full):
            continue  # another working copy
        watch(full)  # first, so that nothing made while we list it is missed
        files, directories = _list(full, directory, survey)
        survey.directories += 1
        waiting += [d for d in reversed(directories) if d not in ignored]
        yield from (f for f in files if f not in ignored)


def _list(full: str, directory: str, survey: Survey) -> tuple[list[str], list[str]]:
    files: list[str] = []
    directories: list[str] = []
    try:
        with os.scandir(full) as entries:
            for entry in sorted(entries, key=lambda e: e.name):
                if entry.name == ".git":
                    continue
                path = f"{directory}/{entry.name}" if directory else entry.name
                (directories if entry.is_dir(follow_symlinks=False) else files).append(path)
    except (FileNotFoundError, NotADirectoryError):
        pass  # gone meanwhile: its parent says so
    except OSError:
        survey.unreadable.append(directory)
    return files, directories


def _is_repository(full: str) -> bool:
    return os.path.lexists(os.path.join(full, ".git"))
