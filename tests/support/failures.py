"""Working days for the failure memory: files, runs and commits, told as one story of events."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import apsw

from common.errors import Missing
from common.fingerprint import RULES_VERSION
from common.model.answer import Freshness
from common.model.event import (
    Body,
    CommandFinished,
    Commit,
    Event,
    GitOperation,
    GitVerb,
    Ground,
    PathChange,
    Recorder,
    WorkingCopySeen,
)
from common.model.failure import Failure, Frame, TestReport
from common.model.ids import (
    ContentHash,
    EventId,
    Fingerprint,
    Origin,
    ProjectId,
    WorkingCopyId,
    content_hash,
    short_hash,
)
from dragon_node.failures.memory import FailureMemory
from dragon_node.lake import metadata
from dragon_node.lake.records import Accepted, Note

T = TypeVar("T")
MINUTE_MS = 60_000
TEST = "tests/test_cart.py::test_total"
FIXED = "def price(item):\n    return TABLE.get(item, 0)\n"


def failure(
    fingerprint: str = "f1",
    values: str = "v1",
    test: str = TEST,
    files: Sequence[str] = ("tests/test_cart.py", "shop/cart.py"),
    imports: Sequence[str] = (),
    reaches: Sequence[str] = (),
) -> Failure:
    """A failure of a test whose frames go through `files`, and what its file imports."""
    return Failure(
        tool="pytest" if test else "python",
        code="KeyError",
        kind="test" if test else "runtime",
        message="'pear'",
        normalised="<value>",
        test=test,
        frames=tuple(Frame(f, "f", 1, True) for f in files),
        fingerprint=Fingerprint(fingerprint),
        values=values,
        rules_version=RULES_VERSION,
        imports=tuple(imports),
        reaches=tuple(reaches),
    )


class Story:
    """Every record is applied as it happens, and kept so that it can be replayed."""

    def __init__(self) -> None:
        self.memory = self
        self.db = apsw.Connection(":memory:")
        self.failures = FailureMemory()
        self.db.execute(metadata.SCHEMA)
        self.db.execute(self.failures.schema)
        self.records: list[Accepted] = []
        self.blobs: dict[ContentHash, bytes] = {}
        self.now_ms = 1_700_000_000_000

    def copy(self, name: str = "laptop", project: str = "shop") -> Copy:
        """A clone of a project."""
        return Copy(self, WorkingCopyId(short_hash(name)), f"/home/me/{name}", project)

    def tell(self, copy: Copy, body: Body) -> Event:
        """Something happens in a working copy, a minute after the thing before."""
        self.now_ms += MINUTE_MS
        lsn = len(self.records) + 1
        event = Event(EventId(f"{lsn:032x}"), self.now_ms, copy.wc, body)
        self.accept(event, copy.project)
        return event

    def accept(self, body: Event | Note, project: str = "") -> None:
        """The Dragon applies a record."""
        lsn = len(self.records) + 1
        record = Accepted(
            lsn, Origin("o"), lsn, ProjectId(f"id-{project}"), project, self.now_ms, body
        )
        self.records.append(record)
        self.db.execute(
            "INSERT OR IGNORE INTO projects VALUES(?,?)", (record.project, record.project_name)
        )
        self.failures.apply(self.db, record)

    async def event(self, event_id: EventId) -> tuple[Event, str]:
        """A whole event, and its project's name."""
        for record in self.records:
            if isinstance(record.body, Event) and record.body.id == event_id:
                return record.body, record.project_name
        raise Missing(f"no event {event_id}")

    def cards(self) -> list[tuple[str, str]]:
        """Match and reason of every card that was made."""
        rows = self.db.execute('SELECT "match", why FROM cards ORDER BY cursor')
        return [(str(m), str(w)) for m, w in rows]

    # What the recaller and the suggestions need of a lake.

    async def read(self, fn: Callable[[apsw.Connection], T]) -> T:
        """memory.db."""
        return fn(self.db)

    async def blob(self, content: ContentHash) -> bytes | None:
        """Content by its hash."""
        return self.blobs.get(content)

    async def freshness(self, project: str = "") -> Freshness:
        """Nothing is behind in a story."""
        return Freshness()


