"""What is known about a fingerprint at a moment: remedies in order of trust, and flakiness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import apsw

from common.model.failure import Failure, Flakiness, Match
from dragon_node.failures.grounds import written
from dragon_node.failures.in_place import Contents, Place, files_at, place
from dragon_node.failures.joined import IN, as_json, together
from dragon_node.failures.kept import NOW, KnownRemedy, of_symptom
from dragon_node.failures.runs import Run
from dragon_node.lake.moves import IN_SIGHT


@dataclass(frozen=True, slots=True)
class Known:
    """Everything about one failure."""

    match: Match
    remedies: tuple[KnownRemedy, ...] = ()
    flaky: Flakiness | None = None
    note: str = ""
    elsewhere: str = ""
    """Name of the project that knows it, when this one does not."""

    @property
    def worth_saying(self) -> bool:
        """Whether there is something true to say unasked."""
        return self.flaky is not None or any(r.may_be_offered for r in self.remedies)


def known(
    db: apsw.Connection,
    project: str,
    failure: Failure,
    *,
    before_lsn: int = NOW,
    failing: Run | None = None,
) -> Known:
    """What was known before a point of the journal; now, when none is given.

    This project's past, and that of what is joined to it, goes before another's; equal values
    before other values. An empty project stands for any. `failing` is the run that is asked
    about: a remedy that was in place then goes last.
    """
    remedies = _placed(
        db, failing, failure, _merged(failure, of_symptom(db, failure.fingerprint, before_lsn))
    )
    within = _Within.of(db, project)
    if failing is not None and not _names_a_file(failure):
        remedies = [
            replace(r, package=_package(db, r.failing, failing)) if r.project in within else r
            for r in remedies
        ]
    here = [r for r in remedies if r.project in within]
    flaky = _flaky(db, within, failure, before_lsn)
    chosen = here if here or flaky else remedies
    elsewhere = chosen[0].failing.project_name if chosen and not here else ""
    # As close as what is offered, not as what was merely seen.
    missing = [r for r in chosen if r.in_place is None] or chosen
    match: Match
    if chosen and all(r.package for r in chosen):
        match = "similar"
    else:
        match = _closeness(failure, missing) if chosen else _match(db, within, failure, before_lsn)
    ordered = sorted(chosen, key=lambda r: _rank(failure, r))
    return Known(match, tuple(ordered), flaky, _note(db, within, failure, before_lsn), elsewhere)


def _names_a_file(failure: Failure) -> bool:
    return bool(failure.test) or any(f.in_app for f in failure.frames)


def _package(db: apsw.Connection, theirs: Run, ours: Run) -> str:
    """Where in its repository a remedy's run failed; empty when that is the same place."""
    place = _place(db, theirs)
    return "" if place == _place(db, ours) else place


def _place(db: apsw.Connection, run: Run) -> str:
    row = db.execute("SELECT path FROM roots WHERE wc=?", (run.wc,)).fetchone()
    root = str(row[0]) if row else ""
    inside = bool(root) and (run.cwd + "/").startswith(root + "/")
    return (run.cwd[len(root) + 1 :] if inside else run.cwd) or "the top"


def _closeness(failure: Failure, remedies: Sequence[KnownRemedy]) -> Match:
    return "same" if any(r.values == failure.values for r in remedies) else "same, other values"


def _merged(failure: Failure, remedies: Sequence[KnownRemedy]) -> list[KnownRemedy]:
    """One for each change, however often it was made. What a person rejected stays rejected."""
    alike: dict[object, list[KnownRemedy]] = {}
    for remedy in remedies:
        alike.setdefault(_change(remedy), []).append(remedy)
    merged: list[KnownRemedy] = []
    for group in alike.values():
        best = min(group, key=lambda r: (not r.rejected, _rank(failure, r)))
        first = min((r.failing for r in group), key=lambda run: run.lsn)
        merged.append(replace(best, first=first))
    return merged


def _change(remedy: KnownRemedy) -> object:
    hunks = tuple((c.path, c.old_git, c.new_git, c.mode) for c in remedy.related)
    code = remedy.kind == "code" and bool(hunks)
    environments = remedy.failing.environment, remedy.passing.environment
    around = None if code else (*environments, remedy.acted)
    return remedy.project, remedy.kind, hunks, around


