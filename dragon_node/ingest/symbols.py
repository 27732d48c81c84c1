"""Definitions and imports of a file, by a walk over its syntax tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from dragon_node.ingest.grammars.grammar import Grammar
from dragon_node.ingest.grammars.known import grammar_of
from dragon_node.lake.records import Symbol, SymbolKind

DEPTH_MAX = 200
"""Code nested more deeply than this was made by a machine."""
IMPORTS_MAX = 1_000
"""Of one file."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition as a node of the tree: from its decorators on, with what is in it."""

    symbol: Symbol
    start_row: int
    """From 0."""
    end_row: int
    """Inclusive."""
    inside: tuple[Definition, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """What a file defines, and what it names of others."""

    definitions: tuple[Definition, ...] = ()
    """Those at the top of the file, with what they enclose."""
    imports: tuple[str, ...] = ()
    """`module`, or `module:name` where the name may be a module too; each once."""


def outline(path: str, text: str) -> Outline:
    """Empty for a path that no grammar knows."""
    grammar = grammar_of(path)
    if grammar is None:
        return Outline()
    walk = _Walk(grammar)
    definitions = tuple(walk.below(grammar.parse(text).root_node, _Around(), 0))
    return Outline(definitions, tuple(walk.imports))


def symbols_in(found: tuple[Definition, ...]) -> Iterator[Symbol]:
    """All of them, outer ones first."""
    for definition in found:
        yield definition.symbol
        yield from symbols_in(definition.inside)


@dataclass(frozen=True, slots=True)
class _Around:
    """What a node lies in."""

    prefix: str = ""
    """Qualified name of the definition around it."""
    type: str = ""
    """That definition's node type."""
    level: int = 0
    """How many definitions are around it."""


class _Walk:
    """One pass over a tree."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self.imports: dict[str, None] = {}

    def below(self, node: Node, around: _Around, depth: int) -> Iterator[Definition]:
        """Definitions under a node."""
        if depth > DEPTH_MAX:
            return
        for child in node.named_children:
            self._import(child)
            definition = self._definition(child, child, around, depth)
            if definition is None:
                yield from self.below(child, around, depth + 1)
            else:
                yield definition

    def _definition(
        self, node: Node, outer: Node, around: _Around, depth: int
    ) -> Definition | None:
        """`outer` also covers decorators and `export`."""
        if node.type in self._grammar.wrappers:
            inner = (self._definition(c, outer, around, depth) for c in node.named_children)
            return next((found for found in inner if found is not None), None)
        kind = self._grammar.kinds.get(node.type)
        if kind is None or around.level >= self._grammar.levels_max:
            return None
        name = self._grammar.name_of(node)
        if not name:
            return None
        if kind == "function" and around.type in self._grammar.methods_in:
            kind = "method"
        symbol = _symbol(name, kind, around.prefix, outer)
        inside = _Around(symbol.qualified, node.type, around.level + 1)
        below = tuple(self.below(node, inside, depth + 1))
        return Definition(symbol, symbol.start_line - 1, symbol.end_line - 1, below)

    def _import(self, node: Node) -> None:
        read = self._grammar.imports.get(node.type)
        if read is not None and len(self.imports) < IMPORTS_MAX:
            self.imports |= dict.fromkeys(name for name in read(node) if name)


def _symbol(name: str, kind: SymbolKind, prefix: str, outer: Node) -> Symbol:
    qualified = f"{prefix}.{name}" if prefix else name
    # Go and C++ write the owner into the name: people look for the last part as well.
    own = name.rpartition(".")[2] if kind in ("function", "method") else name
    return Symbol(own, qualified, kind, outer.start_point.row + 1, _last_row(outer) + 1)


def _last_row(node: Node) -> int:
    """Inclusive. A node that ends at the start of a line does not reach into it."""
    end = node.end_point
    return end.row - 1 if end.column == 0 and end.row > node.start_point.row else end.row