class Copy:
    """A working copy: files on disk, a branch, and the ground of its last run."""

    def __init__(self, story: Story, wc: WorkingCopyId, path: str, project: str) -> None:
        self.story = story
        self.wc = wc
        self.path = path
        self.project = project
        self.files: dict[str, str] = {
            "shop/cart.py": "def price(item):\n    return TABLE[item]\n",
            "tests/test_cart.py": "def test_total():\n    assert total() == 3\n",
            "README.md": "a shop\n",
        }
        self.executable: set[str] = set()
        self.committed: dict[str, str] = {}
        self.history: list[Commit] = []
        self.last: dict[str, str] | None = None
        self.packages = "pytest==9\n"
        self.variables = "LANG=1\n"
        self.lost = False
        """The next run's ground knows of no run before it."""
        self.unnamed = 0
        """So many of the changes are not named by the next run's ground."""
        story.tell(self, WorkingCopySeen(path, "machine"))

    def write(self, path: str, text: str) -> None:
        """Saves a file."""
        self.files[path] = text

    def fails(self, *failures: Failure, command: str = "pytest", **tests: int) -> Event:
        """A run in which these tests fail and two others pass."""
        report = TestReport(
            failed=tuple(f.test for f in failures if f.test),
            passed_count=tests.get("passed", 2),
            failed_count=len(failures),
            skipped_count=tests.get("skipped", 0),
            deselected_count=tests.get("deselected", 0),
        )
        tested = report if any(f.test for f in failures) else None
        return self.run(command, 1, tuple(failures), tested)

    def passes(
        self, *named: str, command: str = "pytest", skipped: Sequence[str] = (), **tests: int
    ) -> Event:
        """A run that ends well; the tests that passed are named only with -v."""
        report = TestReport(
            passed=tuple(named),
            skipped=tuple(skipped),
            passed_count=tests.get("passed", 3),
            skipped_count=tests.get("skipped_count", len(skipped)),
            deselected_count=tests.get("deselected", 0),
        )
        return self.run(command, 0, (), report if command.startswith("pytest") else None)

    def run(
        self,
        command: str,
        exit_code: int = 0,
        failures: tuple[Failure, ...] = (),
        tests: TestReport | None = None,
        *,
        tree_after: str | None = None,
        recorder: Recorder = "run",
        ci: bool = False,
        running: bool = False,
        run: str = "",
    ) -> Event:
        """A recorded command with its ground; `running` is a part of one that has not ended,
        `run` what the parts and the end of one share."""
        ground = self._ground()
        if tree_after is not None:
            ground = replace(ground, tree_after=tree_after)
        codes = () if running else (exit_code,)
        done = CommandFinished(command, self.path, codes, 2000, ground=ground, recorder=recorder)
        done = replace(done, ci=ci, running=running, run=EventId(run))
        return self.story.tell(self, replace(done, failures=failures, tests=tests))

    def commit(self, subject: str, *paths: str, verb: GitVerb = "commit") -> Commit:
        """Commits these files, or all."""
        before = dict(self.committed)
        for path in paths or tuple({*self.files, *self.committed}):
            if path in self.files:
                self.committed[path] = self.files[path]
            else:
                self.committed.pop(path, None)
        old = self.history[-1] if self.history else None
        if verb == "amend":
            self.history.pop()
        parent = self.history[-1].sha if self.history else ""
        base = self._tree_of(parent) if verb == "amend" else before
        changes = tuple(self._changes(base, self.committed))
        sha = short_hash(parent, subject, repr(sorted(self.committed.items())), verb)
        made = Commit(
            sha,
            (parent,) if parent else (),
            self.story.now_ms,
            subject,
            changes,
            patch(base, self.committed),
        )
        self.history.append(made)
        self._trees[sha] = dict(self.committed)
        moved = GitOperation(verb, old.sha if old else "", sha, "refs/heads/main", commits=(made,))
        self.story.tell(self, moved)
        return made

    def reset(self, count: int = 1) -> None:
        """Takes commits off the branch and off the disk."""
        old = self.history[-1].sha
        del self.history[-count:]
        new = self.history[-1].sha
        self.files = self._tree_of(new)
        self.committed = dict(self.files)
        self.story.tell(self, GitOperation("reset", old, new, "refs/heads/main"))

    def receive(self, other: Copy) -> None:
        """Fetches and fast-forwards to another clone's branch."""
        had = {c.sha for c in self.history}
        new = tuple(c for c in other.history if c.sha not in had)
        old = self.history[-1].sha if self.history else ""
        self.history = list(other.history)
        self._trees.update(other._trees)
        self.files = dict(other.committed)
        self.committed = dict(other.committed)
        self.story.tell(
            self, GitOperation("pull", old, self.history[-1].sha, "refs/heads/main", commits=new)
        )

    @property
    def tree(self) -> str:
        """Name of the files as they are now."""
        return tree_of(self._standing())

    def _standing(self) -> dict[str, str]:
        """The files and, beside its own, which may be executed."""
        return {**self.files, **{path + _EXECUTABLE: "" for path in self.executable}}

    @property
    def _trees(self) -> dict[str, dict[str, str]]:
        if not hasattr(self, "_kept"):
            self._kept: dict[str, dict[str, str]] = {"": {}}
        return self._kept

    def _tree_of(self, sha: str) -> dict[str, str]:
        return dict(self._trees[sha])

    def _ground(self) -> Ground:
        previous = None if self.lost else self.last
        unnamed, self.lost, self.unnamed = self.unnamed, False, 0
        standing = self._standing()
        changes = () if previous is None else tuple(self._changes(previous, standing))
        self.last = standing
        return Ground(
            head=self.history[-1].sha if self.history else "",
            tree=self.tree,
            tree_after=self.tree,
            previous_tree="" if previous is None else tree_of(previous),
            changes=changes[: len(changes) - unnamed],
            unnamed=unnamed,
            interpreter="Python 3.11.7",
            packages=self._blob(self.packages),
            variables=self._blob(self.variables),
            dirty=tuple(self._changes(self.committed, standing)),
        )

    def _changes(self, old: dict[str, str], new: dict[str, str]) -> list[PathChange]:
        return [
            PathChange(
                path,
                git_id(old.get(path)),
                git_id(new.get(path)),
                self._blob(old.get(path)),
                self._blob(new.get(path)),
                mode,
            )
            for path in sorted({*old, *new})
            if not path.endswith(_EXECUTABLE)
            and ((mode := _mode(path, old, new)) or old.get(path) != new.get(path))
        ]

    def _blob(self, text: str | None) -> ContentHash:
        if text is None:
            return ContentHash("")
        content = content_hash(text.encode())
        self.story.blobs[content] = text.encode()
        return content


