"""C and C++."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter_c
import tree_sitter_cpp
from tree_sitter import Node

from dragon_node.ingest.grammars.grammar import Grammar, of_field, text_of, unquoted
from dragon_node.lake.records import SymbolKind


def _declared(node: Node) -> str:
    """The name within pointers, references and parameters: `static int *total(...)`."""
    at: Node | None = node.child_by_field_name("declarator")
    while at is not None:
        inner = at.child_by_field_name("declarator")
        if inner is None:
            inner = next((c for c in at.named_children if c.type.endswith("_declarator")), None)
        if inner is None:
            return text_of(at).replace("::", ".")
        at = inner
    return ""


def _with_body(node: Node) -> str:
    """`struct item x;` uses a type, `struct item { ... }` defines it."""
    return "" if node.child_by_field_name("body") is None else of_field(node)


def _renamed(node: Node) -> str:
    """`typedef struct { ... } cart_t;`; the struct within has its own name, if any."""
    return text_of(node.child_by_field_name("declarator"))


def _included(node: Node) -> Iterator[str]:
    yield unquoted(node.child_by_field_name("path"))


_KINDS: dict[str, SymbolKind] = {
    "function_definition": "function",
    "preproc_function_def": "function",
    "struct_specifier": "type",
    "union_specifier": "type",
    "enum_specifier": "type",
    "type_definition": "type",
}
_NAMES = {
    "function_definition": _declared,
    "struct_specifier": _with_body,
    "union_specifier": _with_body,
    "enum_specifier": _with_body,
    "type_definition": _renamed,
}
_CPP_KINDS: dict[str, SymbolKind] = {
    "class_specifier": "class",
    "namespace_definition": "module",
    "alias_declaration": "type",
    "concept_definition": "type",
}

GRAMMARS = (
    Grammar(
        "c", (".c",), tree_sitter_c.language, _KINDS, _NAMES, imports={"preproc_include": _included}
    ),
    Grammar(
        "cpp",
        # A header may be either: C++ reads nearly all of C.
        (".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx", ".h", ".ipp", ".inl"),
        tree_sitter_cpp.language,
        _KINDS | _CPP_KINDS,
        _NAMES | {"class_specifier": _with_body},
        wrappers=frozenset({"template_declaration"}),
        methods_in=frozenset({"class_specifier", "struct_specifier"}),
        imports={"preproc_include": _included},
    ),
)
