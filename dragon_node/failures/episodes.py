"""How an episode ended: what may be claimed about a failing run and a later passing one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from common.model.event import PathChange
from common.model.failure import Failure, RemedyKind, RemedyState
from dragon_node.failures.acting import NOTHING_DONE, Around
from dragon_node.failures.changes import (
    Parted,
    closest_part,
    declares_dependencies,
    file_of,
    is_own_test,
    is_test,
    named_part,
    spoken_of,
    with_its_tests,
    written_by_people,
)
from dragon_node.failures.outside import Outside
from dragon_node.failures.passing import Verdict
from dragon_node.failures.runs import Environment, Run

State = Literal[
    "observed",
    "unproven",
    "ambiguous",
    "flaky",
    "unexplained",
    "outside this project",
    "expectation changed",
    "removed",
]


@dataclass(frozen=True, slots=True)
class Ending:
    """What is claimed, and why."""

    state: State
    note: str
    """A sentence: why this is believed, or why there is no remedy."""
    kind: RemedyKind = "code"
    related: tuple[PathChange, ...] = ()
    also: tuple[PathChange, ...] = ()

    @property
    def remedy_state(self) -> RemedyState | None:
        """None when there is nothing to offer."""
        match self.state:
            case "observed" | "unproven" | "ambiguous":
                return self.state
            case _:
                return None


def judge(
    failure: Failure,
    failing: Run,
    passing: Run,
    changes: tuple[PathChange, ...] | None,
    verdict: Verdict,
    root: str,
    around: Around = NOTHING_DONE,
    meanwhile: str = "",
) -> Ending | None:
    """None when the pass proves nothing and the episode goes on.

    `changes` are those between the two runs; None when they are not known. `meanwhile` says that
    files changed while the failing run was under way.
    """
    if changes is None:
        note = meanwhile or "what changed between the two runs was not recorded in full"
        return Ending("unexplained", note)
    changes = written_by_people(changes)
    if verdict != "passed" and file_of(failure.test) in _deleted(changes):
        return Ending("removed", "the test's file was deleted", also=changes)
    environment = _environment(failing.environment, passing.environment)
    if not changes and environment is None:
        return _unchanged(failure, failing, passing, around, meanwhile)
    if environment is None and around.surroundings and changes:
        environment = ("environment", _ran(around.surroundings))
    elif environment is not None and around.acted:
        environment = (environment[0], f"{environment[1]} ({_ran(around.acted)})")
    if environment is None:
        return _code(failure, failing, changes, verdict, root)
    return _environment_too(failure, failing, changes, environment, root)


def beyond(ending: Ending, outside: Outside) -> Ending:
    """The same, or where else it was made to pass: something here may not have been all."""
    if outside.moved:
        return Ending("outside this project", outside.moved, also=ending.also)
    if outside.unwatched and ending.state == "flaky":
        note = f"nothing here changed; it runs through {outside.unwatched}, which is not watched"
        return Ending("unexplained", note)
    return ending


def as_counted(ending: Ending, verdict: Verdict) -> Ending:
    """The same, or less where the run tells nothing of its tests but that none failed."""
    if verdict != "passed uncounted" or ending.remedy_state is None:
        return ending
    note = f"{ending.note}; the same command ended well, but the run does not name its tests"
    return replace(ending, state="unproven", note=note)


def less_sure(ending: Ending, unsure: Collection[str], why: str) -> Ending:
    """The same, or less where it rests on files that the failing run saw one way or the other."""
    rests = ending.kind != "code" or any(c.path in unsure for c in ending.related)
    if not unsure or not rests or ending.remedy_state in (None, "unproven"):
        return ending
    note = f"{ending.note}; {why} ({_list(sorted(unsure))}), so it is not known on which it failed"
    return replace(ending, state="unproven", note=note)


def _unchanged(
    failure: Failure, failing: Run, passing: Run, around: Around, meanwhile: str
) -> Ending | None:
    if failure.during and failure.kind != "test":
        return None  # the next request may have asked for something else
    if (failing.command, failing.cwd) != (passing.command, passing.cwd):
        return None  # another command on the same files: other options, other order, other result
    if meanwhile:
        return Ending("unexplained", meanwhile)
    if passing.tree_after and passing.tree_after != passing.tree:
        return Ending("unexplained", "files changed while the passing run was under way")
    if _is_half_known(failing.environment, passing.environment):
        return Ending("unexplained", "the environment of one of the two runs is not known")
    if around.acted:
        note = f"{_list(list(around.acted))} ran in between and nothing that was recorded changed"
        return Ending("observed", note, "environment")
    return Ending("flaky", "it passed, and nothing that git follows had changed")


def _code(
    failure: Failure, failing: Run, changes: tuple[PathChange, ...], verdict: Verdict, root: str
) -> Ending:
    spoken = spoken_of(failure, failing.command, failing.cwd, root)
    part = closest_part(failure, changes, spoken)
    tests = [c.path for c in part.also if is_test(c.path, failure)]
    own = [path for path in tests if is_own_test(path, failure)]
    if not part.related:
        return _nothing_related(part.also, tests, own)
    note, theirs = _said(part, failure), _own_file(own, failure)
    if verdict != "passed" and own:
        note += f", but so did {theirs}, and the run does not name the tests that passed"
        return Ending("unproven", note, "code", part.related, part.also)
    if own:
        note += f", and so did {theirs}; which of them made it pass is not known"
        return Ending("ambiguous", note, "code", part.related, part.also)
    if with_its_tests(part.related, failure):
        note += "; its own tests stand in the same file, so what is expected may be what changed"
        return Ending("unproven", note, "code", part.related, part.also)
    if tests:
        note += f"; so did {_list(tests)}"
    return Ending("observed", note, "code", part.related, part.also)


def _own_file(own: list[str], failure: Failure) -> str:
    return "the test's own file" if own == [file_of(failure.test)] else _list(own)


def _nothing_related(also: tuple[PathChange, ...], tests: list[str], own: list[str]) -> Ending:
    if own and len(tests) == len(also):
        return Ending("expectation changed", f"only tests changed: {_list(tests)}", also=also)
    others = _list([c.path for c in also if c.path not in own])
    note = f"{others} changed, which the failure does not name"
    if own:
        first = "the test's own file" if len(own) == 1 else _list(own)
        note = f"{first} changed, and so did {others}, which the failure does not name"
    return Ending("unexplained", note, also=also)


def _said(part: Parted, failure: Failure) -> str:
    """What is known, and no more than that."""
    paths = [c.path for c in part.related]
    when = "changed between the failing and the passing run"
    they = "it" if len(paths) == 1 else "they"
    match part.evidence:
        case "named":
            return f"{_list(paths)} {when}"
        case "imported":
            note = f"the failing test imports {_list(paths)}; {they} {when}"
        case "reached":
            return f"the failing test reaches {_list(paths)} through its imports; {they} {when}"
    farther = [c.path for c in part.also if c.path in failure.reaches]
    return f"{note}; so did {_list(farther)}, which it reaches through them" if farther else note


def _environment_too(
    failure: Failure,
    failing: Run,
    changes: tuple[PathChange, ...],
    environment: tuple[RemedyKind, str],
    root: str,
) -> Ending:
    kind, what = environment
    code = tuple(c for c in changes if not (kind == "dependency" and _declares(c)))
    declared = tuple(c for c in changes if c not in code)
    if not code:
        return Ending("observed", f"{what} changed and no code did", kind, declared, ())
    # With two suspects the weaker evidence of imports would accuse at random: it is not used.
    part = named_part(failure, code, spoken_of(failure, failing.command, failing.cwd, root))
    note = f"code and {what} both changed; which of them did it is not known"
    if part.related:
        return Ending("ambiguous", note, "code", part.related, (*part.also, *declared))
    return Ending("ambiguous", note, kind, declared, part.also)


def _ran(commands: tuple[str, ...]) -> str:
    return f"what {_list(list(commands))} did"


def _environment(before: Environment, after: Environment) -> tuple[RemedyKind, str] | None:
    """What differs, where both sides are known."""
    if _differ(before.packages, after.packages) or _differ(before.lock_hash, after.lock_hash):
        return "dependency", "installed packages"
    if _differ(before.interpreter, after.interpreter):
        return "environment", "the interpreter"
    if _differ(before.variables, after.variables):
        return "environment", "environment variables"
    return None


def _is_half_known(before: Environment, after: Environment) -> bool:
    """What is known of one run alone cannot be called equal."""
    return any(
        bool(one) != bool(other)
        for one, other in (
            (before.packages, after.packages),
            (before.variables, after.variables),
            (before.interpreter, after.interpreter),
        )
    )


def _differ(before: str, after: str) -> bool:
    return bool(before and after and before != after)


def _declares(change: PathChange) -> bool:
    return declares_dependencies(change.path)


def _deleted(changes: Iterable[PathChange]) -> frozenset[str]:
    return frozenset(c.path for c in changes if c.old_git and not c.new_git)


def _list(paths: list[str], most: int = 3) -> str:
    shown = ", ".join(paths[:most])
    return f"{shown} and {len(paths) - most} more" if len(paths) > most else shown
