"""What a card said of a failure of the corpus, held against the mistake that was made."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from common.model.failure import Remedy, Suggestion
from scripts.bench.corpus_plan import Part, Sort
from scripts.bench.corpus_world import Desk, World
from scripts.bench.material.human_eval import Task
from scripts.bench.material.mutants import Mutant

Phase = Literal["first", "another cause", "again", "moved", "elsewhere"]


@dataclass(frozen=True, slots=True)
class Seen:
    """One failure of a task, and what was said unasked."""

    task: str
    phase: Phase
    sort: Sort
    kind: str
    card: bool
    match: str = ""
    remedies: int = 0
    right: bool = False
    """The change that mended it is among them."""
    first_right: bool = False
    first_offered: bool = False
    """The first of them is more than unproven or rejected."""
    flaky: bool = False
    commit: str = ""
    labelled: bool | None = None
    """The right one's commit carries it; None where there is none to name."""
    remedy_id: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Happened:
    """A failure that the story brought about."""

    part: Part
    phase: Phase
    sort: Sort
    mutant: Mutant

    @property
    def kind(self) -> str:
        return "flake" if self.sort == "flaky" else self.mutant.kind


def judged(what: Happened, card: Suggestion | None, world: World, desk: Desk) -> Seen:
    """With the commit looked up in git as it is now."""
    task, kind = what.part.task, what.kind
    if card is None:
        return Seen(task.name, what.phase, what.sort, kind, False)
    remedies = card.recollection.remedies
    mending = remedies if what.sort != "flaky" else ()
    right = [r for r in mending if mends(r, task, what.mutant)]
    first = remedies[0] if remedies else None
    return Seen(
        *(task.name, what.phase, what.sort, kind, True, card.recollection.match, len(remedies)),
        right=bool(right),
        first_right=bool(right) and first is right[0],
        first_offered=first is not None and first.state not in ("unproven", "rejected"),
        flaky=card.recollection.flaky is not None,
        commit=first.commit if first else "",
        labelled=_labelled(right[0], what, world, desk) if right else None,
        remedy_id=first.id if first else "",
        said="; ".join(f"[{r.state}] {r.label}: {r.why}" for r in remedies),
    )


def mends(remedy: Remedy, task: Task, mutant: Mutant) -> bool:
    """Whether the diff takes this mistake back and does nothing else, at whatever line."""
    done = sorted(_changed(remedy.diff.splitlines()))
    return remedy.paths == (task.module,) and sorted(_mending(task, mutant)) == done


def _labelled(remedy: Remedy, what: Happened, world: World, desk: Desk) -> bool | None:
    """Whether the commit that it names is on the branch and takes the mistake back, or brings the
    module as it should be; None where it names none."""
    if not remedy.commit:
        return None
    task = what.part.task
    on = ["branch", "--contains", remedy.commit, "--format=%(refname:short)"]
    patch = world.git(desk.root, "show", "--format=", remedy.commit, "--", task.module)
    done = set(_changed(patch.splitlines()))
    wanted = set(_mending(task, what.mutant))
    if "\nnew file mode" in patch:  # it was never committed with the mistake
        wanted = {line for line in wanted if line.startswith("+")}
    return "main" in world.git(desk.root, *on).split() and wanted <= done


def _mending(task: Task, mutant: Mutant) -> Iterator[str]:
    wrong, right = mutant.source.splitlines(), task.source.splitlines()
    return _changed(difflib.unified_diff(wrong, right, n=0))


def _changed(diff: Iterable[str]) -> Iterator[str]:
    for line in diff:
        if line[:1] in ("+", "-") and not line.startswith(("+++", "---")) and line[1:].strip():
            yield line.rstrip()
