"""The keys that sign tickets: kept, so that a restart invalidates nothing; two at most."""

from __future__ import annotations

import json
import secrets

from common.clock import Clock
from common.errors import Conflict
from common.rpc.certificates import key_from_pem, key_to_pem, new_key, public_to_pem
from common.rpc.tickets import SigningKey, TicketKey
from coordinator_node.engine.ports import Entry, Kv

KEY = "ticket-keys"
ROTATED_MS = 30 * 24 * 3_600_000
TOLD_MS = 60_000
"""A key signs only when every node that is connected has long heard of it."""


class TicketKeys:
    """At most two keys, newest first."""

    def __init__(self, kv: Kv, clock: Clock) -> None:
        self._kv = kv
        self._clock = clock
        self._keys: tuple[SigningKey, ...] = ()

    async def refresh(self) -> None:
        """Reads the keys; makes one when there is none, or when the newest is 30 days old."""
        entry = await self._kv.get(KEY)
        self._keys = _read(entry) if entry else ()
        now_ms = self._clock.now_ms()
        if self._keys and now_ms - self._keys[0].made_ms < ROTATED_MS:
            return
        made = SigningKey(secrets.token_hex(4), new_key(), now_ms)
        keys = (made, *self._keys)[:2]
        try:
            await self._kv.put(KEY, _written(keys), expected=entry.revision if entry else 0)
            self._keys = keys
        except Conflict:  # another process of the owner was first
            await self.refresh()

    async def replace(self) -> str:
        """One new key in place of all; its name. Tickets of before end with the next word to
        each node, and nodes that resolve again go on."""
        while True:
            entry = await self._kv.get(KEY)
            made = SigningKey(secrets.token_hex(4), new_key(), self._clock.now_ms())
            try:
                await self._kv.put(KEY, _written((made,)), expected=entry.revision if entry else 0)
            except Conflict:
                continue
            self._keys = (made,)
            return made.kid

    def public(self) -> tuple[TicketKey, ...]:
        """What nodes need to check tickets."""
        return tuple(
            TicketKey(each.kid, public_to_pem(each.key.public_key()).decode())
            for each in self._keys
        )

    def signer(self) -> SigningKey:
        """The newest key that every node knows, or the only one."""
        now_ms = self._clock.now_ms()
        told = (each for each in self._keys if now_ms - each.made_ms >= TOLD_MS)
        return next(told, self._keys[-1])


def _read(entry: Entry) -> tuple[SigningKey, ...]:
    return tuple(
        SigningKey(each["kid"], key_from_pem(each["pem"].encode()), each["made_ms"])
        for each in json.loads(entry.value)
    )


def _written(keys: tuple[SigningKey, ...]) -> bytes:
    return json.dumps(
        [
            {"kid": each.kid, "pem": key_to_pem(each.key).decode(), "made_ms": each.made_ms}
            for each in keys
        ]
    ).encode()
