"""A JSON Schema as llguidance takes it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast

from common.errors import Invalid

WHITESPACE = r"\n? {0,12}"
"""Between JSON's marks: one line's end and its indentation. Without an end a small model fills its
answer with it."""
MULTIPLE_MAX = 10_000
"""Least common multiple of the digits of every multipleOf. llguidance keeps a state for each
remainder: 0.1 s for ten thousand and 30 s for a million, in which no fuel is spent."""


def lark(written: str) -> str:
    """The rule `answer` for this schema; Invalid when it is none, or would take too long."""
    try:
        schema = json.loads(written)
    except (ValueError, RecursionError) as why:
        raise Invalid(f"this JSON Schema is not JSON: {why}", field="json_schema") from why
    if not isinstance(schema, dict):
        raise Invalid("a JSON Schema is a JSON object", field="json_schema")
    together = math.lcm(*_multiples(schema))
    if together > MULTIPLE_MAX:
        raise Invalid(
            f"the multipleOf of this JSON Schema come to {together} together; {MULTIPLE_MAX} are "
            "taken",
            field="json_schema",
        )
    held = cast(dict[str, Any], schema) | {"x-guidance": {"whitespace_pattern": WHITESPACE}}
    return f"answer: %json {json.dumps(held)}\n"


def _multiples(schema: Any) -> Iterator[int]:
    """The digits of every multipleOf: 15 of 0.15."""
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            fields = cast(dict[str, Any], part)
            waiting += fields.values()
            if isinstance(value := fields.get("multipleOf"), int | float) and value > 0:
                digits = Decimal(str(value)).normalize().as_tuple().digits
                yield int("".join(map(str, digits)))
        elif isinstance(part, list):
            waiting += cast(list[Any], part)
