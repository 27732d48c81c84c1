"""This laptop's replica of what is shared: edited here, told to the Coordinator later."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from common.clients.sync import Exchanged
from common.clock import Clock
from common.errors import Invalid, Missing, OverLimit, PostDevAIError
from common.model.ids import NodeId
from common.model.lake import KeptItem
from common.model.shared import Delta, Dot, Entry, EntryKind, ItemKind, Name, SharedItem, Vector
from common.shared.checking import checked_pin, checked_scope, checked_setting
from common.shared.merging import written
from common.shared.stamps import DRIFT_MS_MAX, Stamps, ms_of, stamp_at
from common.shared.state import FIELDS_MAX, NOTES_BYTES_MAX, NOTES_MAX, State
from common.shared.texts import changed_text, new_text
from common.wire.shared import vector_from_bytes, vector_to_bytes
from developer_node.shared import views
from developer_node.shared.file import SharedFile

SENT_BYTES = 256 << 10
"""Of one delta, about."""
HERE = b"1"
"""The value of a note's entry; what it says is in its text."""


class Replica:
    """Every change is on disk when its call returns. From the event loop only."""

    def __init__(self, file: SharedFile, node: NodeId, clock: Clock) -> None:
        self._file = file
        self._node = node
        self._me = _new_id(node)
        self._clock = clock
        self._state = State()
        self._stamps = Stamps()
        self._told: Vector = {}
        self._sent = 0
        self._machine = ""
        self._turn = asyncio.Lock()
        self.exchanged_ms = 0
        """When an exchange last came to its end; 0 for never."""
        self.edited = asyncio.Event()
        """Set by an edit; whoever tells the Coordinator clears it."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: Path, node: NodeId, clock: Clock, machine: str = ""
    ) -> AsyncGenerator[Replica]:
        """The replica in this file. Others see edits made here under the machine's name."""
        replica = cls(SharedFile(path), node, clock)
        await replica._load()
        try:
            await replica._name_machine(machine or os.uname().nodename)
            yield replica
        finally:
            await replica._file.close()

    @property
    def state(self) -> State:
        """To be read, not changed."""
        return self._state

    @property
    def vector(self) -> Vector:
        """What was seen here."""
        return self._state.vector

    @property
    def me(self) -> NodeId:
        """The writer of what is edited here: of this node, and of this file."""
        return self._me

    @property
    def told(self) -> int:
        """The newest of this laptop's stamps that the Coordinator has."""
        return self._told.get(self._me, 0)

    @property
    def waiting(self) -> int:
        """Edits that the Coordinator does not have yet; a note and its text are one."""
        held = self._state.waiting(self._me, self.told)
        return len([each for each in held if each.name.kind not in ("text", "replica")])

    @property
    def names(self) -> dict[NodeId, str]:
        """The machines of the replicas."""
        return views.machines(self._state)

    @property
    def sentence(self) -> str:
        """What was wrong with the file; empty when nothing was."""
        return self._file.sentence

    def bytes(self) -> int:
        """On disk."""
        return self._file.bytes()

    def kept(self) -> KeptItem:
        """What is kept, for people."""
        stamps = [each.holds.dot.stamp for each in self._state.entries.values()]
        return KeptItem(
            what="settings, pins and notes that your laptops share",
            where=os.fspath(self._file.path),
            items=self._state.count("setting", "pin", "note"),
            bytes=self.bytes(),
            oldest_ms=ms_of(min(stamps, default=0)),
            newest_ms=ms_of(max(stamps, default=0)),
            encrypted=True,
            until="until removed on one of them; removals are remembered for 90 days",
        )

    def items(self, kind: ItemKind, scope: str = "", *, every: bool = False) -> list[SharedItem]:
        """Of one project, or of all, by project and key."""
        return views.items(self._state, kind, None if every else scope, self._me, self.told)

    def item(self, kind: ItemKind, scope: str, key: str) -> SharedItem:
        """One, a note with its text; Missing when it is not there."""
        name = self._name(kind, scope, key)
        return views.item(self._state, name, self._me, self.told, whole=True)

    def value(self, kind: EntryKind, scope: str, key: str) -> str:
        """What holds; empty when nothing does."""
        entry = self._state.entries.get(Name(kind, scope, key))
        return (entry.holds.value or b"").decode() if entry else ""

    def seen(self, member: str) -> bool:
        """Whether a card was dealt with on any laptop."""
        return Name("member", "", member) in self._state.entries

    async def see(self, member: str) -> None:
        """A card was dealt with; nothing when there is no more room to remember it."""
        name = Name("member", "", member)
        if name not in self._state.entries and self._state.count("member") < FIELDS_MAX:
            await self._put(name, b"")

    async def put(
        self, kind: ItemKind, scope: str, key: str, value: str, version: bytes = b""
    ) -> SharedItem:
        """What holds from now on, here at once. A note without a key is a new one."""
        checked_scope(scope)
        if kind == "note":
            return await self._put_note(scope, key, value, version)
        key = checked_pin(key) if kind == "pin" else key
        value = checked_setting(key, value) if kind == "setting" else ""
        name = Name(kind, scope, key)
        self._check_room(name, FIELDS_MAX, "settings and pins", "setting", "pin")
        await self._put(name, value.encode())
        return self.item(kind, scope, key)

    async def remove(self, kind: ItemKind, scope: str, key: str) -> SharedItem:
        """As it was; Missing when it is not there."""
        before = self.item(kind, scope, key)
        if before.removed:
            raise Missing(f"{key} was removed before")
        name = self._name(kind, scope, key)
        if kind == "note":
            await self._put_all([(name, None), (Name("text", "", name.key), b"")])
        else:
            await self._put(name, None)
        return before

    def unsent(self) -> Delta:
        """What the Coordinator lacks, as far as it goes into one call."""
        return self._state.lacking(self._told, SENT_BYTES)

    def is_ahead(self, now_ms: int) -> bool:
        """Whether an edit that waits carries a time that nobody would take."""
        newest = self._state.vector.get(self._me, 0)
        return newest > self.told and newest > stamp_at(now_ms + DRIFT_MS_MAX)

    async def restamp(self) -> None:
        """The clock was set back: what nobody else has seen gets the time of now."""
        async with self._turn:
            rest = (s for r, s in self._state.vector.items() if r != self._me)
            self._stamps = Stamps(max(self.told, *rest, 0))
            now_ms = self._clock.now_ms()
            changed = self._state.restamp(self._me, self.told, lambda: self._stamps.next(now_ms))
            await self._save(changed)

    async def sending(self) -> Delta:
        """What the Coordinator lacks; that it was sent is known also after a start."""
        async with self._turn:
            delta = self.unsent()
            sent = delta.upto.get(self._me, 0) if delta.entries else 0
            if sent > self._sent:
                self._sent = sent
                await self._save(())
            return delta

    async def take(self, told: Exchanged) -> bool:
        """Merges what the Coordinator told, and remembers what it has.

        False when it knows edits of this replica that this file does not: the file was put back
        from a copy. What waits goes on under a new name, and all that is lacking is to be asked
        for again.
        """
        if told.vector.get(self._me, 0) > max(self.told, self._sent):
            await self._go_on_anew()
            return False
        async with self._turn:
            changed: list[Entry] = []
            gone: list[Name] = []
            if self._state.fits(told.delta):
                changed = self._state.merge(told.delta)
                if told.whole:
                    gone = self._state.drop_all_but(told.names, told.vector)
            self._told = told.vector
            for stamp in self._state.vector.values():
                self._stamps.see(stamp)
            await self._save(changed, gone)
        return True

    async def settled(self) -> None:
        """An exchange came to its end."""
        async with self._turn:
            self.exchanged_ms = self._clock.now_ms()
            await self._save(())

    async def _go_on_anew(self) -> None:
        async with self._turn:
            was, self._me = self._me, _new_id(self._node)
            now_ms = self._clock.now_ms()
            changed = self._state.restamp(
                was, self._told.get(was, 0), lambda: self._stamps.next(now_ms), self._me
            )
            self._told, self._sent = {}, 0
            await self._save(changed)
        await self._name_machine(self._machine)

    async def _name_machine(self, machine: str) -> None:
        self._machine = machine
        if self.value("replica", "", self._me) != machine:
            await self._put(Name("replica", "", self._me), machine.encode())

    async def _load(self) -> None:
        entries, meta = await self._file.open()
        self._adopt(entries, meta)
        self._stamps = Stamps(int(meta.get("last", b"0")))
        self.exchanged_ms = int(meta.get("exchanged_ms", b"0"))
        gone = self._state.prune(self._clock.now_ms())
        if gone:
            await self._save((), gone)

    async def _put_note(self, scope: str, key: str, text: str, version: bytes) -> SharedItem:
        if not text.strip():
            raise Invalid("a note says something", field="value", hint="To remove it: notes rm")
        name = self._name("note", scope, key) if key else Name("note", scope, os.urandom(4).hex())
        self._check_room(name, NOTES_MAX, "notes", "note")
        of_text = Name("text", "", name.key)
        before = self._state.entries.get(of_text)
        snapshot = (before.holds.value or b"") if before else b""
        made = changed_text(snapshot, version, text) if snapshot else new_text(text)
        if self._state.text_bytes() - len(snapshot) + len(made) > NOTES_BYTES_MAX:
            raise OverLimit(f"all notes together have at most {NOTES_BYTES_MAX:,} bytes")
        await self._put_all([(name, HERE), (of_text, made)])
        return self.item("note", scope, name.key)

    def _name(self, kind: EntryKind, scope: str, key: str) -> Name:
        """A note is found by the beginning of its id, in whatever project."""
        if kind != "note":
            return Name(kind, scope, key)
        found = [n for n in self._state.entries if n.kind == "note" and n.key.startswith(key)]
        if not key or not found:
            raise Missing(f"there is no note {key}", hint="postdevai notes lists them.")
        if len(found) > 1:
            raise Invalid(f"{len(found)} notes begin with {key}", field="key", hint="Write more.")
        return found[0]

    def _check_room(self, name: Name, most: int, what: str, *kinds: EntryKind) -> None:
        entry = self._state.entries.get(name)
        if (entry is None or entry.holds.value is None) and self._state.count(*kinds) >= most:
            raise OverLimit(f"there are {most:,} {what}, the most there can be")

    async def _put(self, name: Name, value: bytes | None) -> None:
        await self._put_all([(name, value)])

    async def _put_all(self, values: Sequence[tuple[Name, bytes | None]]) -> None:
        async with self._turn:
            entries: list[Entry] = []
            for name, value in values:
                dot = Dot(self._stamps.next(self._clock.now_ms()), self._me)
                entries.append(written(name, dot, value, self._state.entries.get(name)))
            for entry in entries:
                self._state.put(entry)
            await self._save(entries)
        self.edited.set()

    async def _save(self, entries: Sequence[Entry], gone: Sequence[Name] = ()) -> None:
        """What memory says is what the disk says, also after a refusal."""
        meta = {
            "vector": vector_to_bytes(self._state.vector),
            "pruned": vector_to_bytes(self._state.pruned),
            "told": vector_to_bytes(self._told),
            "me": self._me.encode(),
            "sent": str(self._sent).encode(),
            "last": str(self._stamps.last).encode(),
            "exchanged_ms": str(self.exchanged_ms).encode(),
        }
        try:
            await self._file.save(entries, meta, gone)
        except PostDevAIError:
            await self._reread()
            raise

    async def _reread(self) -> None:
        self._adopt(*await self._file.read())

    def _adopt(self, entries: Sequence[Entry], meta: Mapping[str, bytes]) -> None:
        self._me = NodeId(meta["me"].decode()) if "me" in meta else self._me
        self._state = State(entries, vector_from_bytes(meta.get("vector", b"")))
        self._state.pruned = dict(vector_from_bytes(meta.get("pruned", b"")))
        self._told = vector_from_bytes(meta.get("told", b""))
        self._sent = int(meta.get("sent", b"0"))


def _new_id(node: NodeId) -> NodeId:
    """A file that is lost or put back must not speak for what it has never seen of itself."""
    return NodeId(f"{node}-{os.urandom(4).hex()}")
