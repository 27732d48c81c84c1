"""Events of one project: by time, kind, place, words and likeness."""

from dragon_node.lake.history.events import (
    SCHEMA,
    Kept,
    add,
    at,
    count,
    remove,
    without_output,
)
from dragon_node.lake.history.paging import page

__all__ = ["SCHEMA", "Kept", "add", "at", "count", "page", "remove", "without_output"]
