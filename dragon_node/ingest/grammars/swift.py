"""Swift."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter_swift
from tree_sitter import Node

from dragon_node.ingest.grammars.grammar import Grammar, first, text_of


def _imported(node: Node) -> Iterator[str]:
    yield text_of(first(node, "identifier"))


GRAMMARS = (
    Grammar(
        "swift",
        (".swift",),
        tree_sitter_swift.language,
        {
            # Classes, structs, enums, actors and extensions are one node.
            "class_declaration": "class",
            "protocol_declaration": "type",
            "typealias_declaration": "type",
            "function_declaration": "function",
            "protocol_function_declaration": "method",
            "init_declaration": "method",
            "deinit_declaration": "method",
        },
        names={"init_declaration": lambda _: "init", "deinit_declaration": lambda _: "deinit"},
        methods_in=frozenset({"class_declaration", "protocol_declaration"}),
        imports={"import_declaration": _imported},
    ),
)
