"""`ask`: an answer that cites what it rests on."""

from __future__ import annotations

from contextlib import aclosing

from pydantic import Field

from common.errors import Unavailable
from common.model.answer import AskEnd, AskPassages, AskRequest, AskText
from developer_node.front import output_answer, output_json
from developer_node.front.asking import FOLDED_CHARACTERS
from developer_node.front.mcp import cited, schema
from developer_node.front.mcp.cited import CITED, PASSAGE
from developer_node.front.mcp.schema import FLAG, TEXT, many, maybe, record
from developer_node.front.mcp.told import Told
from developer_node.front.mcp.tool import Arguments, Desk, Offer
from developer_node.front.output_json import Json
from developer_node.front.output_page import Line, line
from developer_node.front.output_words import count

WORDS_STEP = 80
"""Characters of an answer between two reports of progress."""


class Ask(Arguments):
    """What `ask` takes."""

    question: str = Field(min_length=1, description="In your own words.")
    project: str = Field("", description="Only this project, by name.")
    model: str = Field("", description="Who is to answer, by name. Empty: left to the Dragon.")
    max_tokens: int = Field(0, ge=0, le=4_096, description="Tokens at most; 0 means 256.")


async def ask(desk: Desk, asked: Ask) -> Told:
    """The answer, when it is whole; how far it is, is told as progress."""
    request = AskRequest(asked.question, asked.project, asked.max_tokens, asked.model)
    passages, end, written, told = AskPassages(), None, 0, 0
    await desk.progress("asked")

    async def waits() -> None:
        await desk.progress(f"still waiting; {count(written, 'character')} written")

    parts = desk.daemon.stream(lambda client: client.ask(request), waits)
    async with aclosing(parts):
        async for part in parts:
            match part:
                case AskPassages():
                    passages = part
                    await desk.progress(f"{count(len(part.passages), 'passage')} found")
                case AskText(text=text):
                    written += len(text)
                    if written >= told + WORDS_STEP:
                        told = written
                        await desk.progress(f"{count(written, 'character')} written")
                case AskEnd():
                    end = part
    if end is None:
        raise Unavailable("The answer broke off.", hint="Ask again, or look at: postdevai status")
    return Told(_lines(passages, end), _json(passages, end), passages.freshness)


def _lines(known: AskPassages, end: AskEnd) -> list[Line]:
    """Prose that is not to be trusted stands after what is, and is cut short."""
    numbered = enumerate(known.passages, 1)
    passages = [each for number, hit in numbered for each in cited.said(hit, f"[{number}] ")]
    if not passages:
        passages = [line("Nothing was found that the answer could rest on.")]
    voice, after = output_answer.voice(known), output_answer.after(known, end, end.answer)[:-1]
    if known.demonstration:
        return [*voice, *passages, line(), *_prose(end.answer[:FOLDED_CHARACTERS]), *after]
    return [*_prose(end.answer), *voice, line(), *passages, *after]


def _prose(text: str) -> list[Line]:
    return [line(each) for each in text.splitlines()]


def _json(known: AskPassages, end: AskEnd) -> Json:
    data = output_json.ask(known, end)
    for label in ("freshness", "away"):
        data.pop(label, None)
    shown = end.citations or (() if known.model else known.passages)
    return data | {
        "citations": [cited.citation(each) for each in shown],
        "passages": [cited.passage(each) for each in known.passages],
        "finish": end.finish,
    }


OFFERS = (
    Offer(
        "ask",
        "Ask about the code",
        "An answer to a question about the code and its past by a model on the developer's own"
        " machines, with the passages that it rests on. Trust the passages before the prose;"
        " without a model the passages are the answer. Reports progress and can be cancelled.",
        Ask,
        schema.answer(
            answer=maybe(TEXT),
            citations=many(CITED),
            passages=many(record(**PASSAGE)),
            model=maybe(TEXT),
            demonstration=FLAG,
            without_model=maybe(TEXT),
            note=maybe(TEXT),
            finish=TEXT,
        ),
        ask,
    ),
)
