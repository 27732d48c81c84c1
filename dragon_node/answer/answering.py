"""Answers a question: passages first, then a model's words, then checked citations."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Protocol

from common.errors import PostDevAIError, Unavailable
from common.markers import Markers
from common.model.answer import (
    AskEnd,
    AskPart,
    AskPassages,
    AskRequest,
    AskText,
    Freshness,
    Hit,
)
from common.model.lake import SearchQuery, SearchResult
from common.model.llm import ChatMessage, Generated, GenerationRequest
from dragon_node.answer import chosen, question
from dragon_node.answer.prompt import TEMPLATE_TOKENS, Built, as_text, build_prompt
from dragon_node.answer.retrieval import QUERY_CHARACTERS_MAX, Found, Passage
from dragon_node.inference.models import Speaker

PASSAGES_MAX = 6
EXCLUDING_PASSAGES = 30
"""So many are looked for where some may lie in places that the person excluded."""
SHORT_WORDS = 3
"""A follow-up of at most so many words of its own is looked for with what was asked before."""
TOKENS_DEFAULT = 256
CITED_WITHOUT_NAMING = 3
"""Passages that an answer without any marker ends with, marked as not named by it."""

LOOP_CHARS_MIN = 16
LOOP_CHARS_MAX = 300
"""Length of what is said again and again, for an answer to be ended."""
LOOP_LETTERS_MIN = 6
"""Different characters at its end: a ruled line is not a loop."""

COSINE_ENOUGH = 0.70
"""A passage this close is about the question: with bge, questions about other things reach .69."""
COSINE_WITH_WORDS = 0.64
WORDS_WITH_COSINE = 0.33
"""So is one a little less close that contains this share of the question's words."""
WORDS_ENOUGH = 0.5
"""So is one that contains this share, however close; the only rule before there are vectors."""


class Passages(Protocol):
    """Where passages come from."""

    async def find(self, q: SearchQuery) -> Found:
        """Best first, with how much they know about."""
        ...

    async def search(self, q: SearchQuery) -> SearchResult:
        """Lines, for a file that is wanted whatever it says."""
        ...


class Speakers(Protocol):
    """Where words come from."""

    async def speaker(self, wanted: str = "", *, prepare: bool = True) -> Speaker:
        """Who answers; Unavailable says why nobody does, Missing that there is no such model."""
        ...

    def generate(self, request: GenerationRequest) -> AsyncGenerator[Generated]:
        """Its words; closing the iterator cancels."""
        ...


class Answering:
    """One question at a time for each caller; it keeps nothing between them."""

    def __init__(self, retrieval: Passages, models: Speakers) -> None:
        self._retrieval = retrieval
        self._models = models

    async def ask(self, request: AskRequest) -> AsyncGenerator[AskPart]:
        """AskPassages, AskText as it comes, AskEnd. Closing the iterator cancels the model."""
        hits, freshness = await self._passages(request)
        if not hits:
            yield AskPassages(freshness=freshness, without_model="nothing is close enough")
            yield AskEnd(answer=not_found(request.project, freshness, request.excluded))
            return
        try:
            speaker = await self._models.speaker(request.model, prepare=not request.preview)
        except Unavailable as why:
            yield AskPassages(hits, freshness, without_model=_silence(why))
            yield AskEnd(citations=_unnamed(hits, "no model spoke"))
            return
        built = build_prompt(
            request.question,
            hits,
            speaker.prompt_tokens,
            speaker.count,
            before=request.before,
            note=request.note,
        )
        entry = speaker.entry
        first = AskPassages(hits, freshness, entry.name, entry.demonstration)
        if request.preview:
            yield dataclasses.replace(first, prompt=as_text(built.messages))
            tokens = _tokens(built.messages, speaker)
            yield AskEnd(citations=hits[: built.used], prompt_tokens=tokens)
            return
        yield first
        async with aclosing(self._speak(request, hits, built, speaker)) as parts:
            async for part in parts:
                yield part

    async def _passages(self, request: AskRequest) -> tuple[tuple[Hit, ...], Freshness]:
        """Pinned files first, then what is about the question; nothing of what is excluded."""
        asked = request.question[:QUERY_CHARACTERS_MAX]
        earlier = request.before[-1].question if request.before else ""
        joined = f"{earlier} {asked}".strip()[:QUERY_CHARACTERS_MAX]
        of_itself = not earlier or len(question.content_words(asked)) > SHORT_WORDS
        hits, freshness = await self._found(asked if of_itself else joined, request)
        if not hits and earlier and of_itself:
            hits, freshness = await self._found(joined, request)
        pinned = await self._pinned(asked if of_itself else joined, request)
        return chosen.without_repeats((*pinned, *hits)), freshness

    async def _found(self, asked: str, request: AskRequest) -> tuple[tuple[Hit, ...], Freshness]:
        k = EXCLUDING_PASSAGES if request.excluded else PASSAGES_MAX
        found = await self._retrieval.find(SearchQuery(asked, k=k, project=request.project))
        hits = [p.hit for p in found.passages if supports(p, asked)]
        return chosen.kept(hits, request.excluded)[:PASSAGES_MAX], found.freshness

    async def _pinned(self, asked: str, request: AskRequest) -> list[Hit]:
        k = chosen.each_of_pinned(request.pinned)
        hits: list[Hit] = []
        for path in request.pinned:
            within = SearchQuery(
                asked, k=k, project=request.project, path=chosen.within_file(path), kind="code"
            )
            found = await self._retrieval.find(within)
            best = chosen.of_file([passage.hit for passage in found.passages], path)
            if not best:  # nothing in it comes close, and it was asked for all the same
                lines = await self._retrieval.search(chosen.beginning_query(path, request.project))
                best = chosen.beginning(chosen.of_file(lines.hits, path))
            hits += [chosen.pinned_hit(hit) for hit in chosen.kept(best, request.excluded)]
        return hits

    async def _speak(
        self, request: AskRequest, hits: Sequence[Hit], built: Built, speaker: Speaker
    ) -> AsyncGenerator[AskPart]:
        prompt = GenerationRequest(
            speaker.entry.name, built.messages, max_tokens=request.max_tokens or TOKENS_DEFAULT
        )
        markers = Markers(built.used)
        last, note = Generated(""), ""
        try:
            async with aclosing(self._models.generate(prompt)) as pieces:
                async for last in pieces:
                    note = note or last.instead
                    if shown := markers.feed(last.text):
                        yield AskText(shown)
                    if is_looping(markers.shown):
                        last = _cut_short(built.messages, markers.shown, speaker)
                        break
        except PostDevAIError as why:  # the passages stay an answer
            note = _silence(why)
        if shown := markers.flush():
            yield AskText(shown)
        yield AskEnd(
            answer=markers.shown,
            citations=_citations(hits, markers.cited),
            finish=last.finish if last.finish in ("stop", "length") else "none",
            completion_tokens=last.completion_tokens,
            prompt_tokens=last.prompt_tokens,
            cached_tokens=last.cached_tokens,
            note=note,
        )


