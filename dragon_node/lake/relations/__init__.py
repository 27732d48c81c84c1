"""Relations between files, symbols, commits, events, failures, remedies and sessions.

What can be read off a table that is there anyway is read off it: definitions from the symbols,
what changed together from commits, remedies from the failure memory. The rest is kept as evidence,
one row for each event that bears a relation out, so that a relation goes with its last evidence.
"""

from dragon_node.lake.relations.imports import Hearing
from dragon_node.lake.relations.schema import SCHEMA
from dragon_node.lake.relations.telling import apply, forget, settle

__all__ = ["SCHEMA", "Hearing", "apply", "forget", "settle"]
