"""What the walk over a syntax tree has to be told of a language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import tree_sitter
from tree_sitter import Node

from dragon_node.lake.records import SymbolKind

NAME_CHARACTERS_MAX = 200
"""A heading or a selector may be longer; a name for it is not."""

Naming = Callable[[Node], str]
"""The name of a definition; empty when it has none, and then it is none."""
Importing = Callable[[Node], Iterable[str]]
"""Modules that a node names: `module`, or `module:name` where the name may be a module too."""


def of_field(node: Node) -> str:
    """What most grammars say under the field `name`."""
    return text_of(node.child_by_field_name("name"))


@dataclass(frozen=True, slots=True)
class Grammar:
    """One language."""

    language: str
    """As hits and filters name it."""
    suffixes: tuple[str, ...]
    load: Callable[[], object]
    """Of the language's wheel."""
    kinds: Mapping[str, SymbolKind]
    """Nodes that define, by type."""
    names: Mapping[str, Naming] = field(default_factory=dict[str, Naming])
    """How a node of this type is named, where it is not by its field `name`."""
    wrappers: frozenset[str] = frozenset()
    """Nodes around a definition that belong to it: decorators, `export`."""
    methods_in: frozenset[str] = frozenset()
    """A function right inside a definition of these types is a method."""
    imports: Mapping[str, Importing] = field(default_factory=dict[str, Importing])
    file_names: frozenset[str] = frozenset()
    """Whole names of files, where no suffix tells."""
    levels_max: int = 100
    """Definitions within definitions: data is nested more deeply than anybody looks for it."""

    def name_of(self, node: Node) -> str:
        """A definition's own name, on one line."""
        name = self.names.get(node.type, of_field)(node)
        return " ".join(name.split())[:NAME_CHARACTERS_MAX]

    def seen(self, text: str) -> Seen:
        """What there is in a text, in the order of the text."""
        language, query = _loaded(self)
        # A parser and a cursor belong to one thread, so each file has its own.
        tree = tree_sitter.Parser(language).parse(text.encode("utf-8", "replace"))
        found = tree_sitter.QueryCursor(query).captures(tree.root_node)
        return Seen(tree, _in_order(found.get(DEFINES)), _in_order(found.get(IMPORTS)))

    def query(self, language: tree_sitter.Language) -> tree_sitter.Query:
        """A pattern for each type of node that is of interest: the search runs in C."""
        wanted = [(kind, DEFINES) for kind in self.kinds] + [
            (kind, IMPORTS) for kind in self.imports
        ]
        # Related languages share a table; a grammar knows only its own part of it.
        known = [
            f"({kind}) @{what}" for kind, what in wanted if language.id_for_node_kind(kind, True)
        ]
        return tree_sitter.Query(language, "\n".join(known))


@dataclass(frozen=True, slots=True)
class Seen:
    """Nodes of interest."""

    tree: tree_sitter.Tree
    """Nodes live as long as their tree."""
    definitions: list[Node]
    imports: list[Node]


DEFINES, IMPORTS = "defines", "imports"
_held: dict[str, tuple[tree_sitter.Language, tree_sitter.Query]] = {}


def _loaded(grammar: Grammar) -> tuple[tree_sitter.Language, tree_sitter.Query]:
    """Made once: both may be used by every thread."""
    if grammar.language not in _held:
        language = tree_sitter.Language(grammar.load())
        _held[grammar.language] = language, grammar.query(language)
    return _held[grammar.language]


def _in_order(nodes: list[Node] | None) -> list[Node]:
    """Outer ones before what they hold."""
    return sorted(nodes or (), key=lambda node: (node.start_byte, -node.end_byte))


def text_of(node: Node | None) -> str:
    """A node's text; empty when there is none."""
    return "" if node is None or node.text is None else node.text.decode("utf-8", "replace")


def first(node: Node, *types: str) -> Node | None:
    """The first child of one of these types."""
    return next((child for child in node.named_children if child.type in types), None)


def of_first(*types: str) -> Naming:
    """Named by the first child of one of these types."""
    return lambda node: text_of(first(node, *types))


def unquoted(node: Node | None) -> str:
    """A string's content."""
    return text_of(node).strip("\"'`<>")


def string_argument(call: Node) -> Iterator[str]:
    """A call's first argument, when it is a plain string."""
    arguments = call.child_by_field_name("arguments")
    if arguments is not None and arguments.named_children:
        argument = arguments.named_children[0]
        if argument.type == "string":
            yield unquoted(argument)
