"""`code_search`: places in the code."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from pydantic import Field

from common.model.lake import SearchQuery, SearchResult
from developer_node.front import output_answer, output_json
from developer_node.front.mcp import cited, schema
from developer_node.front.mcp.schema import FLAG, NUMBER, TEXT, many, maybe, record
from developer_node.front.mcp.told import Told
from developer_node.front.mcp.tool import Arguments, Desk, Offer
from developer_node.front.output_page import Line, line
from developer_node.front.output_words import count
from developer_node.front.since import bound_ms


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
    await desk.progress("searching")
    found = await desk.daemon.call(lambda client: client.search(query))
    await desk.progress(count(len(found.hits), "place"))
    data = {
        "hits": [output_json.hit(each) | cited.passage(each) for each in found.hits],
        "complete": found.complete,
    }
    return Told(_lines(found, exact=asked.mode != "fused"), data, found.freshness)


def _lines(found: SearchResult, *, exact: bool) -> list[Line]:
    if exact or not found.hits:
        whole = replace(found, complete=True)  # for else the words of the command are said
        shown = output_answer.found(whole, cwd="", exact=exact, terminal=True)[:-1]
    else:
        shown = [each for hit in found.hits for each in cited.said(hit)]
    if found.hits and not found.complete:
        shown.append(line("This is not all: name a larger k, or narrow it by path or project."))
    return shown


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
                    **cited.PASSAGE,
                    symbol=maybe(TEXT),
                    score=NUMBER,
                    why=many(TEXT),
                    language=maybe(TEXT),
                )
            ),
            complete=FLAG,
        ),
        code_search,
    ),
)
