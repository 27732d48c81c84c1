"""Markdown, HTML and CSS: sections, elements with a name, rules."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter_css
import tree_sitter_html
import tree_sitter_markdown
from tree_sitter import Node

from dragon_node.ingest.grammars.grammar import Grammar, first, of_first, text_of, unquoted


def _heading(node: Node) -> str:
    heading = first(node, "atx_heading", "setext_heading")
    if heading is None:
        return ""
    return text_of(heading.child_by_field_name("heading_content"))


def _identified(node: Node) -> str:
    """An element that can be pointed at: #cart."""
    tag = first(node, "start_tag", "self_closing_tag")
    for attribute in () if tag is None else tag.named_children:
        if text_of(first(attribute, "attribute_name")) in ("id", "name"):
            value = first(attribute, "quoted_attribute_value", "attribute_value")
            return f"#{unquoted(value)}"
    return ""


def _imported(node: Node) -> Iterator[str]:
    value = first(node, "string_value")
    if value is not None:
        yield unquoted(value)


GRAMMARS = (
    Grammar(
        "markdown",
        (".md", ".markdown", ".mdx"),
        tree_sitter_markdown.language,
        {"section": "section"},
        names={"section": _heading},
    ),
    Grammar(
        "html",
        (".html", ".htm", ".xhtml"),
        tree_sitter_html.language,
        {"element": "section"},
        names={"element": _identified},
    ),
    Grammar(
        "css",
        (".css",),
        tree_sitter_css.language,
        {"rule_set": "section", "keyframes_statement": "section"},
        names={
            "rule_set": of_first("selectors"),
            "keyframes_statement": of_first("keyframes_name"),
        },
        imports={"import_statement": _imported},
    ),
)
