"""Reads `git status --porcelain=v2 -z --branch`: which paths differ from what git has recorded."""

from __future__ import annotations

from dataclasses import dataclass

ARGUMENTS = (
    "status",
    "--porcelain=v2",
    "-z",
    "--branch",
    "--untracked-files=all",
    "--no-renames",
    "--no-ahead-behind",
)
SUBMODULE = "160000"


@dataclass(frozen=True, slots=True)
class Entry:
    """A path that differs from HEAD or from the index; `kind` is one of 1, u, ? as git has it."""

    kind: str
    path: bytes
    on_disk: bool = True
    """The file on disk differs from the index, so the index must be told."""
    submodule: str = ""
    """Git's four letters: S, commit changed, tracked changes, untracked files."""
    mode: str = ""
    """On disk, as git would record it; empty when git has not said."""


@dataclass(frozen=True, slots=True)
class Status:
    """HEAD, branch and every path that differs."""

    head: str
    branch: str
    entries: tuple[Entry, ...]


def parse_status(output: bytes) -> Status:
    """What git said; an unknown kind of line is passed over, as git asks of its readers."""
    head = branch = ""
    entries: list[Entry] = []
    for line in output.split(b"\0"):
        match line[:2]:
            case b"# ":
                key, _, value = line[2:].decode("utf-8", "replace").partition(" ")
                if key == "branch.oid" and value != "(initial)":
                    head = value
                elif key == "branch.head" and value != "(detached)":
                    branch = value
            case b"1 ":
                _, states, submodule, _, _, mode, _, _, path = line.split(b" ", 8)
                differs = states[1:] != b"."
                entries.append(_tracked("1", path, differs, submodule, mode))
            case b"u ":
                _, _, submodule, _, _, _, mode, _, _, _, path = line.split(b" ", 10)
                entries.append(_tracked("u", path, True, submodule, mode))
            case b"? ":
                entries.append(Entry("?", line[2:]))
            case _:
                pass
    return Status(head, branch, tuple(entries))


def _tracked(kind: str, path: bytes, on_disk: bool, submodule: bytes, mode: bytes) -> Entry:
    letters = submodule.decode("ascii")
    return Entry(kind, path, on_disk, "" if letters[0] == "N" else letters, mode.decode("ascii"))
