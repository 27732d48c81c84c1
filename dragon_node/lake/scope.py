"""What a search is confined to, as SQL over the docs and versions of one project's file. Exact.

A doc is inside when one version of it satisfies the working copy and the times, and its path and
language are those that were asked for. Which of its versions are meant says `versions`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

import apsw

from common.errors import Invalid
from common.model.lake import SearchQuery

GLOB_CHARACTERS_MAX = 1_024
_WILD = re.compile(r"[*?\[]")
_CLASS = re.compile(r"\[([!^]?)(\]?[^\]/]*)\]")


@dataclass(frozen=True, slots=True)
class Scope:
    """Empty or zero is no bound."""

    working_copy: str = ""
    """Id, or path on the laptop."""
    path: str = ""
    """A glob over paths in the repository: see `glob_regex`."""
    language: str = ""
    since_ms: int = 0
    """A version was saved then or later."""
    until_ms: int = 0
    """A version was saved before."""

    def __bool__(self) -> bool:
        """Whether anything is left outside."""
        return self != EVERYWHERE


EVERYWHERE = Scope()


@dataclass(frozen=True, slots=True)
class Where:
    """A condition in SQL with what its question marks stand for, in order."""

    sql: str
    bindings: tuple[str | int, ...] = ()


def scope_of(q: SearchQuery) -> Scope:
    """What a search asks to be confined to. Invalid when that cannot be read."""
    if len(q.path) > GLOB_CHARACTERS_MAX:
        raise Invalid(f"a path has at most {GLOB_CHARACTERS_MAX:,} characters", field="path")
    if min(q.since_ms, q.until_ms) < 0:
        raise Invalid("a time is not before 1970", field="since_ms")
    try:
        glob_regex(q.path)
    except re.error as error:
        raise Invalid(f"not a path or a glob: {error}", field="path") from error
    return Scope(q.working_copy, q.path, q.language, q.since_ms, q.until_ms)


def docs(scope: Scope) -> Where:
    """Of rows of `docs`, those inside. `TRUE` when everything is."""
    clauses: list[Where] = []
    if scope.path:
        clauses += _path(scope.path)
    if scope.language:
        clauses.append(Where("docs.language=?", (scope.language,)))
    of_version = versions(scope)
    if of_version != _ALL:
        sql = f"EXISTS(SELECT 1 FROM versions WHERE versions.doc=docs.id AND {of_version.sql})"
        clauses.append(Where(sql, of_version.bindings))
    return _all_of(clauses)


def versions(scope: Scope) -> Where:
    """Of rows of `versions`, those whose working copy and time are inside."""
    clauses: list[Where] = []
    if scope.working_copy:
        place = scope.working_copy.rstrip("/") or "/"
        clauses.append(
            Where(
                "versions.working_copy IN (SELECT working_copy FROM copies"
                " WHERE copies.working_copy=? OR copies.path=?)",
                (place, place),
            )
        )
    if scope.since_ms:
        clauses.append(Where("versions.at_ms>=?", (scope.since_ms,)))
    if scope.until_ms:
        clauses.append(Where("versions.at_ms<?", (scope.until_ms,)))
    return _all_of(clauses)


@lru_cache(maxsize=256)
def glob_regex(glob: str) -> re.Pattern[str]:
    """What a glob means; for `fullmatch` with a path in the repository.

    `*` and `?` stay within a name, `[a-z]` and `[!a-z]` are one character, `**` between slashes is
    any number of directories. A glob without a slash is a file's name in any directory; one that
    begins with a slash begins at the root. One without `*`, `?` and `[` is also everything below.
    """
    below = r"(?:/.*)?" if not _WILD.search(glob) else r"/.*" if glob.endswith("/") else ""
    bare = glob.rstrip("/")
    parts = [part for part in bare.split("/") if part]
    if "/" not in bare:
        parts = ["**", *parts]
    sections: list[list[str]] = [[]]
    for part in parts:
        if part == "**":
            sections.append([])
        else:
            sections[-1].append(_name(part))
    first, *rest = ["/".join(section) for section in sections]
    if not rest:
        return re.compile(first + below, re.DOTALL)
    # The earliest place at which a section fits is as good as any: nothing is ever tried twice.
    middle = "".join(rf"(?>{_DIRECTORIES}{section}/)" for section in rest[:-1] if section)
    last = rest[-1] or "[^/]+"
    begin = f"{first}/" if first else ""
    return re.compile(f"{begin}{middle}{_DIRECTORIES}{last}{below}", re.DOTALL)


_ALL = Where("TRUE")
_DIRECTORIES = "(?:[^/]+/)*?"


def _all_of(clauses: list[Where]) -> Where:
    if not clauses:
        return _ALL
    bindings = tuple(value for clause in clauses for value in clause.bindings)
    return Where("(" + " AND ".join(clause.sql for clause in clauses) + ")", bindings)


def _path(glob: str) -> list[Where]:
    inside = Where("in_glob(?, docs.path)", (glob,))
    begins = _begins(glob)
    # What every match begins with is a range of the index over paths; "0" is what follows "/".
    span = Where("docs.path>=? AND docs.path<?", (begins, begins + "0"))
    return [span, inside] if begins else [inside]


def _begins(glob: str) -> str:
    """The directory or file that every match lies in or is; empty when that may be any."""
    parts = glob.rstrip("/").split("/")
    plain = list(takewhile(lambda part: not _WILD.search(part), parts))
    return "/".join(part for part in plain if part) if len(parts) > 1 else ""


def _name(part: str) -> str:
    """A name between two slashes. Each star but the last takes what it needs and no more."""
    fixed = [_fixed(piece) for piece in re.split(r"\*+", part)]
    if len(fixed) == 1:
        return fixed[0]
    middle = "".join(f"(?>[^/]*?{piece})" for piece in fixed[1:-1] if piece)
    return f"{fixed[0]}{middle}[^/]*{fixed[-1]}"


def _fixed(piece: str) -> str:
    out, at = "", 0
    while at < len(piece):
        found = _CLASS.match(piece, at)
        if found and found.group(2):
            out += f"(?!/)[{'^' if found.group(1) else ''}{_escaped(found.group(2))}]"
            at = found.end()
            continue
        out += "[^/]" if piece[at] == "?" else re.escape(piece[at])
        at += 1
    return out


def _escaped(inside: str) -> str:
    return re.sub(r"([\\\]\[^&~|]|(?<=-)-)", r"\\\1", inside)


def _in_glob(glob: str, path: str) -> bool:
    return glob_regex(glob).fullmatch(path) is not None


def _teach(db: apsw.Connection) -> None:
    db.create_scalar_function("in_glob", _in_glob, 2, deterministic=True)


# Every connection of the process knows `in_glob` from its first statement on.
_hooks: list[Callable[[apsw.Connection], None]] = vars(apsw)["connection_hooks"]
_hooks.append(_teach)
