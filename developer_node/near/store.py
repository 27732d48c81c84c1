"""The mirror's tables: what was told goes in whole batches in, what is asked comes out. All of it
runs on the file's own thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from common.model.failure import Failure, Verdict
from common.model.ids import EventId, Fingerprint, WorkingCopyId
from common.model.lake import HistoryEntry, HistoryQuery
from common.model.near import (
    EventsGone,
    HeldSymptom,
    MemoryComplete,
    MemoryReset,
    MirroredSymptom,
    SymptomGone,
    Told,
)
from common.similar import Face
from developer_node.near.laid_over import agrees
from developer_node.near.rows import (
    EVENT,
    entry_of,
    event_row,
    face_of,
    symptom_of,
    symptom_row,
    tokens,
)
from developer_node.outbox.sql import Sql

EVENTS_MAX = 2_000
"""The newest are kept."""
CANDIDATES_MAX = 2_000
"""Symptoms, newest first, that a text is compared with."""
FULL_SHARE = 0.9
"""When the mirror is full the oldest go until it is no fuller than that."""
_GONE_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a mirror stands."""

    epoch: str = ""
    cursor: int = 0
    as_of_ms: int = 0
    since_ms: int = 0
    """Symptoms that were last seen before it were left out for want of room."""
    symptoms: int = 0
    events: int = 0
    newest_cursor: int = 0
    oldest_event_ms: int = 0
    """0 while fewer events are kept than could be."""
    verdicts: int = 0


def standing(sql: Sql) -> Standing:
    """As it is now."""
    kept = dict(sql.rows("SELECT key, value FROM meta"))
    events = int(sql.one("SELECT count(*) FROM events") or 0)
    oldest = sql.one("SELECT min(at_ms) FROM events") if events >= EVENTS_MAX else 0
    return Standing(
        str(kept.get("epoch", "")),
        int(kept.get("cursor", 0)),
        int(kept.get("as_of_ms", 0)),
        int(kept.get("since_ms", 0)),
        int(sql.one("SELECT count(*) FROM symptoms") or 0),
        events,
        int(sql.one("SELECT max(cursor) FROM events") or 0),
        int(oldest or 0),
        int(sql.one("SELECT count(*) FROM verdicts") or 0),
    )


def held(sql: Sql) -> tuple[HeldSymptom, ...]:
    """Every symptom, as it was told."""
    rows = sql.rows('SELECT fingerprint, "values", stamp FROM symptoms')
    return tuple(HeldSymptom(Fingerprint(str(f)), str(v), str(stamp)) for f, v, stamp in rows)


def take(sql: Sql, told: Sequence[Told], now_ms: int, bytes_max: int) -> Standing:
    """What the Dragon told, in its order; the oldest goes where there is no room."""
    for part in told:
        match part:
            case MirroredSymptom():
                _keep(sql, part)
            case SymptomGone(fingerprint=fingerprint, values=values):
                sql.run(
                    'DELETE FROM symptoms WHERE fingerprint=? AND "values"=?', fingerprint, values
                )
            case HistoryEntry():
                row = event_row(part, _get(sql, "telling"))
                sql.run("INSERT OR REPLACE INTO events VALUES (?,?,?,?,?,?,?,?,?)", *row)
            case EventsGone(ids=ids):
                sql.run_many("DELETE FROM events WHERE id=?", [(each,) for each in ids])
            case MemoryReset(epoch=epoch):
                _set(sql, "telling", epoch)
            case MemoryComplete():
                _complete(sql, part, now_ms)
    _make_room(sql, bytes_max)
    return standing(sql)


def clear(sql: Sql) -> Standing:
    """Nothing was ever told."""
    for table in ("meta", "symptoms", "events", "verdicts"):
        sql.run(f"DELETE FROM {table}")
    return standing(sql)


def exactly(sql: Sql, fingerprint: str, values: str) -> MirroredSymptom | None:
    """A symptom with these values."""
    return _one(sql, 'fingerprint=? AND "values"=?', fingerprint, values)


def alike(sql: Sql, failure: Failure) -> MirroredSymptom | None:
    """A symptom with these values, else as it was last seen with others."""
    if not failure.fingerprint:
        return None
    told = exactly(sql, failure.fingerprint, failure.values)
    return told or newest(sql, failure.fingerprint)


def newest(sql: Sql, fingerprint: str = "") -> MirroredSymptom | None:
    """A symptom as it was last seen; without a fingerprint the one that was seen last of all."""
    if not fingerprint:
        return _one(sql, "TRUE ORDER BY newest DESC LIMIT 1")
    return _one(sql, "fingerprint=? ORDER BY newest DESC LIMIT 1", fingerprint)


def faces(sql: Sql) -> list[Face]:
    """What a text is compared with, newest first."""
    rows = sql.rows(
        "SELECT face FROM symptoms WHERE length(face)>0 ORDER BY newest DESC LIMIT ?",
        CANDIDATES_MAX,
    )
    return [face_of(cast(bytes, row[0])) for row in rows]


