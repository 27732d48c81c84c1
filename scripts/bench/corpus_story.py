"""How each task breaks and is mended, and what was said each time: the corpus's one story.

Groups of tasks have a way each, by their place in the drawing: alone, three at once, flaky, or
with two causes; broken in a commit, in an edit, or when they are written first; run and then
committed, or the other way round; and what happens to the commit afterwards.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from common.model.failure import Failure, Remedy, Suggestion
from scripts.bench.corpus_world import Desk, Ran, World
from scripts.bench.material.human_eval import Task
from scripts.bench.material.mutants import Mutant, failing

Sort = Literal["alone", "together", "flaky", "two causes"]
Begin = Literal["committed", "edited", "new"]
Rewriting = Literal["", "amend", "squash", "rebase"]
Phase = Literal["first", "another cause", "again", "moved", "elsewhere"]

SORTS: tuple[Sort, ...] = (
    *("flaky", "two causes", "together", "together", "together"),
    *("alone", "alone", "alone", "alone", "alone", "alone", "alone"),
)
BEGINS: tuple[Begin, ...] = ("committed", "edited", "new")
REWRITINGS: tuple[Rewriting, ...] = ("", "amend", "squash", "rebase")
FLAKES_MAX = 20
"""Runs of a test that fails every other time, until it does what is waited for."""
AWAY = "the service is away"


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


def mends(remedy: Remedy, task: Task, mutant: Mutant) -> bool:
    """Whether the diff takes this mistake back, at whatever line."""
    changed = list(_changed(remedy.diff.splitlines()))
    wanted = list(
        _changed(difflib.unified_diff(mutant.source.splitlines(), task.source.splitlines()))
    )
    return task.module in remedy.paths and set(wanted) <= set(changed)


def _changed(diff: Sequence[str] | Iterator[str]) -> Iterator[str]:
    for line in diff:
        if line[:1] in ("+", "-") and not line.startswith(("+++", "---")) and line[1:].strip():
            yield line.rstrip()


@dataclass(slots=True)
class Story:
    """Told once; what was seen is kept."""

    world: World
    groups: list[Group]
    seen: list[Seen] = field(default_factory=list[Seen])
    firsts: list[tuple[str, Failure]] = field(default_factory=list[tuple[str, Failure]])
    """The failure of each task's first mistake."""
    faults: list[str] = field(default_factory=list[str])
    """What the story itself could not bring about."""
    _here: Desk | None = None
    _there: Desk | None = None
    _decoys: int = 0

    @property
    def here(self) -> Desk:
        assert self._here is not None
        return self._here

    async def tell(self) -> None:
        """Break and mend everything, then again, moved, and elsewhere."""
        await self._begin()
        for group in self.groups:
            await (self._flaky(group) if group.sort == "flaky" else self._first(group))
            self.world.clock.go_on(25)
        self.world.clock.go_on(14 * 24 * 60)
        for group in self.groups:
            await (self._flaky_again(group) if group.sort == "flaky" else self._again(group))
            self.world.clock.go_on(25)
        for n, group in enumerate(self.groups):
            if group.sort != "flaky":
                await self._moved(group, passes=n % 4 == 0)
                self.world.clock.go_on(25)
        await self._elsewhere()

    # -- the parts of the story ----------------------------------------------------------------

    async def _begin(self) -> None:
        """All that is not yet to be written, as it should be, in one commit."""
        root = self.world.scratch / "here" / "puzzles"
        root.mkdir(parents=True)
        self.world.git(root, "init", "-q")
        files = {".gitignore": "__pycache__/\n.pytest_cache/\n", "tasks/__init__.py": ""}
        files["README.md"] = "Puzzles, each with its test.\n"
        for group in self.groups:
            for part in group.parts:
                if group.begin != "new" or group.sort == "flaky":
                    files |= self._files(part)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        self.world.git(root, "add", "-A")
        self.world.git(root, "commit", "-qm", "puzzles")
        self._here = await self.world.desk(root)

    def _files(self, part: Part) -> dict[str, str]:
        return {part.task.module: part.text(), part.task.test_file: part.task.test_text()}

    async def _first(self, group: Group) -> None:
        for part in group.parts:
            files = {part.task.module: part.text(part.mutant)}
            if group.begin == "new":
                files[part.task.test_file] = part.task.test_text()
            self.here.write(files)
        if group.begin == "committed":
            await self._commit(f"rework {_names(group)}")
        ran = await self.world.run(self.here, group.command)
        for part in group.parts:
            if failure := self._note(part, group, "first", part.mutant, ran):
                self.firsts.append((part.task.name, failure))
                part.fingerprints.add(failure.fingerprint)
        await self._mend(group)
        part = group.parts[0]
        if group.sort == "two causes" and part.other is not None:
            await self._other_cause(group, part, part.other)

    async def _other_cause(self, group: Group, part: Part, other: Mutant) -> None:
        self.world.clock.go_on(25)
        self.here.write({part.task.module: part.text(other)})
        await self._commit(f"rework {_names(group)} once more")
        ran = await self.world.run(self.here, group.command)
        if failure := _failure(ran, part):
            part.is_two = failure.fingerprint in part.fingerprints
        self._note(part, group, "another cause" if part.is_two else "first", other, ran)
        await self._mend(group)

    async def _mend(self, group: Group) -> None:
        """One after the other, with what else happens meanwhile."""
        if group.decoy:
            await self._decoy(commits=group.commits_first)
        committed = False
        for part in group.parts:
            self.world.clock.go_on(3)
            self.here.write({part.task.module: part.text()})
            if group.commits_first:
                committed = await self._commit(f"mend {part.task.function}")
            ran = await self.world.run(self.here, group.command)
            if any(f.test == part.task.test for f in ran.command.failures):
                self.faults.append(f"{part.task.name} fails without its mistake")
            if not group.commits_first:
                committed = await self._commit(f"mend {part.task.function}")
        if committed:
            await self._rewrite(group.rewriting)

    async def _rewrite(self, how: Rewriting) -> None:
        git, root = self.world.git, self.here.root
        self.world.clock.go_on(2)
        if how == "amend":
            self._write_note()
            git(root, "add", "-A")
            git(root, "commit", "-q", "--amend", "--no-edit")
        elif how == "squash":
            for _ in range(2):
                await self._decoy(commits=True)
            subject = git(root, "log", "-1", "--format=%s", "HEAD~2")
            git(root, "reset", "-q", "--soft", "HEAD~3")
            git(root, "commit", "-qm", f"{subject}, and notes")
        elif how == "rebase":
            git(root, "checkout", "-q", "-b", "side", "HEAD~1")
            self._write_note()
            git(root, "add", "-A")
            git(root, "commit", "-qm", "a note meanwhile")
            git(root, "checkout", "-q", "main")
            git(root, "rebase", "-q", "side")
            git(root, "branch", "-q", "-D", "side")
        await self.world.tell(self.here)

    async def _again(self, group: Group) -> None:
        """The same mistakes, not committed; those with two causes have each once."""
        part = group.parts[0]
        turns = [part.mutant, part.other] if part.is_two and part.other else [None]
        for mutant in turns:
            for each in group.parts:
                chosen = mutant or each.mutant
                self.here.write({each.task.module: each.text(chosen)})
            ran = await self.world.run(self.here, group.command)
            for each in group.parts:
                self._note(each, group, "again", mutant or each.mutant, ran)
            self.here.write({p.task.module: p.text() for p in group.parts})
            await self.world.run(self.here, group.command)
            self.world.clock.go_on(25)

    async def _moved(self, group: Group, *, passes: bool) -> None:
        """Something was written above it, and committed."""
        for part in group.parts:
            helper = f"def told_{part.task.number}():\n    return {part.task.number}\n"
            part.head = f"# Solved in its own file.\n# Others may import it.\n\n\n{helper}\n\n"
            self.here.write({part.task.module: part.text()})
        await self._commit(f"say where {_names(group)} belongs")
        for part in group.parts:
            self.here.write({part.task.module: part.text(part.mutant)})
        ran = await self.world.run(self.here, group.command)
        for part in group.parts:
            self._note(part, group, "moved", part.mutant, ran)
        self.here.write({p.task.module: p.text() for p in group.parts})
        if passes:
            await self.world.run(self.here, group.command)

    async def _elsewhere(self) -> None:
        """In another clone, in another directory."""
        root = self.world.scratch / "elsewhere" / "a clone of it"
        self.world.git(self.world.scratch, "clone", "-q", str(self.here.root), str(root))
        there = self._there = await self.world.desk(root)
        for group in self.groups:
            if group.sort == "flaky":
                continue
            self.world.clock.go_on(25)
            for part in group.parts:
                there.write({part.task.module: part.text(part.mutant)})
            ran = await self.world.run(there, group.command)
            for part in group.parts:
                self._note(part, group, "elsewhere", part.mutant, ran)
            there.write({p.task.module: p.text() for p in group.parts})

    # -- flakes --------------------------------------------------------------------------------

    async def _flaky(self, group: Group) -> None:
        """It fails when somebody else is away, or every other time; then passes with nothing
        changed. Before that, every other one passes after an edit that looks like its mending."""
        part = group.parts[0]
        self.here.write({part.task.test_file: part.task.test_text(self._flake(part))})
        await self._commit(f"ask the service in {_names(group)}")
        if group.commits_first:
            self._note(part, group, "first", part.mutant, await self._until(group, part, True))
            part.head = "# Nothing was wrong here.\n"
            self.here.write({part.task.module: part.text()})
            await self._until(group, part, False)
            await self._commit(f"mend {part.task.function}, it seems")
            self.world.clock.go_on(25)
        ran = await self._until(group, part, True)
        if failure := self._note(part, group, "first", part.mutant, ran):
            self.firsts.append((part.task.name, failure))
        await self._until(group, part, False)

    async def _flaky_again(self, group: Group) -> None:
        part = group.parts[0]
        self._note(part, group, "again", part.mutant, await self._until(group, part, True))
        await self._until(group, part, False)

    def _flake(self, part: Part) -> str:
        if part.task.number % 2:
            return f'    import os\n    assert os.urandom(1)[0] % 2, "{AWAY}"\n'
        marker = str(self._marker(part))
        return f'    import os\n    assert not os.path.exists({marker!r}), "{AWAY}"\n'

    def _marker(self, part: Part) -> Path:
        return self.world.scratch / f"away-{part.task.number}"

    async def _until(self, group: Group, part: Part, fails: bool) -> Ran:
        """Runs it until it does; the last run."""
        if fails:
            self._marker(part).touch()
        else:
            self._marker(part).unlink(missing_ok=True)
        for _ in range(FLAKES_MAX):
            ran = await self.world.run(self.here, group.command)
            if ran.ok != fails:
                return ran
        raise AssertionError(f"{part.task.name} does not come and go")

    # -- what is used by all -------------------------------------------------------------------

    async def _commit(self, subject: str) -> bool:
        """False when there was nothing to commit."""
        self.world.clock.go_on(1)
        self.world.git(self.here.root, "add", "-A")
        if not self.world.git(self.here.root, "status", "--porcelain"):
            return False
        self.world.git(self.here.root, "commit", "-qm", subject)
        await self.world.tell(self.here)
        return True

    async def _decoy(self, *, commits: bool) -> None:
        """A note, and a remark in a module that has nothing to do with it."""
        self._write_note()
        idle = [p for g in self.groups for p in g.parts if g.sort == "alone" and g.begin != "new"]
        if idle:
            part = idle[self._decoys % len(idle)]
            path = self.here.root / part.task.module
            if path.read_text() == part.text():
                part.head += f"# Looked at {self._decoys} times.\n"
                path.write_text(part.text())
        if commits:
            await self._commit(f"notes {self._decoys}")

    def _write_note(self) -> None:
        self._decoys += 1
        self.here.write({f"notes/n{self._decoys:04}.md": f"Note {self._decoys}.\n"})

    def _note(
        self, part: Part, group: Group, phase: Phase, mutant: Mutant, ran: Ran
    ) -> Failure | None:
        """Keeps what was said of this task's failure in a run."""
        failure = _failure(ran, part)
        if failure is None:
            self.faults.append(f"{part.task.name} did not fail ({phase})")
            return None
        card = next((c for c in ran.cards if _about(c, failure)), None)
        sort: Sort = group.sort
        if sort == "two causes" and not part.is_two and phase != "first":
            sort = "alone"
        kind = "flake" if sort == "flaky" else mutant.kind
        if card is None:
            self.seen.append(Seen(part.task.name, phase, sort, kind, False))
        else:
            self.seen.append(self._judged(part, phase, sort, kind, mutant, card))
        return failure

    def _judged(
        self, part: Part, phase: Phase, sort: Sort, kind: str, mutant: Mutant, card: Suggestion
    ) -> Seen:
        remedies = card.recollection.remedies
        right = [r for r in remedies if sort != "flaky" and mends(r, part.task, mutant)]
        first = remedies[0] if remedies else None
        return Seen(
            *(part.task.name, phase, sort, kind, True, card.recollection.match, len(remedies)),
            right=bool(right),
            first_right=bool(right) and first is right[0],
            first_offered=first is not None and first.state not in ("unproven", "rejected"),
            flaky=card.recollection.flaky is not None,
            commit=first.commit if first else "",
            labelled=self._labelled(right[0], part, mutant) if right else None,
            remedy_id=first.id if first else "",
            said="; ".join(f"[{r.state}] {r.label}: {r.why}" for r in remedies),
        )

    def _labelled(self, remedy: Remedy, part: Part, mutant: Mutant) -> bool | None:
        """Whether the commit that it names is on the branch and takes the mistake back, or brings
        the module as it should be."""
        if not remedy.commit:
            return None
        git, root = self.world.git, self.here.root
        held = git(root, "branch", "--contains", remedy.commit, "--format=%(refname:short)")
        patch = git(root, "show", "--format=", remedy.commit, "--", part.task.module)
        wanted = difflib.unified_diff(mutant.source.splitlines(), part.task.source.splitlines())
        added = {line for line in _changed(wanted) if line.startswith("+")}
        return "main" in held.split() and added <= set(_changed(patch.splitlines()))


def _failure(ran: Ran, part: Part) -> Failure | None:
    return next((f for f in ran.command.failures if f.test == part.task.test), None)


def _about(card: Suggestion, failure: Failure) -> bool:
    told = card.recollection.failure
    return told is not None and (told.fingerprint, told.test) == (failure.fingerprint, failure.test)


def _names(group: Group) -> str:
    return ", ".join(p.task.function for p in group.parts)