def _placed(
    db: apsw.Connection, failing: Run | None, failure: Failure, remedies: Sequence[KnownRemedy]
) -> list[KnownRemedy]:
    here = [r for r in remedies if failing and r.kind == "code" and r.project == failing.project]
    if failing is None or not here:
        return list(remedies)
    trees: dict[str, Contents] = {}
    for remedy in here:
        for run, new in ((remedy.failing, False), (remedy.passing, True)):
            held = {c.path: c.new_git if new else c.old_git for c in remedy.related}
            tree = run.tree if new else run.tree_after or run.tree
            trees[tree] = {**trees.get(tree, {}), **held}
    during = written(db, failing)
    if during is None:
        return list(remedies)  # nobody knows which files it failed on
    files = files_at(db, failing, (c.path for r in here for c in r.related), trees)
    unsure = {c.path for c in during}

    def placed(remedy: KnownRemedy) -> Place | None:
        if any(c.path in unsure for c in remedy.related):
            return None
        same = remedy.values == failure.values
        return place(db, failing, remedy.related, files, same=same) if remedy in here else None

    return [replace(r, in_place=placed(r), of_this=_is_of(r, failure, failing)) for r in remedies]


def _is_of(remedy: KnownRemedy, failure: Failure, failing: Run) -> bool:
    """Two tests that fail alike, or two scripts, may have two causes."""
    theirs = remedy.failing
    same_command = (theirs.command, theirs.cwd) == (failing.command, failing.cwd)
    alike = remedy.values == failure.values and remedy.test == failure.test
    return alike and (bool(failure.test) or same_command)


def _rank(failure: Failure, remedy: KnownRemedy) -> tuple[bool, bool, bool, bool, int, bool, int]:
    trust = {"confirmed": 0, "observed": 1, "ambiguous": 2, "unproven": 3, "rejected": 4}
    return (
        bool(remedy.package),
        remedy.in_place is not None,
        remedy.state == "rejected",
        remedy.values != failure.values,
        trust[remedy.state],
        not remedy.accepted,
        -remedy.passing.lsn,
    )


@dataclass(frozen=True, slots=True)
class _Within:
    """A project and what is joined to it; None is any."""

    projects: frozenset[str] | None

    @classmethod
    def of(cls, db: apsw.Connection, project: str) -> _Within:
        return cls(together(db, project) if project else None)

    def __contains__(self, project: str) -> bool:
        return self.projects is None or project in self.projects

    @property
    def condition(self) -> str:
        """In SQL, with one binding."""
        return "?=''" if self.projects is None else f"project {IN}"

    @property
    def binding(self) -> str:
        return "" if self.projects is None else as_json(self.projects)


def _match(db: apsw.Connection, within: _Within, failure: Failure, before_lsn: int) -> Match:
    rows = db.execute(
        f'SELECT DISTINCT "values" FROM occurrences WHERE fingerprint=? AND lsn<?'
        f" AND {within.condition}" + (f" AND project {IN_SIGHT}" if before_lsn == NOW else ""),
        (failure.fingerprint, before_lsn, within.binding),
    )
    seen = {str(row[0]) for row in rows}
    if not seen:
        return "none"
    return "same" if failure.values in seen else "same, other values"


def _flaky(
    db: apsw.Connection, within: _Within, failure: Failure, before_lsn: int
) -> Flakiness | None:
    row = db.execute(
        f"SELECT failed, runs FROM flaky WHERE fingerprint=? AND lsn<? AND {within.condition}"
        " ORDER BY lsn DESC LIMIT 1",
        (failure.fingerprint, before_lsn, within.binding),
    ).fetchone()
    return Flakiness(int(str(row[0])), int(str(row[1]))) if row else None


def _note(db: apsw.Connection, within: _Within, failure: Failure, before_lsn: int) -> str:
    """Of the newest episode that ended or that a run said something about."""
    row = db.execute(
        "SELECT state, note FROM episodes WHERE fingerprint=? AND id<? AND note<>''"
        f" AND {within.condition} ORDER BY coalesce(closed_lsn, last_lsn) DESC LIMIT 1",
        (failure.fingerprint, before_lsn * 64, within.binding),
    ).fetchone()
    if row is None or row[0] in ("observed", "ambiguous", "unproven"):
        return ""
    return str(row[1]) if row[0] == "open" else f"{row[0]}: {row[1]}"
