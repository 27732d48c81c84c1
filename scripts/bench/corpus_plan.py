"""What breaks in the corpus, with what else, and in which way: decided before anything runs.

Groups of tasks have a way each, by their place in the drawing: alone, three at once, flaky, or
with two causes; broken in a commit, in an edit, or when they are written first; run and then
committed, or the other way round; and what happens to the commit afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from scripts.bench.material.human_eval import Task
from scripts.bench.material.mutants import Mutant, failing

Sort = Literal["alone", "together", "flaky", "two causes"]
Begin = Literal["committed", "edited", "new"]
Rewriting = Literal["", "amend", "squash", "rebase"]

SORTS: tuple[Sort, ...] = (
    *("flaky", "two causes", "together", "together", "together"),
    *("alone", "alone", "alone", "alone", "alone", "alone", "alone"),
)
BEGINS: tuple[Begin, ...] = ("committed", "edited", "new")
REWRITINGS: tuple[Rewriting, ...] = ("", "amend", "squash", "rebase")


@dataclass(slots=True)
class Part:
    """A task with its mistake."""

    task: Task
    mutant: Mutant
    other: Mutant | None = None
    """Another mistake with which the check fails alike."""
    head: str = ""
    """What stands in front of the module by now: its lines have moved by so much."""
    fingerprints: set[str] = field(default_factory=set[str])
    """Of the failures of each of its mistakes."""
    is_two: bool = False
    """Both of its mistakes have one symptom."""

    def text(self, mutant: Mutant | None = None) -> str:
        return self.head + (mutant.source if mutant else self.task.source)


@dataclass(slots=True)
class Group:
    """Tasks that break in one run, and in which way."""

    sort: Sort
    parts: list[Part]
    begin: Begin
    commits_first: bool
    rewriting: Rewriting
    decoy: bool
    verbose: bool

    @property
    def command(self) -> str:
        """Every third names the tests that passed."""
        files = " ".join(p.task.test_file for p in self.parts)
        return f"python -m pytest {'-v' if self.verbose else '-q'} {files}"


def planned(parts: Sequence[Part]) -> list[Group]:
    """Every way with every other, by place alone: the same drawing gives the same story."""
    groups: list[Group] = []
    for n, part in enumerate(parts):
        sort = SORTS[n % len(SORTS)]
        if sort == "two causes" and part.other is None:
            sort = "alone"
        if sort == "together" and groups and groups[-1].sort == sort and len(groups[-1].parts) < 3:
            groups[-1].parts.append(part)
            continue
        g = len(groups)
        groups.append(
            Group(
                sort,
                [part],
                begin=BEGINS[g % 3],
                commits_first=bool((g // 3) % 2),
                rewriting=REWRITINGS[(g // 2) % 4],
                decoy=g % 5 < 3,
                verbose=g % 3 == 1,
            )
        )
    return groups


def part_of(task: Task) -> Part | None:
    """With the first mistake that shows, and the next that shows alike; None without any."""
    found = failing(task)
    first = next(found, None)
    if first is None:
        return None
    mutant, said = first
    return Part(task, mutant, next((m for m, how in found if how == said), None))


def names(group: Group) -> str:
    """For the subject of a commit."""
    return ", ".join(p.task.function for p in group.parts)
