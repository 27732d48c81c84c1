"""Search through the working copies of this laptop while the Dragon is away."""

from __future__ import annotations

import asyncio
import fnmatch
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from common.errors import Invalid
from common.model.answer import Freshness, Hit, ProjectFreshness
from common.model.ids import ContentHash, WorkingCopyId
from common.model.lake import SearchQuery, SearchResult
from common.model.laptop import WatchedRepository
from developer_node.away.copies import Content, Copy, read
from developer_node.away.grep import PATTERN_BYTES_MAX, Grepped, Matched, grep
from developer_node.away.languages import KNOWN, language_of
from developer_node.away.places import Places
from developer_node.away.words import Window, windows, words_of
from developer_node.text.globs import glob_of
from developer_node.watch.content import shown

MEANING = "Meaning was not searched: the vectors are with the Dragon."
VERSIONS = "Versions before a time were not searched: only files as they are now are here."
HAPPENED = "Events and failures were not searched: only files were."


class Recorded(Protocol):
    """What the outbox last recorded of files."""

    async def sent_files(self, working_copy: WorkingCopyId) -> dict[str, tuple[str, bool, str]]: ...


@dataclass(slots=True)
class _Notes:
    """What is to be said of a search."""

    not_asked: dict[str, None] = field(default_factory=dict[str, None])
    complete: bool = True
    unrecorded: int = 0

    def say(self, sentence: str) -> None:
        self.not_asked[sentence] = None


class Files:
    """The watched working copies, searched as they are on disk."""

    def __init__(
        self,
        repositories: Callable[[], Sequence[WatchedRepository]],
        recorded: Recorded,
        head: Callable[[Path], str],
        redact: Callable[[bytes], bytes],
        places: Places,
    ) -> None:
        self._repositories = repositories
        self._recorded = recorded
        self._head = head
        self._redact = redact
        self._places = places

    async def search(self, query: SearchQuery) -> SearchResult:
        """Places in files as they are now. Invalid when the query is none."""
        if len(query.query.encode()) > PATTERN_BYTES_MAX or "\0" in query.query:
            raise Invalid("the query is too long to be looked for here", field="search.query")
        notes = _Notes()
        copies = await self.copies(query, notes)
        hits = await asyncio.to_thread(self._found, query, copies, notes)
        if notes.unrecorded:
            notes.say(f"{notes.unrecorded} files that match are not recorded, and were left out.")
        self._places.note(hits)
        projects = tuple(_freshness(copy) for copy in copies)
        fresh = Freshness(projects, not_asked=tuple(notes.not_asked))
        complete = notes.complete and not notes.not_asked
        return SearchResult(tuple(hits), complete, fresh)

    async def copies(
        self, query: SearchQuery | None = None, notes: _Notes | None = None
    ) -> list[Copy]:
        """Those that are watched, or meant by a query."""
        watched = self._repositories()
        if query is not None and notes is not None:
            watched = [w for w in watched if _is_meant(w, query)]
            if not watched and (query.project or query.working_copy):
                name = query.project or query.working_copy
                notes.say(f"{name} is no directory that is watched here.")
        return [await self._copy(repository) for repository in watched]

    async def blob(self, wanted: ContentHash) -> bytes | None:
        """Content that a file here still has."""
        copies = await self.copies()
        return await asyncio.to_thread(self._places.find, wanted, copies)

    async def pinned(self, paths: Sequence[str]) -> list[Hit]:
        """The first lines of files that are named, where they are there."""
        copies = await self.copies()
        windows_of = [(c, Window(p, 1, 60, 0.0, ())) for p in paths for c in copies if c.keeps(p)]
        made = await asyncio.to_thread(lambda: [self._passage(c, w) for c, w in windows_of])
        return [replace(hit, why=("pinned",)) for hit in made if hit is not None]

    async def _copy(self, repository: WatchedRepository) -> Copy:
        root = Path(repository.path)
        recorded = await self._recorded.sent_files(repository.working_copy)
        in_git = (root / ".git").exists()
        head = await asyncio.to_thread(self._head, root) if in_git else ""
        return Copy(root, repository.working_copy, root.name, head, in_git, recorded)

    def _found(self, query: SearchQuery, copies: Sequence[Copy], notes: _Notes) -> list[Hit]:
        if query.kind and query.kind != "code":
            notes.say(HAPPENED)
            return []
        if query.until_ms:
            notes.say(VERSIONS)
        if query.language and query.language not in KNOWN:
            notes.say(f"Which files are {query.language} is not known here.")
        if query.mode == "fused":
            notes.say(MEANING)
            return self._by_words(query, copies, notes)
        return self._exactly(query, copies, notes)

    def _exactly(self, query: SearchQuery, copies: Sequence[Copy], notes: _Notes) -> list[Hit]:
        hits: list[Hit] = []
        for copy in copies:
            fixed = query.mode == "literal"
            lines = self._lines(copy, (query.query,), query, notes, fixed=fixed)
            for hit in self._as_lines(copy, lines, query.query if fixed else ""):
                if len(hits) == query.k:
                    notes.complete = False
                    return hits
                hits.append(hit)
        return hits

    def _as_lines(self, copy: Copy, lines: Iterable[Matched], literal: str) -> Iterator[Hit]:
        """What is shown is redacted; a line that then holds the text no more is no hit."""
        path, content = "", None
        for line in lines:
            if line.path != path:
                path, content = line.path, self._read(copy, line.path)
            text = _line(content, line.line)
            if content is not None and text is not None and literal in text:
                why = ("as it stands",) if literal else ("the expression matches",)
                yield _hit(copy, path, content, line.line, line.line, why, text, 1.0)

    def _by_words(self, query: SearchQuery, copies: Sequence[Copy], notes: _Notes) -> list[Hit]:
        words = words_of(query.query)
        if not words:
            return []
        ranked: list[tuple[Copy, Window]] = []
        for copy in copies:
            lines = self._lines(copy, words, query, notes, fixed=True, any_case=True)
            ranked += [(copy, window) for window in windows(words, lines)]
        ranked.sort(key=lambda each: (-each[1].score, each[1].path))
        hits = [self._passage(copy, window) for copy, window in ranked[: query.k]]
        return [hit for hit in hits if hit is not None]

    def _lines(
        self,
        copy: Copy,
        patterns: Sequence[str],
        query: SearchQuery,
        notes: _Notes,
        *,
        fixed: bool,
        any_case: bool = False,
    ) -> list[Matched]:
        found: Grepped = grep(
            copy.root, patterns, in_git=copy.in_git, fixed=fixed, any_case=any_case
        )
        if found.failed:
            notes.complete = False
            notes.say(f"{copy.root} could not be searched: {found.failed}.")
        elif not found.complete:
            notes.complete = False
            notes.say(f"{copy.root} was searched in part: there is too much that matches.")
        wanted = {path for path in {m.path for m in found.lines} if _passes(copy, path, query)}
        kept = {path for path in wanted if copy.keeps(path)}
        notes.unrecorded += sum(shown(path) not in copy.recorded for path in wanted - kept)
        return [line for line in found.lines if line.path in kept]

    def _read(self, copy: Copy, path: str) -> Content | None:
        return read(copy.root, path, self._redact, copy.algorithm(path))

    def _passage(self, copy: Copy, window: Window) -> Hit | None:
        content = self._read(copy, window.path)
        if content is None:
            return None
        lines = content.lines
        last = len(lines) - 1 if lines and not lines[-1] else len(lines)
        end = min(window.end, max(last, 1))
        if window.start > end:
            return None
        text = "\n".join(lines[window.start - 1 : end])
        why = (f"words: {', '.join(window.words)}",)
        return _hit(copy, window.path, content, window.start, end, why, text, window.score)


