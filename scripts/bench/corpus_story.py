"""How each task breaks and is mended, and what was said each time: the corpus's one story."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from common.model.failure import Failure, Suggestion
from scripts.bench.corpus_judging import Happened, Phase, Seen, judged
from scripts.bench.corpus_plan import Group, Part, Rewriting, Sort, names
from scripts.bench.corpus_world import Desk, Ran, World
from scripts.bench.material.mutants import Mutant

FLAKES_MAX = 20
"""Runs of a test that fails every other time, until it does what is waited for."""
AWAY = "the service is away"


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
            await self._commit(f"rework {names(group)}")
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
        await self._commit(f"rework {names(group)} once more")
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
        await self._commit(f"say where {names(group)} belongs")
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
        await self._commit(f"ask the service in {names(group)}")
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
        happened = Happened(part, phase, sort, mutant)
        self.seen.append(judged(happened, card, self.world, self.here))
        return failure


def _failure(ran: Ran, part: Part) -> Failure | None:
    return next((f for f in ran.command.failures if f.test == part.task.test), None)


def _about(card: Suggestion, failure: Failure) -> bool:
    told = card.recollection.failure
    return told is not None and (told.fingerprint, told.test) == (failure.fingerprint, failure.test)
