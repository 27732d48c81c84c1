"""`code_search` and `ask`: places in the code, and answers that cite them."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import Literal

from pydantic import Field

from common.errors import Unavailable
from common.model.answer import AskEnd, AskPassages, AskRequest, AskText, Hit
from common.model.lake import SearchQuery
from developer_node.front import output_answer, output_json
from developer_node.front.mcp import schema
from developer_node.front.mcp.places import hit_uri
from developer_node.front.mcp.schema import CITATION, FLAG, NUMBER, TEXT, many, maybe, record
from developer_node.front.mcp.told import Told
from developer_node.front.mcp.tool import Arguments, Desk, Offer
from developer_node.front.output_json import Json
from developer_node.front.output_page import Line, line
from developer_node.front.output_words import count
from developer_node.front.since import bound_ms

HIT_CHARACTERS_MAX = 4_000
"""Of one place's text; the rest is read as a resource, by its uri."""
WORDS_STEP = 80
"""Characters of an answer between two reports of progress."""


class CodeSearch(Arguments):
    """What `code_search` takes."""

    query: str = Field(min_length=1, description="Words, names, or a question.")
    mode: Literal["fused", "literal", "regex"] = Field(
        "fused", description="By meaning and words together, exactly this text, or this regex."
    )
    k: int = Field(10, ge=1, le=200, description="Places at most.")
    project: str = Field("", description="Only this project, by name.")
    working_copy: str = Field("", description="Only this working copy: its absolute path.")
    path: str = Field("", description="Only such paths: src/**/*.py.")
    language: str = Field("", description="Only this language: python.")
    since: str = Field("", description="Changed since: 2h, 3d, yesterday, 2026-03-01.")


class Ask(Arguments):
    """What `ask` takes."""

    question: str = Field(min_length=1, description="In your own words.")
    project: str = Field("", description="Only this project, by name.")
    model: str = Field("", description="Who is to answer, by name. Empty: left to the Dragon.")
    max_tokens: int = Field(0, ge=0, le=4_096, description="Tokens at most; 0 means 256.")


async def code_search(desk: Desk, asked: CodeSearch) -> Told:
    """The places, best first."""
    query = SearchQuery(
        asked.query,
        asked.mode,
        asked.k,
        asked.project,
        asked.working_copy,
        asked.path,
        asked.language,
        "code",
        bound_ms(asked.since),
    )
    await desk.progress(0, "searching")
    found = await desk.daemon.call(lambda client: client.search(query))
    await desk.progress(1, count(len(found.hits), "place"))
    exact = asked.mode != "fused"
    whole = replace(found, complete=True)  # for else the words of the command are said
    shown = output_answer.found(whole, cwd="", exact=exact, terminal=True)[:-1]
    if not found.complete:
        shown.append(line("This is not all: name a larger k, or narrow it by path or project."))
    data: Json = {"hits": [_hit(each) for each in found.hits], "complete": found.complete}
    return Told(shown, data, found.freshness)


async def ask(desk: Desk, asked: Ask) -> Told:
    """The answer, when it is whole; what has come so far is told as progress."""
    request = AskRequest(asked.question, asked.project, asked.max_tokens, asked.model)
    passages, end, written, told = AskPassages(), None, 0, 0
    await desk.progress(0, "asked")
    async with aclosing(desk.daemon.stream(lambda client: client.ask(request))) as parts:
        async for part in parts:
            match part:
                case AskPassages():
                    passages = part
                    await desk.progress(1, count(len(part.passages), "passage") + " found")
                case AskText(text=text):
                    written += len(text)
                    if written >= told + WORDS_STEP:
                        told = written
                        await desk.progress(1 + written, f"{written} characters written")
                case AskEnd():
                    end = part
    if end is None:
        raise Unavailable("The answer broke off.", hint="Ask again, or look at: postdevai status")
    return Told(_answered(passages, end), _answer(passages, end), passages.freshness)


def _answered(known: AskPassages, end: AskEnd) -> list[Line]:
    lines = [
        *(line(each) for each in end.answer.splitlines()),
        *output_answer.voice(known),
        line(),
        *(_passage(number, hit) for number, hit in enumerate(known.passages, 1)),
    ]
    if not known.passages:
        lines.append(line("Nothing was found that the answer could rest on."))
    return [*lines, *output_answer.after(known, end, end.answer)[:-1]]


def _passage(number: int, hit: Hit) -> Line:
    where = output_answer.place(hit)
    symbol = f"  {hit.symbol}" if hit.symbol else ""
    return line(f"[{number}] {where}{symbol}  {output_answer.at(hit)}")


def _answer(known: AskPassages, end: AskEnd) -> Json:
    data = output_json.ask(known, end)
    for label in ("freshness", "away"):
        data.pop(label, None)
    cited = end.citations or (() if known.model else known.passages)
    return data | {
        "citations": [_citation(each) for each in cited],
        "passages": [_citation(each) | _text(each) for each in known.passages],
        "finish": end.finish,
    }


def _hit(found: Hit) -> Json:
    return output_json.hit(found) | {"uri": hit_uri(found)} | _text(found)


def _citation(found: Hit) -> Json:
    return output_json.citation(found) | {
        "working_copy": found.working_copy or None,
        "uri": hit_uri(found),
    }


def _text(found: Hit) -> Json:
    return {
        "text": found.text[:HIT_CHARACTERS_MAX],
        "cut": len(found.text) > HIT_CHARACTERS_MAX,
    }


_PLACE = CITATION | {"working_copy": maybe(TEXT)}

OFFERS = (
    Offer(
        "code_search",
        "Search the code",
        "Places in the code of every repository that is watched, as indexed, saved but uncommitted"
        " changes included. By meaning and words together (fused), exactly (literal), or by a"
        " regular expression, which find every matching line.",
        CodeSearch,
        schema.answer(
            hits=many(
                record(
                    **_PLACE,
                    symbol=maybe(TEXT),
                    score=NUMBER,
                    why=many(TEXT),
                    language=maybe(TEXT),
                    text=TEXT,
                    cut=FLAG,
                )
            ),
            complete=FLAG,
        ),
        code_search,
    ),
    Offer(
        "ask",
        "Ask about the code",
        "An answer to a question about the code and its past by a model on the developer's own"
        " machines, with the passages that it rests on. Trust the passages before the prose;"
        " without a model the passages are the answer. Reports progress and can be cancelled.",
        Ask,
        schema.answer(
            answer=maybe(TEXT),
            citations=many(record(**_PLACE)),
            passages=many(record(**_PLACE, text=TEXT, cut=FLAG)),
            model=maybe(TEXT),
            demonstration=FLAG,
            without_model=maybe(TEXT),
            note=maybe(TEXT),
            finish=TEXT,
        ),
        ask,
    ),
)
