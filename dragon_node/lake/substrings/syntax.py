"""The parse tree of `re`, which is what an expression means here.

typeshed does not know these modules, and every other room names what it needs of them here.
"""

from __future__ import annotations

import importlib
import re
from functools import lru_cache
from typing import Any

from common.errors import Invalid

parser: Any = importlib.import_module("re._parser")
op: Any = importlib.import_module("re._constants")
compiler: Any = importlib.import_module("re._compiler")

Node = tuple[Any, Any]
"""An operation and its argument."""

ONE_CHARACTER = (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN)
"""Operations that match exactly one character."""
REPEATS = {op.MAX_REPEAT: "", op.MIN_REPEAT: "?", op.POSSESSIVE_REPEAT: "+"}
_KINDS = re.ASCII | re.LOCALE | re.UNICODE


@lru_cache(maxsize=64)
def parsed(pattern: str) -> Any:
    """The tree. Invalid when `re` refuses the expression."""
    try:
        re.compile(pattern)
        return parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise Invalid(f"not a regular expression: {error}", field="query") from error


def within(flags: int, added: int, removed: int) -> int:
    """The flags inside a group that adds some and removes others."""
    if added & _KINDS:
        flags &= ~_KINDS
    return (flags | added) & ~removed
