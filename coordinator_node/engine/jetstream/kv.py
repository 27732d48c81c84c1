"""Kv in the state stream; terms are counted by the servers, in whole seconds."""

from __future__ import annotations

import logging
import math
from collections.abc import AsyncGenerator

from common.errors import Conflict, Unavailable
from coordinator_node.engine.jetstream.link import Message
from coordinator_node.engine.jetstream.names import named, token
from coordinator_node.engine.jetstream.state import Moved, State
from coordinator_node.engine.limits import check_name, check_prefix, check_term, check_value
from coordinator_node.engine.ports import Change, Entry

log = logging.getLogger(__name__)


class NatsKv:
    """Keys and values of one space."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._begin = f"{state.space}.k."

    async def get(self, key: str) -> Entry | None:
        """The entry, or None."""
        check_name(key, "key")
        found = await self._state.newest(self._begin + token(key))
        return _entry(found) if found else None

    async def put(
        self, key: str, value: bytes, *, expected: int | None = None, term_s: float = 0.0
    ) -> int:
        """Writes and returns the new revision; Conflict when it is not the expected one."""
        check_name(key, "key")
        check_value(value, f"key {key}")
        ttl_s = math.ceil(check_term(term_s, "term_s") / 1000)
        try:
            return await self._state.write(
                self._begin + token(key), value, expected=expected, ttl_s=ttl_s
            )
        except Moved:
            raise await self._conflict(key, expected) from None

    async def remove(self, key: str, *, expected: int | None = None) -> None:
        """Nothing when it is not there; Conflict when it has another revision than expected."""
        check_name(key, "key")
        subject = self._begin + token(key)
        while True:
            found = await self._state.newest(subject)
            if expected is not None and (found.seq if found else 0) != expected:
                raise await self._conflict(key, expected)
            if found is None:
                return
            try:
                await self._state.write(subject, b"", expected=found.seq, gone=True)
                return
            except Moved:
                continue

    async def entries(self, prefix: str) -> tuple[Entry, ...]:
        """All entries whose key begins so, by key."""
        check_prefix(prefix)
        await self._state.refresh()
        return tuple(sorted(self._now(prefix), key=lambda entry: entry.key))

    async def watch(self, prefix: str) -> AsyncGenerator[Change]:
        """What is there now, then each change; a bell rings for most, the rest within a second.

        Once it has begun it waits while the engine is away, and tells then what has changed.
        """
        check_prefix(prefix)
        known: dict[str, int] = {}
        looked = False
        async for _ in self._state.rings():
            try:
                await self._state.refresh()
            except Unavailable as error:
                if not looked:
                    raise
                log.warning("a watcher waits for the engine: %s", error.message)
                continue
            looked = True
            found = self._now(prefix)
            for key in known.keys() - {entry.key for entry in found}:
                del known[key]
                yield Change(key, None, self._state.gone_at(self._begin + token(key)))
            for entry in sorted(found, key=lambda entry: entry.revision):
                if known.get(entry.key) != entry.revision:
                    known[entry.key] = entry.revision
                    yield Change(entry.key, entry.value, entry.revision)

    def _now(self, prefix: str) -> list[Entry]:
        of_kv = (m for s, m in self._state.live.items() if s.startswith(self._begin))
        return [entry for entry in map(_entry, of_kv) if entry.key.startswith(prefix)]

    async def _conflict(self, key: str, expected: int | None) -> Conflict:
        found = await self._state.newest(self._begin + token(key))
        revision = found.seq if found else 0
        return Conflict(f"{key} has changed meanwhile (revision {revision}, not {expected})")


def _entry(message: Message) -> Entry:
    return Entry(named(message.subject.rpartition(".")[2]), message.data, message.seq)
