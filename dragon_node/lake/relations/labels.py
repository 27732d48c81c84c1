"""What things are called for people, looked up when they are shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import apsw

from dragon_node.lake.history.events import unpack
from dragon_node.lake.history.wording import wording
from dragon_node.lake.relations.neighbours import Node

LABEL_CHARACTERS_MAX = 160


def in_project(db: apsw.Connection, nodes: Collection[Node]) -> dict[Node, str]:
    """Of commits their subject, of events their first line, of sessions how many commands, of
    symbols their kind."""
    labels: dict[Node, str] = {}
    for kind, name in nodes:
        label = _label(db, kind, name)
        if label:
            labels[(kind, name)] = label[:LABEL_CHARACTERS_MAX]
    return labels


def in_memory(db: apsw.Connection, nodes: Collection[Node]) -> dict[Node, str]:
    """Of failures their message, of remedies what is thought of them."""
    if not db.execute("SELECT 1 FROM sqlite_schema WHERE name='occurrences'").fetchone():
        return {}
    sql: Mapping[str, str] = {
        "failure": """SELECT failure->>'message' FROM occurrences WHERE fingerprint=?
                      ORDER BY lsn DESC LIMIT 1""",
        "remedy": "SELECT state || ': ' || why FROM remedies WHERE id=?",
    }
    labels: dict[Node, str] = {}
    for kind, name in nodes:
        row = db.execute(sql[kind], (name,)).fetchone() if kind in sql else None
        if row is not None:
            labels[(kind, name)] = str(row[0])[:LABEL_CHARACTERS_MAX]
    return labels


def _label(db: apsw.Connection, kind: str, name: str) -> str:
    match kind:
        case "commit":
            return _first(db, "SELECT label FROM things WHERE kind='commit' AND name=?", name)
        case "event":
            row = db.execute(
                "SELECT body FROM events WHERE id=?", (bytes.fromhex(name),)
            ).fetchone()
            return "" if row is None else wording(unpack(row[0])).partition("\n")[0]
        case "session":
            key = bytes.fromhex(name)
            sql = "SELECT count(*) FROM events WHERE session=? AND kind='command'"
            return f"{db.execute(sql, (key,)).get} commands"
        case "symbol":
            last = name.rpartition(".")[2]
            sql = "SELECT kind FROM symbols WHERE name=? AND qualified=? LIMIT 1"
            row = db.execute(sql, (last, name)).fetchone()
            return "module" if row is None else row[0]
        case _:
            return ""


def _first(db: apsw.Connection, sql: str, name: str) -> str:
    row = db.execute(sql, (name,)).fetchone()
    return "" if row is None else row[0]
