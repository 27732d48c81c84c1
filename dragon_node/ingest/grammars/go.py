"""Go."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter_go
from tree_sitter import Node

from dragon_node.ingest.grammars.grammar import Grammar, first, of_field, text_of, unquoted


def _method(node: Node) -> str:
    """Under its receiver's type, as one looks for it: Cart.Total."""
    receiver = node.child_by_field_name("receiver")
    declared = None if receiver is None else first(receiver, "parameter_declaration")
    type_text = text_of(None if declared is None else declared.child_by_field_name("type"))
    owner = type_text.lstrip("*").partition("[")[0]
    return f"{owner}.{of_field(node)}" if owner else of_field(node)


def _path(node: Node) -> Iterator[str]:
    yield unquoted(node.child_by_field_name("path"))


GRAMMARS = (
    Grammar(
        "go",
        (".go",),
        tree_sitter_go.language,
        {
            "function_declaration": "function",
            "method_declaration": "method",
            "type_spec": "type",
            "type_alias": "type",
            "method_elem": "method",
        },
        names={"method_declaration": _method},
        imports={"import_spec": _path},
    ),
)
