"""Java and Kotlin."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter_java
import tree_sitter_kotlin
from tree_sitter import Node

from dragon_node.ingest.grammars.grammar import Grammar, first, text_of


def _imported(node: Node) -> Iterator[str]:
    yield text_of(first(node, "scoped_identifier", "identifier", "qualified_identifier"))


def _companion(node: Node) -> str:
    return text_of(node.child_by_field_name("name")) or "Companion"


def _alias(node: Node) -> str:
    return text_of(node.child_by_field_name("type") or first(node, "identifier"))


GRAMMARS = (
    Grammar(
        "java",
        (".java",),
        tree_sitter_java.language,
        {
            "class_declaration": "class",
            "record_declaration": "class",
            "interface_declaration": "type",
            "enum_declaration": "type",
            "annotation_type_declaration": "type",
            "method_declaration": "method",
            "constructor_declaration": "method",
            "compact_constructor_declaration": "method",
        },
        imports={"import_declaration": _imported},
    ),
    Grammar(
        "kotlin",
        (".kt", ".kts"),
        tree_sitter_kotlin.language,
        {
            "class_declaration": "class",
            "object_declaration": "class",
            "companion_object": "class",
            "function_declaration": "function",
            "type_alias": "type",
        },
        names={"companion_object": _companion, "type_alias": _alias},
        methods_in=frozenset({"class_declaration", "object_declaration", "companion_object"}),
        imports={"import": _imported},
    ),
)