_EXECUTABLE = " is executable"


def _mode(path: str, old: dict[str, str], new: dict[str, str]) -> str:
    """As PathChange says it."""
    if path not in new or (path + _EXECUTABLE in old) == (path + _EXECUTABLE in new):
        return ""
    return "100755" if path + _EXECUTABLE in new else "100644" if path in old else ""


def git_id(text: str | None) -> str:
    """A name for content; empty when there is none."""
    return "" if text is None else short_hash("blob", text)


def tree_of(files: dict[str, str]) -> str:
    """A name for all the files; equal files have equal names."""
    return short_hash("tree", *(part for item in sorted(files.items()) for part in item))


def patch(old: dict[str, str], new: dict[str, str]) -> str:
    """As git prints it."""
    parts: list[str] = []
    for path in sorted({*old, *new}):
        before, after = old.get(path, "").splitlines(), new.get(path, "").splitlines()
        if before != after:
            parts.append(f"diff --git a/{path} b/{path}")
            parts += difflib.unified_diff(before, after, f"a/{path}", f"b/{path}", lineterm="")
    return "\n".join(parts)


def fail_and_fix(copy: Copy, fixed: str = FIXED) -> None:
    """The same test fails, the file is fixed on disk, the test passes."""
    copy.fails(failure())
    copy.write("shop/cart.py", fixed)
    copy.passes()
