"""Definitions in a file, by tree-sitter: Python, JavaScript and TypeScript."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath

import tree_sitter
import tree_sitter_javascript
import tree_sitter_python
import tree_sitter_typescript

from dragon_node.lake.records import Symbol, SymbolKind

DEPTH_MAX = 200
"""Code nested more deeply than this was made by a machine."""

_LANGUAGES = {
    ".py": "python",
    ".pyi": "python",
    ".js": "javascript",
    ".jsx": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".ts": "typescript",
    ".mts": "typescript",
    ".cts": "typescript",
    ".tsx": "tsx",
}
_KINDS: dict[str, SymbolKind] = {
    "function_definition": "function",
    "class_definition": "class",
    "function_declaration": "function",
    "generator_function_declaration": "function",
    "function_signature": "function",
    "class_declaration": "class",
    "abstract_class_declaration": "class",
    "method_definition": "method",
    "method_signature": "method",
    "abstract_method_signature": "method",
    "interface_declaration": "type",
    "type_alias_declaration": "type",
    "enum_declaration": "type",
}
_WRAPPERS = frozenset({"decorated_definition", "export_statement", "ambient_declaration"})
_FUNCTION_VALUES = frozenset({"arrow_function", "function_expression", "class"})


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition as a node of the tree: from its decorators on, with what is in it."""

    symbol: Symbol
    start_row: int
    """From 0."""
    end_row: int
    """Inclusive."""
    inside: tuple[Definition, ...]


def language_of(path: str) -> str:
    """The grammar for a path; empty when there is none."""
    return _LANGUAGES.get(PurePosixPath(path).suffix.lower(), "")


def definitions(path: str, text: str) -> tuple[Definition, ...]:
    """Those at the top of the file, with what they enclose; none for other languages."""
    language = language_of(path)
    if not language:
        return ()
    # A parser belongs to one thread; a grammar does not.
    tree = tree_sitter.Parser(_grammar(language)).parse(text.encode("utf-8", "replace"))
    return tuple(_below(tree.root_node, "", 0))


def symbols_in(found: tuple[Definition, ...]) -> Iterator[Symbol]:
    """All of them, outer ones first."""
    for definition in found:
        yield definition.symbol
        yield from symbols_in(definition.inside)


def _below(node: tree_sitter.Node, prefix: str, depth: int) -> Iterator[Definition]:
    if depth > DEPTH_MAX:
        return
    for child in node.named_children:
        definition = _definition(child, child, prefix, depth)
        if definition is not None:
            yield definition
        else:
            yield from _below(child, prefix, depth + 1)


def _definition(
    node: tree_sitter.Node, outer: tree_sitter.Node, prefix: str, depth: int
) -> Definition | None:
    """`outer` also covers decorators and `export`."""
    if node.type in _WRAPPERS:
        for child in node.named_children:
            found = _definition(child, outer, prefix, depth)
            if found is not None:
                return found
        return None
    if node.type in ("lexical_declaration", "variable_declaration"):
        return _assigned_function(node, outer, prefix, depth)
    kind = _KINDS.get(node.type)
    return None if kind is None else _made(node, outer, kind, prefix, depth)


def _assigned_function(
    node: tree_sitter.Node, outer: tree_sitter.Node, prefix: str, depth: int
) -> Definition | None:
    """`const name = () => ...` is how much of JavaScript defines functions."""
    for declarator in node.named_children:
        value = declarator.child_by_field_name("value")
        if value is not None and value.type in _FUNCTION_VALUES:
            kind: SymbolKind = "class" if value.type == "class" else "function"
            return _made(declarator, outer, kind, prefix, depth)
    return None


def _made(
    node: tree_sitter.Node, outer: tree_sitter.Node, kind: SymbolKind, prefix: str, depth: int
) -> Definition | None:
    named = node.child_by_field_name("name")
    if named is None or named.text is None:
        return None
    name = named.text.decode("utf-8", "replace")
    qualified = f"{prefix}.{name}" if prefix else name
    if kind == "function" and node.type == "function_definition" and _in_class(outer):
        kind = "method"
    first, last = outer.start_point.row, outer.end_point.row
    symbol = Symbol(name, qualified, kind, first + 1, last + 1)
    return Definition(symbol, first, last, tuple(_below(node, qualified, depth + 1)))


def _in_class(node: tree_sitter.Node) -> bool:
    block = node.parent
    return (
        block is not None and block.parent is not None and (block.parent.type == "class_definition")
    )


@cache
def _grammar(language: str) -> tree_sitter.Language:
    grammars = {
        "python": tree_sitter_python.language,
        "javascript": tree_sitter_javascript.language,
        "typescript": tree_sitter_typescript.language_typescript,
        "tsx": tree_sitter_typescript.language_tsx,
    }
    return tree_sitter.Language(grammars[language]())
