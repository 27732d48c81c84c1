"""What a tool says: words for the model, data for programs, and always how fresh both are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mcp_types import CallToolResult, TextContent

from common.errors import PostDevAIError
from common.model.answer import Away, Freshness
from developer_node.front import output_json
from developer_node.front.output_json import Json
from developer_node.front.output_page import Line, plain
from developer_node.front.output_words import freshness_sentence, iso


@dataclass(frozen=True, slots=True)
class Told:
    """A tool's answer."""

    lines: Sequence[Line]
    """For the model, without the line about freshness."""
    data: Json
    """For programs, without the keys about freshness."""
    known: Freshness


def result(told: Told) -> CallToolResult:
    """As it goes to the agent: both forms say how fresh they are, and whether the Dragon spoke."""
    return CallToolResult(
        content=[TextContent(text=words(told.lines, told.known))],
        structured_content=label(told.known) | told.data,
    )


def refusal(error: PostDevAIError) -> CallToolResult:
    """A sentence and what to do next."""
    return CallToolResult(content=[TextContent(text=sentence(error))], is_error=True)


def sentence(error: PostDevAIError) -> str:
    """The same as one text."""
    said = error.message.strip() or type(error).__name__
    return plain("\n".join(filter(None, (said[:1].upper() + said[1:], error.hint))))


def label(known: Freshness) -> Json:
    """The keys that every answer has; they stand first, where no agent cuts an answer short."""
    return {
        "as_of": freshness_sentence(known),
        "away": away(known.away),
        "freshness": output_json.freshness(known),
    }


def away(said: Away | None) -> Json | None:
    """What the laptop says of an answer that the Dragon did not give; None when it did."""
    if said is None:
        return None
    return {
        "source": said.source,
        "sentence": said.sentence,
        "as_of": iso(said.as_of_ms),
        "waiting": said.waiting,
    }


def words(lines: Sequence[Line], known: Freshness) -> str:
    """The lines as text; who answered stands first when it was not the Dragon, how fresh it is
    stands last."""
    said = text(lines)
    fresh = freshness_sentence(known)
    if known.away is not None and known.away.sentence not in said:
        said = f"AWAY: {known.away.sentence}\n{said}"
    return plain(said if said.endswith(fresh) else f"{said}\n{fresh}")


def text(lines: Sequence[Line]) -> str:
    """Without styles."""
    return "\n".join("".join(span.text for span in spans).rstrip() for spans in lines)
