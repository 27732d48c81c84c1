"""Exact search: literals and regular expressions over files as they are now, complete and exact."""

from dragon_node.lake.substrings.exact import Exact, Found
from dragon_node.lake.substrings.expressions import expression
from dragon_node.lake.substrings.literals import literal
from dragon_node.lake.substrings.search import chunks_with, search

__all__ = ["Exact", "Found", "chunks_with", "expression", "literal", "search"]
