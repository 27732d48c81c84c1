"""Code and diffs with quiet colours, a line each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pygments.token import Token
from rich.syntax import Syntax
from textual.content import Content
from textual.highlight import HighlightTheme, TokenType, highlight

from developer_node.front.tui.plain import one_line, plain, plain_lines

COLOURED_CHARACTERS_MAX = 300_000
"""Above this the text is shown without colours: a lexer would take seconds."""


class QuietHighlight(HighlightTheme):
    """Few colours, no underlines: names stay as they are."""

    STYLES: dict[TokenType, str] = {  # noqa: RUF012 (as textual declares it)
        Token.Comment: "$foreground-muted italic",
        Token.Keyword: "$text-primary",
        Token.Operator.Word: "$text-primary",
        Token.Literal.String: "$text-success",
        Token.Literal.Number: "$text-warning",
        Token.Name.Builtin: "$text-secondary",
        Token.Name.Decorator: "$text-accent",
        Token.Name.Class: "$text-accent bold",
        Token.Name.Function: "bold",
        Token.Name.Tag: "$text-primary",
        Token.Generic.Heading: "bold",
        Token.Generic.Subheading: "bold",
    }


def code_lines(text: str, path: str) -> list[Content]:
    """The text by the language that its path says; as many lines as the text has."""
    if len(text) > COLOURED_CHARACTERS_MAX:
        return plain_lines(text)
    safe = "\n".join(line.expandtabs(4) for line in plain(text).split("\n"))
    language = Syntax.guess_lexer(path)
    if language in ("default", "text"):
        return plain_lines(text)
    wanted = len(plain_lines(text))
    coloured = highlight(safe, language=language, theme=QuietHighlight)
    # textual lays "$text" beneath, which is brighter than the text around the code
    spans = [span for span in coloured.spans if span.style != "$text"]
    lines = Content(coloured.plain, spans).split("\n", allow_blank=True)
    lines += [Content("")] * (wanted - len(lines))
    return lines[:wanted]


@dataclass
class _Hunk:
    path: str
    marks: list[str] = field(default_factory=lambda: list[str]())
    texts: list[str] = field(default_factory=lambda: list[str]())

    def lines(self) -> Iterator[Content]:
        coloured = code_lines("\n".join(self.texts) + "\n", self.path)
        for mark, text in zip(self.marks, coloured, strict=True):
            line = Content.assemble((f"{mark} ", _MARK_STYLE[mark]), text)
            yield line.stylize_before(_LINE_STYLE[mark]) if _LINE_STYLE[mark] else line


_MARK_STYLE = {"+": "$text-success bold", "-": "$text-error bold", " ": ""}
_LINE_STYLE = {"+": "on $success 12%", "-": "on $error 12%", " ": ""}


def diff_lines(diff: str) -> list[Content]:
    """A unified diff: a heading a file, hunks in its language's colours, no lines of git's own."""
    found: list[Content] = []
    hunk: _Hunk | None = None
    path = ""
    for line in plain(diff).split("\n"):
        if hunk is not None and line[:1] in ("+", "-", " "):
            hunk.marks.append(line[0])
            hunk.texts.append(line[1:])
            continue
        if hunk is not None and line.startswith("\\"):
            continue  # "\ No newline at end of file" may stand inside a hunk
        if hunk is not None:
            found.extend(hunk.lines())
            hunk = None
        if line.startswith("@@"):
            found.append(Content.styled(one_line(line), "$foreground-muted"))
            hunk = _Hunk(path)
        elif line.startswith("--- "):
            path = _path(line)
        elif line.startswith("+++ "):
            path = _path(line) or path
            found.append(Content.styled(one_line(path), "bold $text-primary"))
        elif line and not line.startswith(("diff --git", "index ")):
            found.append(Content.styled(one_line(line), "$foreground-muted"))
    if hunk is not None:
        found.extend(hunk.lines())
    return found


def _path(line: str) -> str:
    name = line[4:].split("\t")[0].strip()
    if name == "/dev/null":
        return ""
    return name[2:] if name[:2] in ("a/", "b/") else name