def supports(passage: Passage, asked: str) -> bool:
    """Whether a passage is about the question at all, by meaning, name, text or words."""
    evidence = passage.evidence
    if evidence.symbol or evidence.substring:
        return True
    cosine = evidence.cosine or 0.0
    words = len(passage.words) / max(1, len(question.content_words(asked)))
    near = cosine >= COSINE_WITH_WORDS and words >= WORDS_WITH_COSINE
    return cosine >= COSINE_ENOUGH or near or words >= WORDS_ENOUGH


def is_looping(text: str) -> bool:
    """Whether the end of a text has just been said three times: small models never stop then."""
    return len(set(text[-LOOP_CHARS_MIN:])) >= LOOP_LETTERS_MIN and any(
        text[-period:] == text[-2 * period : -period] == text[-3 * period : -2 * period]
        for period in range(LOOP_CHARS_MIN, min(LOOP_CHARS_MAX, len(text) // 3) + 1)
    )


def not_found(project: str, freshness: Freshness, excluded: Sequence[str] = ()) -> str:
    """What is said instead of an answer, with how much was looked at."""
    where = project or ", ".join(_places(freshness)[:5]) or "the lake"
    if not freshness.projects and not freshness.asleep:
        return f"not found in {where}: nothing is indexed yet"
    if unknown := _not_looked_at(freshness):
        return f"not found in {where} so far: {'; '.join(unknown)}"
    if excluded:
        return f"not found in {where}: nothing outside of what you excluded comes close"
    return f"not found in {where}: nothing indexed there comes close to the question"


def _not_looked_at(freshness: Freshness) -> list[str]:
    """Why what was not found may be there all the same, in sentences."""
    out = [f"could not be asked: {each}" for each in freshness.not_asked]
    if freshness.asleep:
        out.append(f"asleep and not asked: {', '.join(freshness.asleep[:5])}")
    several = len(freshness.projects) > 1
    for copy, name in zip(freshness.projects, _labels(freshness), strict=True):
        of = f" of {name}" if several else ""
        if copy.files_behind < 0:
            out.append(f"the first scan{of} still runs")
        elif copy.files_behind > 0:
            out.append(f"{copy.files_behind} files{of} are not indexed yet")
    if freshness.words_behind:
        out.append(f"words lack {freshness.words_behind} records")
    if freshness.vectors_share < 1.0 and not freshness.not_asked:
        share = f"{freshness.vectors_share * 100:.0f} %"
        out.append(f"{share} of it can be searched by meaning, all by words")
    return out


def _places(freshness: Freshness) -> list[str]:
    """The projects that were asked, each once; the working copies where one has several."""
    return list(dict.fromkeys(sorted(_labels(freshness))))


def _labels(freshness: Freshness) -> list[str]:
    """What each working copy is called: by its project, and by its path where there are two."""
    times = Counter(copy.project for copy in freshness.projects)
    return [
        f"{copy.project} ({copy.working_copy})" if times[copy.project] > 1 else copy.project
        for copy in freshness.projects
    ]


def _silence(why: PostDevAIError) -> str:
    return f"{why.message}; {why.hint}" if why.hint else why.message


def _cut_short(messages: Sequence[ChatMessage], said: str, speaker: Speaker) -> Generated:
    """The last piece of an answer that was ended here, counted as its model counts."""
    return Generated("", "length", _tokens(messages, speaker), speaker.count(said))


def _tokens(messages: Sequence[ChatMessage], speaker: Speaker) -> int:
    return TEMPLATE_TOKENS + sum(speaker.count(m.content) for m in messages)


def _citations(hits: Sequence[Hit], cited: Sequence[int]) -> tuple[Hit, ...]:
    if cited:
        return tuple(hits[number - 1] for number in cited)
    return _unnamed(hits, "the answer names no passage")


def _unnamed(hits: Sequence[Hit], why: str) -> tuple[Hit, ...]:
    """The best passages, each saying first that no answer names it: there are lines to open."""
    return tuple(dataclasses.replace(h, why=(why, *h.why)) for h in hits[:CITED_WITHOUT_NAMING])
