"""Diffs as lines to draw: unified or side by side, in their language's colours, changed words
marked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from textual.content import Content

from developer_node.front.tui.code import code_lines
from developer_node.front.tui.plain import one_line, plain

SIDE_BY_SIDE_COLUMNS = 120
"""From this width on there is room for two."""
WORDS_LINE_MAX = 400
"""Characters of a line in which changed words are looked for."""
WORDS_LINES_MAX = 600
"""Changed lines of a hunk in which they are looked for."""
ALIKE = 0.4
"""Two lines less alike than this have been replaced, not changed."""

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
_MARK_STYLE = {"+": "$text-success bold", "-": "$text-error bold", " ": ""}
_LINE_STYLE = {"+": "on $success 12%", "-": "on $error 12%", " ": ""}
_WORD_STYLE = {"+": "on $success 40%", "-": "on $error 40%"}


@dataclass(frozen=True, slots=True)
class Told:
    """A line of its own: the name of a file, the place of a hunk, what git says."""

    said: Content


@dataclass(frozen=True, slots=True)
class Changed:
    """One line of a hunk."""

    mark: str
    """`+`, `-` or a space."""
    text: Content


@dataclass
class Hunk:
    """Lines that stand together."""

    path: str
    marks: list[str] = field(default_factory=lambda: list[str]())
    texts: list[str] = field(default_factory=lambda: list[str]())

    def lines(self) -> list[Changed]:
        """In colours, changed words marked."""
        coloured = code_lines("\n".join(self.texts) + "\n", self.path)
        for old, new in _pairs(self.marks, self.texts):
            removed, added = changed_words(coloured[old].plain, coloured[new].plain)
            coloured[old] = _marked(coloured[old], removed, _WORD_STYLE["-"])
            coloured[new] = _marked(coloured[new], added, _WORD_STYLE["+"])
        return [Changed(mark, text) for mark, text in zip(self.marks, coloured, strict=True)]


def diff_lines(diff: str) -> list[Content]:
    """A unified diff: a heading a file, hunks in its language's colours, no lines of git's own."""
    found: list[Content] = []
    for part in _parts(diff):
        if isinstance(part, Told):
            found.append(part.said)
            continue
        for line in part.lines():
            text = Content.assemble((f"{line.mark} ", _MARK_STYLE[line.mark]), line.text)
            style = _LINE_STYLE[line.mark]
            found.append(text.stylize_before(style) if style else text)
    return found


def side_by_side(diff: str, width: int) -> list[Content]:
    """What was on the left, what came on the right; a line longer than its half is folded."""
    half = max(10, (width - 3) // 2)
    found: list[Content] = []
    for part in _parts(diff):
        if isinstance(part, Told):
            found.append(part.said)
            continue
        for left, right in _rows(part.lines()):
            found.extend(_beside(left, right, half))
    return found


def changed_words(before: str, after: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Where the two lines differ, in each; nowhere when they have too little in common."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < ALIKE:
        return [], []
    removed: list[tuple[int, int]] = []
    added: list[tuple[int, int]] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "equal":
            removed += _span(old, i1, i2)
            added += _span(new, j1, j2)
    return removed, added


def _marked(text: Content, spans: Sequence[tuple[int, int]], style: str) -> Content:
    for start, end in spans:
        text = text.stylize(style, start, end)
    return text


def _span(words: Sequence[str], start: int, end: int) -> list[tuple[int, int]]:
    first = sum(map(len, words[:start]))
    size = sum(map(len, words[start:end]))
    return [(first, first + size)] if size else []


def _pairs(marks: Sequence[str], texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Removed lines with those added right behind them, one by one in their order."""
    if sum(mark != " " for mark in marks) > WORDS_LINES_MAX:
        return
    at = 0
    while at < len(marks):
        removed = at
        while at < len(marks) and marks[at] == "-":
            at += 1
        added = at
        while at < len(marks) and marks[at] == "+":
            at += 1
        for old, new in zip(range(removed, added), range(added, at), strict=False):
            if max(len(texts[old]), len(texts[new])) <= WORDS_LINE_MAX:
                yield old, new
        if at == removed:
            at += 1


def _rows(lines: Sequence[Changed]) -> Iterator[tuple[Changed | None, Changed | None]]:
    """Context on both sides; a run of removed lines beside the run that was added."""
    at = 0
    while at < len(lines):
        if lines[at].mark == " ":
            yield lines[at], lines[at]
            at += 1
            continue
        removed: list[Changed] = []
        added: list[Changed] = []
        while at < len(lines) and lines[at].mark == "-":
            removed.append(lines[at])
            at += 1
        while at < len(lines) and lines[at].mark == "+":
            added.append(lines[at])
            at += 1
        for row in range(max(len(removed), len(added))):
            yield (
                removed[row] if row < len(removed) else None,
                added[row] if row < len(added) else None,
            )


def _beside(left: Changed | None, right: Changed | None, half: int) -> Iterator[Content]:
    lefts, rights = _cell(left, half), _cell(right, half)
    empty = Content(" " * half)
    for row in range(max(len(lefts), len(rights))):
        yield Content.assemble(
            lefts[row] if row < len(lefts) else empty,
            (" │ ", "$foreground-muted"),
            rights[row] if row < len(rights) else empty,
        )


def _cell(line: Changed | None, half: int) -> list[Content]:
    if line is None:
        return [Content.styled(" " * half, "on $surface")]
    style = _LINE_STYLE[line.mark]
    cells: list[Content] = []
    for row, text in enumerate(line.text.fold(half - 2)):
        mark = (f"{line.mark if row == 0 else ' '} ", _MARK_STYLE[line.mark])
        cell = Content.assemble(mark, text)
        cell = cell.pad_right(half - cell.cell_length)
        cells.append(cell.stylize_before(style) if style else cell)
    return cells


def _parts(diff: str) -> Iterator[Told | Hunk]:
    hunk: Hunk | None = None
    path = ""
    for line in plain(diff).split("\n"):
        if hunk is not None and line[:1] in ("+", "-", " "):
            hunk.marks.append(line[0])
            hunk.texts.append(line[1:])
            continue
        if hunk is not None and line.startswith("\\"):
            continue  # "\ No newline at end of file" may stand inside a hunk
        if hunk is not None:
            yield hunk
            hunk = None
        if line.startswith("@@"):
            yield Told(Content.styled(one_line(line), "$foreground-muted"))
            hunk = Hunk(path)
        elif line.startswith("--- "):
            path = _path(line)
        elif line.startswith("+++ "):
            path = _path(line) or path
            yield Told(Content.styled(one_line(path), "bold $text-primary"))
        elif line and not line.startswith(("diff --git", "index ")):
            yield Told(Content.styled(one_line(line), "$foreground-muted"))
    if hunk is not None:
        yield hunk


def _path(line: str) -> str:
    name = line[4:].split("\t")[0].strip()
    if name == "/dev/null":
        return ""
    return name[2:] if name[:2] in ("a/", "b/") else name