def event(sql: Sql, event_id: EventId) -> HistoryEntry | None:
    """One event, light."""
    rows = sql.rows(f"SELECT {EVENT} FROM events WHERE id=?", event_id)
    return entry_of(rows[0]) if rows else None


def events(sql: Sql, q: HistoryQuery, working_copy: str) -> list[HistoryEntry]:
    """Newest first, as far as the question can be answered here; `working_copy` is an id."""
    asked: list[tuple[str, str | int]] = [
        ("kind=?", q.kind),
        ("project=?", q.project),
        ("working_copy=?", working_copy),
        ("at_ms>=?", q.since_ms),
        ("at_ms<?", q.until_ms),
        ("cursor<?", q.before_cursor),
        *(("words LIKE ? ESCAPE '!'", f"% {_escaped(word)} %") for word in tokens(q.text)),
    ]
    conditions = [(clause, value) for clause, value in asked if value]
    where = " AND ".join(["TRUE", *(clause for clause, _ in conditions)])
    values = [value for _, value in conditions]
    rows = sql.rows(
        f"SELECT {EVENT} FROM events WHERE {where} ORDER BY cursor DESC LIMIT ?", *values, q.limit
    )
    return [entry_of(row) for row in rows]


def projects(sql: Sql) -> dict[WorkingCopyId, str]:
    """The project that the newest event of each working copy is of."""
    rows = sql.rows(
        "SELECT working_copy, project, max(cursor) FROM events WHERE working_copy<>'' GROUP BY 1"
    )
    return {WorkingCopyId(str(copy)): str(project) for copy, project, _ in rows}


def verdicts(sql: Sql) -> dict[str, Verdict]:
    """What was said here and the Dragon has not repeated yet, by remedy."""
    rows = sql.rows("SELECT remedy, verdict FROM verdicts")
    return {str(remedy): cast(Verdict, verdict) for remedy, verdict in rows}


def judge(sql: Sql, remedy_id: str, verdict: Verdict, now_ms: int) -> Standing:
    """The person's last word counts."""
    sql.run("INSERT OR REPLACE INTO verdicts VALUES (?,?,?)", remedy_id, verdict, now_ms)
    return standing(sql)


def _keep(sql: Sql, told: MirroredSymptom) -> None:
    if told.at_ms < int(_get(sql, "since_ms") or 0):
        return  # it was left out before, for want of room
    sql.run("INSERT OR REPLACE INTO symptoms VALUES (?,?,?,?,?,?,?)", *symptom_row(told))
    said = verdicts(sql)
    for remedy in told.recollection.remedies:
        if remedy.id in said and agrees(remedy, said[remedy.id]):
            sql.run("DELETE FROM verdicts WHERE remedy=?", remedy.id)


def _complete(sql: Sql, told: MemoryComplete, now_ms: int) -> None:
    """Events of another memory were kept until all of this one's were there."""
    telling = _get(sql, "telling")
    if telling:
        sql.run("DELETE FROM events WHERE epoch<>?", telling)
    for key, value in (("epoch", told.epoch), ("cursor", told.cursor), ("as_of_ms", now_ms)):
        _set(sql, key, value)
    sql.run(
        "DELETE FROM events WHERE cursor <= "
        "(SELECT cursor FROM events ORDER BY cursor DESC LIMIT 1 OFFSET ?)",
        EVENTS_MAX,
    )


def _make_room(sql: Sql, bytes_max: int) -> None:
    """The symptoms that were last seen longest ago go first."""
    if _used(sql) <= bytes_max:
        return
    while _used(sql) > bytes_max * FULL_SHARE:
        row = sql.rows(
            "SELECT at_ms FROM symptoms ORDER BY at_ms LIMIT 1 OFFSET ?", _GONE_AT_ONCE - 1
        ) or sql.rows("SELECT max(at_ms) FROM symptoms")
        if row[0][0] is None:
            break
        since_ms = int(row[0][0]) + 1
        sql.run("DELETE FROM symptoms WHERE at_ms<?", since_ms)
        _set(sql, "since_ms", since_ms)
    sql.pragma("incremental_vacuum")


def _used(sql: Sql) -> int:
    pages = int(sql.pragma("page_count")) - int(sql.pragma("freelist_count"))
    return pages * int(sql.pragma("page_size"))


def _one(sql: Sql, where: str, *values: str) -> MirroredSymptom | None:
    body = sql.one(f"SELECT body FROM symptoms WHERE {where}", *values)
    return None if body is None else symptom_of(cast(bytes, body))


def _get(sql: Sql, key: str) -> str:
    found: object = sql.one("SELECT value FROM meta WHERE key=?", key)
    return "" if found is None else str(found)


def _set(sql: Sql, key: str, value: str | int) -> None:
    sql.run("INSERT OR REPLACE INTO meta VALUES (?,?)", key, value)


def _escaped(word: str) -> str:
    return word.replace("_", "!_")
