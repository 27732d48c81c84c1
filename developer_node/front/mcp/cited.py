"""A place in the code, or something that happened, as a search or an answer names it."""

from __future__ import annotations

from common.model.answer import Hit
from developer_node.front import output_answer, output_json
from developer_node.front.mcp.places import hit_uri
from developer_node.front.mcp.schema import CITATION, FLAG, TEXT, Schema, maybe, record
from developer_node.front.output_json import Json
from developer_node.front.output_page import Line, line
from developer_node.front.output_words import count, place, when

TEXT_CHARACTERS_MAX = 4_000
"""Of one place's text, as data; the rest is read as a resource, by its uri."""
TEXT_LINES_MAX = 20
"""Of one place's text, in words."""

PLACE: dict[str, Schema] = CITATION | {
    "working_copy": maybe(TEXT),
    "kind": TEXT,
    "event": maybe(TEXT),
}
CITED = record(**PLACE)
PASSAGE: dict[str, Schema] = PLACE | {"text": TEXT, "cut": FLAG}


def citation(found: Hit) -> Json:
    """Where it is."""
    return output_json.citation(found) | {
        "working_copy": found.working_copy or None,
        "kind": found.kind,
        "event": found.event or None,
        "uri": hit_uri(found),
    }


def passage(found: Hit) -> Json:
    """Where it is, and its text as far as there is room for it."""
    return citation(found) | {
        "text": found.text[:TEXT_CHARACTERS_MAX],
        "cut": len(found.text) > TEXT_CHARACTERS_MAX,
    }


def said(found: Hit, mark: str = "") -> list[Line]:
    """The same for the model: where, why it was found, and its first lines."""
    if found.kind == "code":
        symbol = f"  {found.symbol}" if found.symbol else ""
        where = f"{place(found)}{symbol}  {output_answer.at(found)}"
    else:
        where = f"{found.kind} {found.event} of {when(found.at_ms)}, in {found.project or 'none'}"
    why = f"  ({', '.join(found.why)})" if found.why else ""
    lines = found.text.splitlines()
    shown = [line(f"{mark}{where}{why}"), *(line(f"    {each}") for each in lines[:TEXT_LINES_MAX])]
    left = len(lines) - TEXT_LINES_MAX
    return [*shown, line(f"    … {count(left, 'more line')}")] if left > 0 else shown
