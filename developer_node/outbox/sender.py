"""Carries the outbox to the Dragon: batches out, acknowledgements in, until cancelled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from typing import TypeVar

from common.alongside import alongside
from common.backoff import Backoff
from common.clients.lake import Ack, IngestStream, LakeClient, Opened, Refusal, Want
from common.errors import Denied, Invalid, OverLimit, PostDevAIError, Unavailable
from common.model.ids import ContentHash
from common.model.lake import ANOTHERS_ORIGIN, ANOTHERS_ORIGIN_AND_MORE
from developer_node.outbox.lanes import Lane
from developer_node.outbox.spans import Held

log = logging.getLogger(__name__)

T = TypeVar("T")

BATCH_RECORDS_MAX = 500
BATCH_BYTES_MAX = 1 << 20
OFFER_HASHES_MAX = 1_000
UNACKNOWLEDGED_MAX = 4_000
"""Records on their way at once; then the sender waits for acknowledgements."""
FULL_FIRST_S = 2.0
FULL_MOST_S = 60.0
"""How often a full lake, or one that will not have us, is asked again."""


class _NewOrigin(Exception):
    """Somebody else has sent under our origin: the outbox is a restored copy."""


_ANOTHERS = (ANOTHERS_ORIGIN, ANOTHERS_ORIGIN_AND_MORE)


class Sender:
    """`run` until cancelled. `lost` is called when everything must be scanned anew."""

    def __init__(
        self,
        outbox: Lane,
        lake: LakeClient,
        *,
        lost: Callable[[], None],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._outbox = outbox
        self._lake = lake
        self._lost = lost
        self._changed = changed
        self._acked = asyncio.Condition()
        self._wants: asyncio.Queue[tuple[ContentHash, ...]] = asyncio.Queue(maxsize=1)
        self._soon = asyncio.Event()
        self._sent = 0
        self._acknowledged = 0
        self.connected: bool = False
        self.sentence: str = "the Dragon has not answered yet"
        """Why nothing is sent; empty when it is."""
        self.refusal: str = ""
        """The same, once the Dragon has refused it twice in a row: waiting alone does not help."""
        self._refused_before = False

    def hurry(self) -> None:
        """Tries again now, because something changed for the better."""
        self._soon.set()

    async def run(self) -> None:
        """Connects, sends, and connects again with growing pauses."""
        quick, slow = Backoff(0.1, 5.0), Backoff(FULL_FIRST_S, FULL_MOST_S)
        while True:
            self._soon.clear()
            try:
                await self._one_reason(quick, slow)
            except _NewOrigin:
                origin = await self._outbox.renew_origin()
                log.warning("the outbox is an older copy: it starts a new origin %s", origin)
                self._lost()
            except Unavailable as error:
                self._say(f"the Dragon cannot be reached: {error.message}")
                await self._pause(quick.next_s())
            except OverLimit as error:
                self._say(f"the Dragon takes no more for now: {error.message}")
                await self._pause(slow.next_s())
            except PostDevAIError as error:
                if isinstance(error, Denied) and error.field in _ANOTHERS:
                    await self._under_our_own(error)
                    await self._pause(quick.next_s())
                    continue
                said = f"the Dragon refuses this laptop: {error.message}. {error.hint}".strip()
                self._say(said, refusal=said if self._refused_before else "")
                self._refused_before = True
                await self._pause(slow.next_s())

    async def _under_our_own(self, refused: Denied) -> None:
        """We joined anew since it was begun. The Dragon knows each record by its own id, so that
        none of those that it has already is there twice."""
        is_whole = refused.field == ANOTHERS_ORIGIN
        origin = await self._outbox.renew_origin(keeps_sent=is_whole)
        log.warning("%s: what waits goes under the new origin %s", refused.message, origin)
        if not is_whole:
            self._lost()

    async def _one_reason(self, quick: Backoff, slow: Backoff) -> None:
        """A session in which reading and writing may both have failed: the telling one counts."""
        try:
            await self._session(quick, slow)
        except BaseExceptionGroup as group:
            known, others = group.split(PostDevAIError)
            if known is None or others is not None:
                raise
            raise _telling(known) from group

    async def _session(self, quick: Backoff, slow: Backoff) -> None:
        at = await self._outbox.position()
        async with self._lake.ingest(at.origin, at.first_held, at.last) as stream:
            applied = stream.opened.applied
            if stream.opened.rolled_back or applied > at.sent:
                raise _NewOrigin
            quick.reset()
            await self._begin(stream.opened, at.first_held)
            self._say("")
            async with alongside(self._listen(stream, slow)):
                while True:
                    await self._send_next(stream)

    async def _begin(self, opened: Opened, first_held: int) -> None:
        self._wants = asyncio.Queue(maxsize=1)
        self._acknowledged = max(opened.applied, first_held - 1)
        self._sent = self._acknowledged
        if await self._outbox.note_missing(opened.missing):
            # the Dragon's journal was lost, or this outbox was cut
            log.warning("the Dragon lacks %d records", opened.missing)
            self._lost()
        await self._outbox.acknowledge(opened.applied)

    async def _send_next(self, stream: IngestStream) -> None:
        await self._outbox.wait_beyond(self._sent)
        async with self._acked:
            await self._acked.wait_for(lambda: self._sent - self._acknowledged < UNACKNOWLEDGED_MAX)
        batch = await self._outbox.batch(
            self._sent, records_max=BATCH_RECORDS_MAX, bytes_max=BATCH_BYTES_MAX
        )
        if not batch or not await self._send_content(stream, batch):
            return  # renumbered or rewritten meanwhile: read again
        await self._outbox.will_send(batch[-1].seq)
        await stream.records([(held.seq, held.body) for held in batch])
        self._sent = batch[-1].seq

    async def _send_content(self, stream: IngestStream, batch: Sequence[Held]) -> bool:
        """False when some of it is gone: the records that wanted it are rewritten first."""
        gone: set[ContentHash] = set()
        hashes = dict.fromkeys(content for held in batch for content in held.hashes)
        for offered in _slices(hashes, OFFER_HASHES_MAX):
            await stream.offer(offered)
            for content in await self._wants.get():
                data = await self._outbox.blob(content)
                if data is None:
                    gone.add(content)
                else:
                    await stream.blob(content, data)
        if gone:
            users = [held.seq for held in batch if gone.intersection(held.hashes)]
            await self._outbox.leave_out(users, gone)
        return not gone

    async def _listen(self, stream: IngestStream, slow: Backoff) -> None:
        async with aclosing(stream.replies()) as replies:
            async for reply in replies:
                match reply:
                    case Want(hashes=hashes):
                        if self._wants.full():
                            raise Invalid("the Dragon wants what was not offered", field="want")
                        self._wants.put_nowait(hashes)
                    case Ack(seq=seq):
                        slow.reset()
                        await self._acknowledge(seq)
                    case Refusal() as refusal:
                        await self._refused(refusal)

    async def _acknowledge(self, seq: int) -> None:
        await self._outbox.acknowledge(seq)
        async with self._acked:
            self._acknowledged = max(self._acknowledged, seq)
            self._acked.notify_all()
        self._changed()

    async def _refused(self, refusal: Refusal) -> None:
        await self._outbox.refuse(refusal.seq, refusal.field, refusal.reason)
        log.warning(
            "the Dragon refused a record for good: %s field=%s seq=%d",
            refusal.reason,
            refusal.field,
            refusal.seq,
        )
        self._changed()

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._soon.wait()
        except TimeoutError:
            return

    def _say(self, sentence: str, *, refusal: str = "") -> None:
        connected, self.refusal = not sentence, refusal
        self._refused_before = bool(refusal)
        if sentence != self.sentence or connected != self.connected:
            self.connected, self.sentence = connected, sentence
            log.info("%s", sentence or "sending to the Dragon")
            self._changed()


def _telling(group: BaseExceptionGroup[PostDevAIError]) -> PostDevAIError:
    flat: list[PostDevAIError] = []
    for error in group.exceptions:
        flat.append(_telling(error) if isinstance(error, BaseExceptionGroup) else error)
    return next((e for e in flat if not isinstance(e, Unavailable)), flat[0])


def _slices(items: Iterable[T], size: int) -> Iterator[list[T]]:
    held: list[T] = []
    for item in items:
        held.append(item)
        if len(held) == size:
            yield held
            held = []
    if held:
        yield held
