"""JSON, YAML and TOML: their keys, as deep as people name them."""

from __future__ import annotations

import tree_sitter_json
import tree_sitter_toml
import tree_sitter_yaml
from tree_sitter import Node

from dragon_node.ingest.grammars.grammar import Grammar, of_first, text_of, unquoted

LEVELS = 3
"""Keys within keys: `jobs.build.steps`."""

_table = of_first("bare_key", "dotted_key", "quoted_key")


def _key(node: Node) -> str:
    return unquoted(node.child_by_field_name("key"))


def _mapping_key(node: Node) -> str:
    """A YAML key that is a text; others have no name to look for."""
    key = node.child_by_field_name("key")
    return unquoted(key) if "\n" not in text_of(key) else ""


GRAMMARS = (
    Grammar(
        "json",
        (".json", ".jsonc", ".webmanifest"),
        tree_sitter_json.language,
        {"pair": "key"},
        names={"pair": _key},
        levels_max=LEVELS,
    ),
    Grammar(
        "yaml",
        (".yaml", ".yml"),
        tree_sitter_yaml.language,
        {"block_mapping_pair": "key", "flow_pair": "key"},
        names={"block_mapping_pair": _mapping_key, "flow_pair": _mapping_key},
        levels_max=LEVELS,
    ),
    Grammar(
        "toml",
        (".toml",),
        tree_sitter_toml.language,
        {"table": "section", "table_array_element": "section", "pair": "key"},
        names={"table": _table, "table_array_element": _table, "pair": _table},
        levels_max=LEVELS,
    ),
)
