"""Questions and verdicts, answered and kept by this laptop where the Dragon is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import PurePosixPath

from common.clock import Clock
from common.errors import PostDevAIError, Unavailable
from common.markers import Markers
from common.model.answer import AskEnd, AskPart, AskPassages, AskRequest, AskText, Freshness, Hit
from common.model.failure import Recollection, Verdict
from common.model.lake import SearchQuery
from developer_node.away.answers import Answer, Answers
from developer_node.away.lake import NearLake
from developer_node.away.local_model import LocalModel
from developer_node.away.places import Places
from developer_node.away.ports import Assistant, Mirror
from developer_node.away.presence import Absent, Presence
from developer_node.away.prompt import as_text, messages
from developer_node.away.searching import Files
from developer_node.away.settings import AwaySettings
from developer_node.away.verdicts import Verdicts

log = logging.getLogger(__name__)

PASSAGES_MAX = 8
TOKENS = 256


class NearAssistant:
    """The Dragon's voice while it is there; passages, a kept answer or a small model else."""

    def __init__(
        self,
        dragon: Assistant,
        presence: Presence,
        lake: NearLake,
        mirror: Mirror,
        files: Files,
        places: Places,
        verdicts: Verdicts,
        answers: Answers,
        settings: Callable[[], AwaySettings],
        clock: Clock,
    ) -> None:
        self._dragon = dragon
        self._presence = presence
        self._lake = lake
        self._mirror = mirror
        self._files = files
        self._places = places
        self._verdicts = verdicts
        self._answers = answers
        self._settings = settings
        self._clock = clock

    async def feedback(self, remedy_id: str, verdict: Verdict) -> None:
        """Told to the Dragon, or kept on disk until it can be; never before an earlier one."""
        if not self._verdicts.waiting and not self._presence.away:
            try:
                await self._presence.ask(
                    lambda: self._dragon.feedback(remedy_id, verdict), again=False
                )
                return
            except Unavailable as error:
                log.info("a verdict waits: %s", error.message)
        await self._verdicts.keep(remedy_id, verdict)
        try:
            await self._mirror.judge(remedy_id, verdict)
        except PostDevAIError as error:
            log.info("the mirror does not know a remedy: %s", error.message)

    async def ask(self, request: AskRequest) -> AsyncGenerator[AskPart, None]:
        """The parts of an answer. One that began with the Dragon is not gone on with here."""
        try:
            stream, first = await self._presence.ask(lambda: self._began(request))
        except Absent:
            stream, first = self._here(request), None
        else:
            stream = self._rest(request, stream, first)
        async with aclosing(stream) as parts:
            async for part in parts:
                yield part

    async def _began(
        self, request: AskRequest
    ) -> tuple[AsyncGenerator[AskPart, None], AskPart | None]:
        """A call may be made again before its first part: each try has a stream of its own."""
        stream = self._dragon.ask(request)
        try:
            return stream, await anext(stream, None)
        except BaseException:
            await stream.aclose()
            raise

    async def _rest(
        self, request: AskRequest, stream: AsyncGenerator[AskPart, None], first: AskPart | None
    ) -> AsyncGenerator[AskPart, None]:
        """The Dragon's parts; what it says whole is kept for the time without it."""
        passages: AskPassages | None = None
        async with aclosing(stream):
            part = first
            while part is not None:
                if isinstance(part, AskPassages):
                    passages = part
                    self._places.note(part.passages)
                if isinstance(part, AskEnd) and passages is not None:
                    await self._keep(request, passages, part)
                yield part
                part = await self._presence.ask(lambda: _next(stream), again=False)

    async def _keep(self, request: AskRequest, known: AskPassages, end: AskEnd) -> None:
        if end.finish != "stop" or not end.answer.strip() or not known.model:
            return
        keys = [(hit.blob, hit.event, hit.path, hit.start_line) for hit in known.passages]
        named = [(hit.blob, hit.event, hit.path, hit.start_line) for hit in end.citations]
        cited = tuple(keys.index(key) + 1 for key in named if key in keys)
        answer = Answer(
            *(request.question, end.answer, known.model, self._clock.now_ms()),
            passages=known.passages,
            cited=cited,
        )
        try:
            await asyncio.to_thread(self._answers.keep, request, answer)
        except OSError as error:  # a full disk costs no answer that is already given
            log.warning("an answer is not kept: %s", error)

    async def _here(self, request: AskRequest) -> AsyncGenerator[AskPart, None]:
        roots = [copy.root for copy in await self._files.copies()]
        kept = await asyncio.to_thread(
            self._answers.find, request, lambda hit: self._places.holds(hit, roots)
        )
        stream = self._kept(kept) if kept is not None else self._made(request)
        async with aclosing(stream) as parts:
            async for part in parts:
                yield part

    async def _kept(self, kept: Answer) -> AsyncGenerator[AskPart, None]:
        away = await self._lake.away("cache", as_of_ms=kept.at_ms)
        yield AskPassages(kept.passages, Freshness(away=away), kept.model)
        yield AskText(kept.answer)
        cited = tuple(kept.passages[n - 1] for n in kept.cited if n <= len(kept.passages))
        yield AskEnd(kept.answer, cited or _unnamed(kept.passages), finish="stop")

    async def _made(self, request: AskRequest) -> AsyncGenerator[AskPart, None]:
        passages, fresh = await self._gather(request)
        settings = await asyncio.to_thread(self._settings)
        asked = messages(request, passages)
        name, why = "", settings.sentence
        if not passages:
            why = "nothing here answers the question"
        elif request.preview:
            why = "a preview was asked for"
        elif settings.endpoint:
            name, why = await self._who(LocalModel(settings))
        away = await self._lake.away("model" if name else "files", model=name)
        yield AskPassages(
            passages=passages,
            freshness=Freshness(fresh.projects, not_asked=fresh.not_asked, away=away),
            model=name,
            demonstration=bool(name),
            without_model=why,
            prompt=as_text(asked) if request.preview else "",
        )
        if not name:
            yield AskEnd("", _unnamed(passages), finish="none")
            return
        said, note = Markers(len(passages)), ""
        try:
            words = LocalModel(settings).speak(name, asked, request.max_tokens or TOKENS)
            async with aclosing(words) as pieces:
                async for piece in pieces:
                    if shown := said.feed(piece):
                        yield AskText(shown)
        except Unavailable as error:
            note = f"It stopped: {error.message}."
        if shown := said.flush():
            yield AskText(shown)
        citations = tuple(passages[n - 1] for n in said.cited) or _unnamed(passages)
        yield AskEnd(said.shown, citations, finish="cancelled" if note else "stop", note=note)

    async def _who(self, model: LocalModel) -> tuple[str, str]:
        try:
            return await model.name(), ""
        except Unavailable as error:
            return "", error.message

    async def _gather(self, request: AskRequest) -> tuple[tuple[Hit, ...], Freshness]:
        """Pinned files, what failed like that before, and places in the files here."""
        query = SearchQuery(request.question, k=PASSAGES_MAX * 2, project=request.project)
        found, failed, pinned = await asyncio.gather(
            self._files.search(query), self._failed(request), self._files.pinned(request.pinned)
        )
        hits = [*pinned, *failed, *found.hits]
        kept = [hit for hit in hits if not _is_excluded(hit, request.excluded)]
        beyond = await self._lake.unmirrored()
        fresh = replace(found.freshness, not_asked=(*found.freshness.not_asked, *beyond))
        return tuple(kept[:PASSAGES_MAX]), fresh

    async def _failed(self, request: AskRequest) -> list[Hit]:
        if not self._mirror.as_of_ms:
            return []
        found = await self._mirror.recall(text=request.question)
        return [] if found.match == "none" or found.failure is None else [_as_hit(found)]


def _as_hit(found: Recollection) -> Hit:
    """A failure and what is known to have mended it, as a passage."""
    failure, last = found.failure, found.occurrences[0] if found.occurrences else None
    assert failure is not None
    lines = [failure.message, *(f"{r.state}: {r.label}\n{r.diff}" for r in found.remedies[:2])]
    return Hit(
        project=last.project if last else "",
        working_copy="",
        path="",
        start_line=0,
        end_line=0,
        symbol=failure.test or failure.code,
        text="\n".join(lines),
        kind="failure",
        event=last.event_id if last else Hit.event,
        at_ms=last.at_ms if last else 0,
        why=(f"{found.match} symptom",),
    )


async def _next(stream: AsyncGenerator[AskPart, None]) -> AskPart | None:
    return await anext(stream, None)


def _unnamed(passages: tuple[Hit, ...]) -> tuple[Hit, ...]:
    return tuple(replace(hit, why=("no model spoke", *hit.why)) for hit in passages[:3])


def _is_excluded(hit: Hit, excluded: tuple[str, ...]) -> bool:
    path = PurePosixPath(hit.path)
    return any(
        path.is_relative_to(each.rstrip("/")) if each.endswith("/") else hit.path == each
        for each in excluded
        if hit.path
    )
