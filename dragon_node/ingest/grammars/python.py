"""Python."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter_python
from tree_sitter import Node

from dragon_node.ingest.grammars.grammar import Grammar, text_of


def _imported(node: Node) -> Iterator[str]:
    for child in node.named_children:
        named = child.child_by_field_name("name") if child.type == "aliased_import" else child
        yield text_of(named)


def _imported_from(node: Node) -> Iterator[str]:
    module = node.child_by_field_name("module_name")
    yield from (
        f"{text_of(module)}:{name}"
        for child in node.children_by_field_name("name")
        for name in _imported_name(child)
    )
    if not node.children_by_field_name("name"):
        yield text_of(module)


def _imported_name(child: Node) -> Iterator[str]:
    yield text_of(child.child_by_field_name("name") or child)


GRAMMARS = (
    Grammar(
        "python",
        (".py", ".pyi", ".pyw"),
        tree_sitter_python.language,
        {"function_definition": "function", "class_definition": "class"},
        wrappers=frozenset({"decorated_definition"}),
        methods_in=frozenset({"class_definition"}),
        imports={"import_statement": _imported, "import_from_statement": _imported_from},
    ),
)
