"""Code with quiet colours, a line each."""

from __future__ import annotations

from pygments.token import Token
from rich.syntax import Syntax
from textual.content import Content
from textual.highlight import HighlightTheme, TokenType, highlight

from developer_node.front.tui.plain import plain, plain_lines

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
    return language_lines(text, Syntax.guess_lexer(path))


def language_lines(text: str, language: str) -> list[Content]:
    """The same by the language's name, as Pygments knows it; without colours when it does not."""
    if len(text) > COLOURED_CHARACTERS_MAX:
        return plain_lines(text)
    safe = "\n".join(line.expandtabs(4) for line in plain(text).split("\n"))
    if language in ("", "default", "text"):
        return plain_lines(text)
    wanted = len(plain_lines(text))
    coloured = highlight(safe, language=language, theme=QuietHighlight)
    # textual lays "$text" beneath, which is brighter than the text around the code
    spans = [span for span in coloured.spans if span.style != "$text"]
    lines = Content(coloured.plain, spans).split("\n", allow_blank=True)
    lines += [Content("")] * (wanted - len(lines))
    return lines[:wanted]
