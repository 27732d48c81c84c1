"""SQL."""

from __future__ import annotations

import tree_sitter_sql
from tree_sitter import Node

from dragon_node.ingest.grammars.grammar import Grammar, of_first, text_of

_named = of_first("object_reference")


def _index(node: Node) -> str:
    return text_of(node.child_by_field_name("column")) or _named(node)


GRAMMARS = (
    Grammar(
        "sql",
        (".sql", ".ddl"),
        tree_sitter_sql.language,
        {
            "create_table": "type",
            "create_view": "type",
            "create_materialized_view": "type",
            "create_type": "type",
            "create_index": "type",
            "create_function": "function",
            "create_procedure": "function",
            "create_trigger": "function",
        },
        names={
            "create_table": _named,
            "create_view": _named,
            "create_materialized_view": _named,
            "create_type": _named,
            "create_index": _index,
            "create_function": _named,
            "create_procedure": _named,
            "create_trigger": _named,
        },
        wrappers=frozenset({"statement"}),
    ),
)
