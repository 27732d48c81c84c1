"""How cards are taken: put off, accepted, rejected; and which projects therefore went quiet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import apsw

from common.errors import Invalid, Missing
from common.model.failure import Verdict
from common.model.remedy import CardStats
from dragon_node.failures import joined
from dragon_node.failures.judged import counted, last_word, standing
from dragon_node.failures.recall import LakeOfFailures
from dragon_node.lake.records import Note


class Reception:
    """What people said about cards, kept as notes in the journal and read from memory.db."""

    def __init__(self, lake: LakeOfFailures, note: Callable[[Note], Awaitable[object]]) -> None:
        self._lake = lake
        self._note = note

    async def feedback(self, remedy_id: str, verdict: Verdict) -> None:
        """What a person thinks of a remedy; Missing when there is none of that id."""
        if not await self._lake.memory.read(partial(_is_kept, remedy_id=remedy_id)):
            raise Missing(
                f"no remedy {remedy_id} is remembered", hint="postdevai recall shows what is."
            )
        await self._note(Note("feedback", {"remedy_id": remedy_id, "verdict": verdict}))

    async def snooze(self, suggestion_id: str, until_ms: int) -> None:
        """No card for the same symptom until then; Missing when there is no such card, Invalid
        when it is about no symptom."""
        found = await self._lake.memory.read(partial(_card, card=suggestion_id))
        if found is None:
            raise Missing(f"there is no card {suggestion_id}", hint="Older cards are not kept.")
        project, fingerprint = found
        if not fingerprint:
            raise Invalid("this card is about no symptom that could be put off", field="card")
        fields = {"card": suggestion_id, "project": project, "fingerprint": fingerprint}
        await self._note(Note("snooze", {**fields, "until_ms": str(until_ms)}))

    async def stats(self, project: str) -> tuple[CardStats, ...]:
        """Of one project by name or id, or of all that had a card or that the owner spoke of."""
        return await self._lake.memory.read(partial(_stats, project=project))

    async def quiet(self, project: str, quiet: bool) -> None:
        """The owner's word on a project's cards; Missing when there is no such project."""
        identity = await self._lake.memory.read(partial(_in_sight, named=project))
        await self._note(Note("quiet", {"project": identity, "quiet": "yes" if quiet else ""}))


def _in_sight(db: apsw.Connection, named: str) -> str:
    identity = joined.one(db, named)
    if db.execute("SELECT 1 FROM out_of_sight WHERE project=?", (identity,)).fetchone():
        raise Missing(f"project {named} is at another Dragon now", hint="postdevai nodes route")
    return identity


def _is_kept(db: apsw.Connection, remedy_id: str) -> bool:
    return bool(db.execute("SELECT count(*) FROM remedies WHERE id=?", (remedy_id,)).get)


def _card(db: apsw.Connection, card: str) -> tuple[str, str] | None:
    row = db.execute("SELECT project, fingerprint FROM cards WHERE id=?", (card,)).fetchone()
    return None if row is None else (str(row[0]), str(row[1]))


def _stats(db: apsw.Connection, project: str) -> tuple[CardStats, ...]:
    if project:
        return (_of(db, joined.one(db, project)),)
    rows = db.execute("SELECT project FROM cards UNION SELECT project FROM quiet")
    ends = {joined.end_of(db, str(row[0])) for row in rows.fetchall()}
    return tuple(sorted((_of(db, end) for end in ends), key=lambda s: s.project))


def _of(db: apsw.Connection, project: str) -> CardStats:
    counts, now = counted(db, project), standing(db, project)
    name = joined.name_of(db, project)
    if now.by_itself:
        sentence = last_word(name, now)
    elif now.quiet:
        sentence = "quiet by your word"
    else:
        sentence = ""
    return CardStats(
        name,
        counts.get("shown", 0),
        counts.get("accepted", 0),
        counts.get("rejected", 0),
        counts.get("snoozed", 0),
        now.quiet,
        sentence,
    )
