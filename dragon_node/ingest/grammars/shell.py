"""Shell, as bash reads it."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter_bash
from tree_sitter import Node

from dragon_node.ingest.grammars.grammar import Grammar, text_of, unquoted


def _sourced(node: Node) -> Iterator[str]:
    arguments = node.children_by_field_name("argument")
    if text_of(node.child_by_field_name("name")) in ("source", ".") and arguments:
        yield unquoted(arguments[0])


GRAMMARS = (
    Grammar(
        "shell",
        (".sh", ".bash", ".zsh", ".ksh", ".bats"),
        tree_sitter_bash.language,
        {"function_definition": "function"},
        imports={"command": _sourced},
        file_names=frozenset({".bashrc", ".bash_profile", ".zshrc", ".profile", ".envrc"}),
    ),
)
