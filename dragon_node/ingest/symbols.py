"""Definitions and imports of a file, from the nodes that its grammar names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from tree_sitter import Node

from dragon_node.ingest.grammars.grammar import Grammar
from dragon_node.ingest.grammars.known import grammar_of
from dragon_node.lake.records import Symbol, SymbolKind

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
    seen = grammar.seen(text)
    definitions = tuple(_nested(list(_defined(grammar, seen.definitions)), grammar))
    return Outline(definitions, tuple(_imported(grammar, seen.imports)))


def symbols_in(found: tuple[Definition, ...]) -> Iterator[Symbol]:
    """All of them, outer ones first."""
    for definition in found:
        yield definition.symbol
        yield from symbols_in(definition.inside)


@dataclass(frozen=True, slots=True)
class _Named:
    """A node that defines something, with the decorators and `export` around it."""

    node: Node
    outer: Node
    name: str


def _defined(grammar: Grammar, nodes: list[Node]) -> Iterator[_Named]:
    """Those with a name; of several in one wrapper the first is what it wraps."""
    wrapped: set[int] = set()
    for node in nodes:
        name = grammar.name_of(node)
        outer = _outer(grammar, node)
        if name and (outer == node or outer.id not in wrapped):
            wrapped.add(outer.id)
            yield _Named(node, outer, name)


def _outer(grammar: Grammar, node: Node) -> Node:
    while (parent := node.parent) is not None and parent.type in grammar.wrappers:
        node = parent
    return node


def _nested(
    found: list[_Named], grammar: Grammar, prefix: str = "", inside: str = "", level: int = 0
) -> Iterator[Definition]:
    """Definitions with what they hold, from a list in which outer ones come first."""
    at = 0
    while at < len(found) and level < grammar.levels_max:
        one = found[at]
        end = at + 1
        while end < len(found) and found[end].node.end_byte <= one.node.end_byte:
            end += 1
        kind = grammar.kinds[one.node.type]
        if kind == "function" and inside in grammar.methods_in:
            kind = "method"
        symbol = _symbol(one.name, kind, prefix, one.outer)
        held = found[at + 1 : end]
        within = _nested(held, grammar, symbol.qualified, one.node.type, level + 1)
        yield Definition(symbol, symbol.start_line - 1, symbol.end_line - 1, tuple(within))
        at = end


def _imported(grammar: Grammar, nodes: list[Node]) -> dict[str, None]:
    names = (name for node in nodes for name in grammar.imports[node.type](node) if name)
    return dict.fromkeys(islice(names, IMPORTS_MAX))


def _symbol(name: str, kind: SymbolKind, prefix: str, outer: Node) -> Symbol:
    qualified = f"{prefix}.{name}" if prefix else name
    # Go and C++ write the owner into the name: people look for the last part as well.
    own = name.rpartition(".")[2] if kind in ("function", "method") else name
    return Symbol(own, qualified, kind, outer.start_point.row + 1, _last_row(outer) + 1)


def _last_row(node: Node) -> int:
    """Inclusive. A node that ends at the start of a line does not reach into it."""
    end = node.end_point
    return end.row - 1 if end.column == 0 and end.row > node.start_point.row else end.row
