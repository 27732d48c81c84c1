"""Which symptoms are remembered, each with a stamp that changes with whatever is said of it.

A stamp is made of positions in the journal and of counts, not of what is said: thousands of them
are read at once. It is the same after a restart, a restore or a replay that left everything as it
was, so that a mirror is told what differs and nothing else.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass

import apsw

from common.fingerprint import RULES_VERSION
from common.model.ids import Fingerprint
from dragon_node.failures.judged import standing
from dragon_node.lake.moves import IN_SIGHT

VALUES_MAX = 20
"""Of one symptom, the newest: others are told as having other values."""
PLACES = 64
"""Failures of one run that are followed."""

Key = tuple[Fingerprint, str]
"""A symptom and its values."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A symptom with these values."""

    stamp: str
    newest: int
    """Its last run's position in the journal and its place in it: earlier places are newer."""
    at_ms: int


_NEWEST = f"""
SELECT o.fingerprint, o."values", o.lsn, min(o.n), r.at_ms, o.project
FROM (SELECT max(lsn) AS lsn, fingerprint AS f, "values" AS v FROM occurrences
      WHERE project {IN_SIGHT} GROUP BY 2, 3) k
CROSS JOIN occurrences o ON o.fingerprint=k.f AND o.lsn=k.lsn AND o."values"=k.v
CROSS JOIN runs r ON r.lsn=o.lsn
GROUP BY o.fingerprint, o."values" ORDER BY o.lsn DESC"""

_PARTS = (
    'SELECT fingerprint, count(*), count(DISTINCT "values"), max(lsn) FROM occurrences GROUP BY 1',
    """SELECT fingerprint, count(*), max(passed_lsn), total(passed_lsn), total(contradicted_lsn)
       FROM remedies GROUP BY 1""",
    """SELECT r.fingerprint, count(*), total(v.lsn) FROM verdicts v
       JOIN remedies r ON r.id=v.remedy GROUP BY 1""",
    """SELECT r.fingerprint, count(*), total(p.lsn) FROM proofs p
       JOIN remedies r ON r.id=p.remedy GROUP BY 1""",
    "SELECT fingerprint, count(*), total(lsn), total(failed), total(runs) FROM flaky GROUP BY 1",
    """SELECT fingerprint, count(*), max(last_lsn), total(closed_lsn), total(unsaid_lsn),
       total(length(note)) FROM episodes GROUP BY 1""",
    "SELECT fingerprint, count(*), total(until_ms) FROM snoozes GROUP BY 1",
    """WITH moved AS (
         SELECT p.project AS project, p.path AS path, count(*) AS made, total(c.gone) AS gone
         FROM commit_paths p CROSS JOIN commits c ON c.project=p.project AND c.sha=p.sha
         WHERE p.path IN (SELECT path FROM remedy_paths WHERE related) GROUP BY 1, 2)
       SELECT r.fingerprint, total(m.made), total(m.gone) FROM remedies r
       JOIN remedy_paths p ON p.remedy=r.id AND p.related
       JOIN moved m ON m.project=r.project AND m.path=p.path GROUP BY 1""",
)
"""Whatever is said of a symptom rests on these; the last: commits that may name its remedies."""

_PULSE = """
SELECT (SELECT max(lsn) FROM runs), (SELECT count(*) FROM runs),
  (SELECT total(lsn) FROM verdicts), (SELECT total(lsn) FROM proofs),
  (SELECT count(*) FROM commits), (SELECT count(*) FROM commits WHERE gone),
  (SELECT total(until_ms) FROM snoozes), (SELECT total(lsn) FROM quiet),
  (SELECT total(lsn) FROM receptions), (SELECT count(*) FROM cards),
  (SELECT group_concat(project || into_project) FROM aliases),
  (SELECT total(1 + done) FROM forgets),
  (SELECT group_concat(project) FROM out_of_sight)
"""


def epoch(db: apsw.Connection) -> str:
    """The journal that this memory was made from, by the rules of today."""
    row = db.execute("SELECT value FROM meta WHERE name='stamp'").fetchone()
    journal = str(row[0]).partition(" ")[0] if row else ""
    return f"{journal}.{RULES_VERSION}"


def pulse(db: apsw.Connection) -> str:
    """Where this is as before, every stamp is: it costs next to nothing to ask."""
    return repr(db.execute(_PULSE).fetchone())


def stamps(db: apsw.Connection, since_ms: int) -> dict[Key, Seen]:
    """Every symptom that was last seen since then, newest first."""
    common = repr(
        (
            epoch(db),
            db.execute("SELECT project, into_project FROM aliases ORDER BY 1").fetchall(),
            db.execute("SELECT count(*), total(done) FROM forgets").fetchall(),
            db.execute("SELECT project FROM out_of_sight ORDER BY 1").fetchall(),
        )
    )
    parts: defaultdict[str, list[object]] = defaultdict(list)
    for n, sql in enumerate(_PARTS):
        for fingerprint, *rest in db.execute(sql):
            parts[str(fingerprint)].append((n, rest))
    quiet: dict[str, bool] = {}
    variants: defaultdict[str, int] = defaultdict(int)
    found: dict[Key, Seen] = {}
    for fingerprint, values, lsn, n, at_ms, project in db.execute(_NEWEST).fetchall():
        key = Fingerprint(str(fingerprint)), str(values)
        variants[key[0]] += 1
        if int(str(at_ms)) < since_ms or variants[key[0]] > VALUES_MAX:
            continue
        of = str(project)
        if of not in quiet:
            quiet[of] = standing(db, of).quiet
        said = repr((common, parts[key[0]], values, lsn, n, quiet[of]))
        stamp = hashlib.blake2b(said.encode(), digest_size=8).hexdigest()
        newest = int(str(lsn)) * PLACES + PLACES - 1 - int(str(n))
        found[key] = Seen(stamp, newest, int(str(at_ms)))
    return found
