"""Rust."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter_rust
from tree_sitter import Node

from dragon_node.ingest.grammars.grammar import Grammar, of_field, text_of


def _implemented(node: Node) -> str:
    """What is implemented on a type is looked for under the type: Cart.total."""
    return text_of(node.child_by_field_name("type")).partition("<")[0]


def _used(node: Node) -> Iterator[str]:
    used = text_of(node.child_by_field_name("argument"))
    yield used.partition("{")[0].partition(" as ")[0].rstrip(":* ")


def _elsewhere(node: Node) -> Iterator[str]:
    """`mod name;` names a file beside this one."""
    if node.child_by_field_name("body") is None:
        yield f"self::{of_field(node)}"


GRAMMARS = (
    Grammar(
        "rust",
        (".rs",),
        tree_sitter_rust.language,
        {
            "function_item": "function",
            "function_signature_item": "function",
            "struct_item": "type",
            "enum_item": "type",
            "union_item": "type",
            "type_item": "type",
            "trait_item": "type",
            "impl_item": "class",
            "mod_item": "module",
            "macro_definition": "function",
        },
        names={"impl_item": _implemented},
        methods_in=frozenset({"impl_item", "trait_item"}),
        imports={"use_declaration": _used, "mod_item": _elsewhere},
    ),
)
