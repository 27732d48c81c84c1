"""Exact search over the current files of one project: what trigrams allow, then verified.

A literal needs every trigram that it contains. A regular expression needs those of the literals
that each of its matches must contain; where none can be required, all files are read.
"""

from __future__ import annotations

import importlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import apsw
import regex

from common.errors import Invalid, OverLimit
from common.model.answer import Hit
from common.model.ids import ContentHash
from dragon_node.lake.code import text_of

# Where `re` keeps its parse tree; typeshed does not know these modules.
parser: Any = importlib.import_module("re._parser")
op: Any = importlib.import_module("re._constants")

REGEX_SECONDS_MAX = 10.0
"""For one search, over all files; OverLimit beyond."""
TRIGRAMS_MAX = 64
"""Enough to narrow any search; more cost more than they save."""
ALTERNATIVES_MAX = 32
HIT_CHARACTERS_MAX = 2_000
"""Of a matching line that is shown."""

Required = tuple[tuple[str, ...], ...]
"""Each inner tuple: one of these literals is in every match. Empty: nothing can be required."""


@dataclass(frozen=True, slots=True)
class Found:
    """Matching lines of a text, numbers from 1, both inclusive."""

    start_line: int
    end_line: int
    text: str


Find = Callable[[str], Iterator[Found]]


def literal_finder(query: str) -> tuple[Required, Find]:
    """Case sensitive; a query with line ends spans lines."""
    return ((query,),), lambda text: _literal(query, text)


def regex_finder(pattern: str) -> tuple[Required, Find]:
    """Line by line, as grep does. Invalid when it cannot be compiled."""
    try:
        tree = parser.parse(pattern)
        compiled = regex.compile(as_re_reads_it(pattern))
    except (re.error, regex.error, RecursionError, OverflowError) as error:
        raise Invalid(f"not a regular expression: {error}", field="query") from error
    flags: int = tree.state.flags
    required = () if flags & (re.IGNORECASE | re.VERBOSE) else _required(tree)
    deadline = time.monotonic() + REGEX_SECONDS_MAX
    return required, lambda text: _by_lines(compiled, text, deadline)


def as_re_reads_it(pattern: str) -> str:
    """The same for `regex`, which reads more into a brace (fuzzy) and a nested bracket (POSIX)."""
    out: list[str] = []
    at, set_from = 0, -1
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            out.append(pattern[at : at + 2])
            at += 2
            continue
        escape = (char == "{" and set_from < 0 and not _REPEAT.match(pattern, at)) or (
            char == "[" and set_from >= 0
        )
        out.append("\\" + char if escape else char)
        if char == "[" and set_from < 0:
            set_from = at + 2 if pattern.startswith("^", at + 1) else at + 1
        elif char == "]" and set_from >= 0 and at != set_from:
            set_from = -1
        at += 1
    return "".join(out)


_REPEAT = re.compile(r"\{(?:\d+|\d*,\d*)\}")


def search(
    db: apsw.Connection, required: Required, find: Find, limit: int, project: str
) -> list[Hit]:
    """At most `limit` hits in path and line order."""
    hits: list[Hit] = []
    for path, doc, content in _candidates(db, required):
        places = list(find(text_of(db, content)))
        if not places:
            continue
        for copy, commit, dirty in _versions(db, doc):
            for place in places:
                hits.append(_hit(project, copy, path, place, commit, content, dirty))
        if len(hits) >= limit:
            break
    return hits[:limit]


def chunks_with(db: apsw.Connection, text: str, limit: int) -> list[tuple[int, float]]:
    """Chunks that contain a text, those with more of it first."""
    scores: dict[int, float] = {}
    for _, doc, content in _candidates(db, ((text,),)):
        whole = text_of(db, content)
        spans = db.execute("SELECT id, start, stop FROM chunks WHERE doc=?", (doc,))
        for chunk, start, stop in spans:
            times = whole.count(text, start, stop)
            if times:
                scores[chunk] = float(times)
        if len(scores) >= limit * 4:
            break
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:limit]


def match_expression(required: Required) -> str:
    """An FTS5 query for the trigrams; empty when nothing narrows the search."""
    clauses: list[str] = []
    for alternatives in required:
        options = [_all_of(_trigrams(literal)) for literal in alternatives]
        if all(options):
            clauses.append(f"({' OR '.join(options)})")
    return " AND ".join(clauses)


def _all_of(trigrams: list[str]) -> str:
    quoted = ['"' + t.replace('"', '""') + '"' for t in trigrams]
    return f"({' AND '.join(quoted)})" if quoted else ""


