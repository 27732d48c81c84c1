"""What a model wrote in Markdown, as lines to draw: nothing in it can be clicked or fetched but
the markers of passages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from textual.content import Content
from textual.style import Style

from developer_node.front.tui.code import language_lines
from developer_node.front.tui.plain import plain

MUTED = "$foreground-muted"
NESTED_MAX = 8
"""Deeper lists and quotes are not indented any further."""

_MARKER = re.compile(r"\[(\d{1,3})\]")
# HTML is text, and [1] is never the name of an address that stands elsewhere.
_PARSER = (
    MarkdownIt("commonmark", {"html": False, "maxNesting": 100})
    .enable(["table", "strikethrough"])
    .disable(["reference", "html_inline", "html_block"])
)


def markdown_lines(text: str, width: int, cited: int) -> list[Content]:
    """The text wrapped to so many columns; markers from 1 to `cited` open their passage."""
    tree = SyntaxTreeNode(_PARSER.parse(plain(text)))
    return _Drawing(cited).blocks(tree.children, max(10, width), 0)


class _Drawing:
    """One text; knows which markers mean something."""

    def __init__(self, cited: int) -> None:
        self._cited = cited

    def blocks(
        self, nodes: Sequence[SyntaxTreeNode], width: int, depth: int, *, tight: bool = False
    ) -> list[Content]:
        """One below the other, with an empty line between them unless they are tight."""
        lines: list[Content] = []
        for node in nodes:
            if lines and not tight:
                lines.append(Content(""))
            lines += self._block(node, width, depth)
        return lines

    def _block(self, node: SyntaxTreeNode, width: int, depth: int) -> list[Content]:
        match node.type:
            case "heading":
                return _wrapped(self._inline(node).stylize("bold $text-primary"), width)
            case "bullet_list" | "ordered_list":
                return self._list(node, width, depth)
            case "blockquote":
                inner = self.blocks(node.children, max(10, width - 2), depth + 1)
                return [Content.assemble(("▎ ", MUTED), line) for line in inner]
            case "fence" | "code_block":
                return list(_code(node, width))
            case "hr":
                return [Content.styled("─" * min(width, 24), MUTED)]
            case "table":
                return self._table(node, width)
            case _:
                return _wrapped(self._inline(node), width)

    def _list(self, node: SyntaxTreeNode, width: int, depth: int) -> list[Content]:
        first = int(str(node.attrs.get("start", 1))) if node.type == "ordered_list" else 0
        signs = [f"{first + n}. " if first else "• " for n in range(len(node.children))]
        indent = max(map(len, signs), default=2) if depth < NESTED_MAX else 0
        tight = all(child.hidden for item in node.children for child in item.children[:1])
        lines: list[Content] = []
        for sign, item in zip(signs, node.children, strict=True):
            if lines and not tight:
                lines.append(Content(""))
            inner = self.blocks(item.children, max(10, width - indent), depth + 1, tight=tight)
            for row, line in enumerate(inner or [Content("")]):
                before = f"{sign:>{indent}}" if row == 0 else " " * indent
                lines.append(Content.assemble((before, "$text-accent"), line))
        return lines

    def _table(self, node: SyntaxTreeNode, width: int) -> list[Content]:
        rows = [
            [self._inline(cell) for cell in row.children]
            for part in node.children
            for row in part.children
        ]
        columns = max(map(len, rows), default=0)
        widths = [
            max((row[n].cell_length for row in rows if n < len(row)), default=0)
            for n in range(columns)
        ]
        if sum(widths) + 3 * (columns - 1) > width:
            return self._table_in_words(rows, width)
        lines: list[Content] = []
        for number, row in enumerate(rows):
            cells = [cell.pad_right(widths[n] - cell.cell_length) for n, cell in enumerate(row)]
            line = Content.styled(" │ ", MUTED).join(cells)
            lines.append(line.stylize("bold") if number == 0 else line)
            if number == 0:
                lines.append(Content.styled("─┼─".join("─" * each for each in widths), MUTED))
        return lines

    def _table_in_words(self, rows: Sequence[Sequence[Content]], width: int) -> list[Content]:
        """Where there is no room for columns: each cell on a line behind its heading."""
        head, lines = rows[0], list[Content]()
        for row in rows[1:]:
            if lines:
                lines.append(Content(""))
            for name, cell in zip(head, row, strict=False):
                said = Content.assemble((f"{name.plain}: ", MUTED), cell)
                lines += _wrapped(said, width)
        return lines

    def _inline(self, node: SyntaxTreeNode) -> Content:
        said = Content("")
        for child in node.children:
            said = said.append(self._span(child))
        return said

    def _span(self, node: SyntaxTreeNode) -> Content:
        match node.type:
            case "text":
                return self._cite(node.content)
            case "softbreak":
                return Content(" ")
            case "hardbreak":
                return Content("\n")
            case "code_inline":
                return Content.styled(node.content, "$text-secondary")
            case "strong":
                return self._inline(node).stylize("bold")
            case "em":
                return self._inline(node).stylize("italic")
            case "s":
                return self._inline(node).stylize("strike")
            case "link" | "image":
                return self._link(node)
            case _:
                return self._inline(node) if node.children else Content(_content(node))

    def _link(self, node: SyntaxTreeNode) -> Content:
        """What it says and where it would lead, to be read and not to be followed."""
        said = self._inline(node) if node.children else Content(_content(node))
        to = str(node.attrs.get("href") or node.attrs.get("src") or "")
        return said if not to or to == said.plain else said.append_text(f" ({to})", MUTED)

    def _cite(self, text: str) -> Content:
        said = Content(text)
        for found in _MARKER.finditer(text):
            number = int(found.group(1))
            if 1 <= number <= self._cited:
                said = said.stylize("bold $text-accent", found.start(), found.end())
                opens = Style.from_meta({"@click": f"screen.cited({number})"})
                said = said.stylize(opens, found.start(), found.end())
        return said


def _code(node: SyntaxTreeNode, width: int) -> Iterator[Content]:
    language = node.info.split()[0].lower() if node.info.split() else ""
    for line in language_lines(node.content, language):
        for row in line.fold(max(2, width - 2)):
            yield Content.assemble(("│ ", MUTED), row)


def _content(node: SyntaxTreeNode) -> str:
    """Of a node that may have none."""
    return node.content if not node.is_nested else ""


def _wrapped(said: Content, width: int) -> list[Content]:
    return [row for line in said.split("\n", allow_blank=True) for row in line.wrap(width)]