def _line(content: Content | None, number: int) -> str | None:
    if content is None or number > len(content.lines):
        return None
    return content.lines[number - 1]


def _hit(
    copy: Copy,
    path: str,
    content: Content,
    start: int,
    end: int,
    why: tuple[str, ...],
    text: str,
    score: float,
) -> Hit:
    return Hit(
        project=copy.project,
        working_copy=os.fspath(copy.root),
        path=shown(path),
        start_line=start,
        end_line=end,
        commit=copy.head,
        blob=content.hash,
        dirty=copy.is_dirty(path, content.git_blob),
        score=score,
        why=why,
        text=text,
        language=language_of(path),
        at_ms=_changed_ms(copy, path),
    )


def _changed_ms(copy: Copy, path: str) -> int:
    try:
        return (copy.root / path).lstat().st_mtime_ns // 1_000_000
    except OSError:
        return 0


def _freshness(copy: Copy) -> ProjectFreshness:
    """Read from the disk just now: nothing of it is behind."""
    where = os.fspath(copy.root)
    return ProjectFreshness(copy.project, where, copy.head, copy.head, 0, copy.id)


def _is_meant(repository: WatchedRepository, query: SearchQuery) -> bool:
    named = not query.project or Path(repository.path).name == query.project
    return named and query.working_copy in ("", repository.path, repository.working_copy)


def _passes(copy: Copy, path: str, query: SearchQuery) -> bool:
    if query.language in KNOWN and language_of(path) != query.language:
        return False
    if query.since_ms and _changed_ms(copy, path) < query.since_ms:
        return False
    return not query.path or in_glob(query.path, path)


def in_glob(glob: str, path: str) -> bool:
    """Whether a path in the repository is meant by a glob such as src/**/*.py, or lies below it."""
    try:
        return glob_of("", glob).covers("/" + path)
    except ValueError:
        return fnmatch.fnmatchcase(path, glob)


Search = Callable[[SearchQuery], Awaitable[SearchResult]]