def _trigrams(literal: str) -> list[str]:
    found = dict.fromkeys(literal[i : i + 3] for i in range(len(literal) - 2))
    # NUL would end the expression and lone surrogates cannot be indexed: neither is asked for.
    return [t for t in found if "\x00" not in t and not _surrogate(t)][:TRIGRAMS_MAX]


def _surrogate(text: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in text)


def _candidates(db: apsw.Connection, required: Required) -> Iterator[tuple[str, int, ContentHash]]:
    expression = match_expression(required)
    if expression:
        rows = db.execute(
            """SELECT path, id, content FROM docs
               WHERE id IN (SELECT rowid FROM trigrams WHERE trigrams MATCH ?) ORDER BY path, id""",
            (expression,),
        ).fetchall()
    else:
        rows = db.execute("SELECT path, id, content FROM docs ORDER BY path, id").fetchall()
    for path, doc, content in rows:
        yield path, doc, ContentHash(content.hex())


def _versions(db: apsw.Connection, doc: int) -> list[tuple[str, str, bool]]:
    rows = db.execute(
        """SELECT coalesce(copies.path, ''), commit_sha, dirty FROM versions
           LEFT JOIN copies USING(working_copy) WHERE doc=? ORDER BY 1""",
        (doc,),
    )
    return [(copy, commit, bool(dirty)) for copy, commit, dirty in rows]


def _hit(
    project: str,
    copy: str,
    path: str,
    place: Found,
    commit: str,
    content: ContentHash,
    dirty: bool,
) -> Hit:
    return Hit(
        project=project,
        working_copy=copy,
        path=path,
        start_line=place.start_line,
        end_line=place.end_line,
        commit=commit,
        blob=content,
        dirty=dirty,
        score=1.0,
        why=("exact text",),
        text=place.text[:HIT_CHARACTERS_MAX],
    )


def _literal(query: str, text: str) -> Iterator[Found]:
    at, line, counted = text.find(query), 1, 0
    while at >= 0:
        line += text.count("\n", counted, at)
        counted = at
        end = text.find("\n", at + len(query))
        end = len(text) if end < 0 else end
        begin = text.rfind("\n", 0, at) + 1
        last = line + query.count("\n")
        yield Found(line, last, text[begin:end].removesuffix("\r"))
        at = text.find(query, max(end, at + 1))


def _by_lines(compiled: Any, text: str, deadline: float) -> Iterator[Found]:
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    for number, line in enumerate(lines, start=1):
        line = line.removesuffix("\r")
        left = deadline - time.monotonic()
        try:
            # `regex` can be stopped and lets other threads run; `re` can do neither.
            if left > 0 and compiled.search(line, timeout=left, concurrent=True) is None:
                continue
        except TimeoutError:
            left = 0
        if left <= 0:
            raise OverLimit(
                f"the expression took more than {REGEX_SECONDS_MAX:g} s",
                hint="Nested repetition such as (a+)+ is the usual reason.",
            )
        yield Found(number, number, line)


def _required(tree: Any) -> Required:
    """Literals that every match contains, from the parse tree of `re`."""
    needed: list[tuple[str, ...]] = []
    run = ""
    for code, argument in cast(list[tuple[Any, Any]], list(tree)):
        if code is op.LITERAL:
            run += chr(argument)
            continue
        if code is op.AT:  # an anchor consumes nothing: what is around it still adjoins
            continue
        needed += _literal_clause(run)
        run = ""
        needed += _inside(code, argument)
    return (*needed, *_literal_clause(run))


def _literal_clause(run: str) -> list[tuple[str, ...]]:
    return [(run,)] if len(run) >= 3 else []


def _inside(code: Any, argument: Any) -> Required:
    if code is op.SUBPATTERN:
        _, added, _, inner = argument
        return () if added & re.IGNORECASE else _required(inner)
    if code in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        least, _, inner = argument
        return _required(inner) if least >= 1 else ()
    if code is op.ATOMIC_GROUP:
        return _required(argument)
    if code is op.BRANCH:
        return _either([_required(branch) for branch in argument[1]])
    return ()


def _either(branches: list[Required]) -> Required:
    """One literal of each branch will do, where every branch has one that stands alone."""
    chosen: list[str] = []
    for branch in branches:
        single = [clause[0] for clause in branch if len(clause) == 1]
        if not single or len(branches) > ALTERNATIVES_MAX:
            return ()
        chosen.append(max(single, key=len))
    return (tuple(chosen),)
