"""Ruby."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter_ruby
from tree_sitter import Node

from dragon_node.ingest.grammars.grammar import Grammar, string_argument, text_of

_LEADS = {"require": "", "require_relative": "./", "load": ""}


def _required(node: Node) -> Iterator[str]:
    lead = _LEADS.get(text_of(node.child_by_field_name("method")))
    if lead is not None:
        yield from (lead + module for module in string_argument(node))


GRAMMARS = (
    Grammar(
        "ruby",
        (".rb", ".rake", ".gemspec", ".ru"),
        tree_sitter_ruby.language,
        {
            "module": "module",
            "class": "class",
            "method": "function",
            "singleton_method": "method",
        },
        methods_in=frozenset({"class", "module"}),
        imports={"call": _required},
        file_names=frozenset({"Gemfile", "Rakefile", "Podfile", "Vagrantfile"}),
    ),
)
