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

    def parse(self, text: str) -> tree_sitter.Tree:
        """The tree. A parser belongs to one thread, so each file has its own."""
        return tree_sitter.Parser(tree_sitter.Language(self.load())).parse(
            text.encode("utf-8", "replace")
        )


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
