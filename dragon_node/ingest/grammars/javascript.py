"""JavaScript and TypeScript."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import tree_sitter_javascript
import tree_sitter_typescript
from tree_sitter import Node

from dragon_node.ingest.grammars.grammar import Grammar, string_argument, text_of, unquoted
from dragon_node.lake.records import SymbolKind

_CALLS = frozenset({"require", "import"})
_FUNCTION_VALUES = frozenset({"arrow_function", "function_expression", "generator_function"})

_KINDS: dict[str, SymbolKind] = {
    "function_declaration": "function",
    "generator_function_declaration": "function",
    "function_signature": "function",
    "class_declaration": "class",
    "abstract_class_declaration": "class",
    "method_definition": "method",
    "method_signature": "method",
    "abstract_method_signature": "method",
    "interface_declaration": "type",
    "type_alias_declaration": "type",
    "enum_declaration": "type",
    "internal_module": "type",
    "lexical_declaration": "function",
    "variable_declaration": "function",
    "field_definition": "method",
    "public_field_definition": "method",
    "assignment_expression": "function",
}


def _assigned(node: Node) -> str:
    """`const name = () => ...` is how much of JavaScript defines functions."""
    for declarator in node.named_children:
        value = declarator.child_by_field_name("value")
        if value is not None and (value.type in _FUNCTION_VALUES or value.type == "class"):
            return text_of(declarator.child_by_field_name("name"))
    return ""


def _exported(node: Node) -> str:
    """`exports.name = function () ...` and `Cart.prototype.total = ...` name what they assign."""
    value = node.child_by_field_name("right")
    if value is None or value.type not in _FUNCTION_VALUES:
        return ""
    target = text_of(node.child_by_field_name("left")).replace(".prototype.", ".")
    return target.removeprefix("module.").removeprefix("exports.") if "(" not in target else ""


def _field(node: Node) -> str:
    """A class's field is looked for by name when it holds a function."""
    value = node.child_by_field_name("value")
    if value is None or value.type not in _FUNCTION_VALUES:
        return ""
    return text_of(node.child_by_field_name("name") or node.child_by_field_name("property"))


def _source(node: Node) -> Iterator[str]:
    source = node.child_by_field_name("source")
    if source is not None:
        yield unquoted(source)


def _called(node: Node) -> Iterator[str]:
    if text_of(node.child_by_field_name("function")) in _CALLS:
        yield from string_argument(node)


def _grammar(language: str, suffixes: tuple[str, ...], load: Callable[[], object]) -> Grammar:
    return Grammar(
        language,
        suffixes,
        load,
        _KINDS,
        names={
            "lexical_declaration": _assigned,
            "variable_declaration": _assigned,
            "field_definition": _field,
            "public_field_definition": _field,
            "assignment_expression": _exported,
        },
        wrappers=frozenset({"export_statement", "ambient_declaration", "expression_statement"}),
        imports={
            "import_statement": _source,
            "export_statement": _source,
            "call_expression": _called,
        },
    )


GRAMMARS = (
    _grammar("javascript", (".js", ".jsx", ".mjs", ".cjs"), tree_sitter_javascript.language),
    _grammar("typescript", (".ts", ".mts", ".cts"), tree_sitter_typescript.language_typescript),
    _grammar("tsx", (".tsx",), tree_sitter_typescript.language_tsx),
)
