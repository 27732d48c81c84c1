"""Whatever happens to a lake, it answers as a dictionary would that was told the same."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from common.model.event import CommandFinished, FileChanged
from common.model.ids import WorkingCopyId
from common.model.lake import HistoryQuery, LakeStep, Oblivion, SearchQuery
from dragon_node.lake.lake import Lake
from tests.support.lake import Laptop, contents, event, opened, ran, saved, seen

WORDS = ("alpha", "beta", "gamma", "delta", "secret-one", "secret-two")
SECRETS = WORDS[4:]
COPIES = {
    WorkingCopyId("2" * 16): ("/home/ada/thing", "github.com/ada/thing"),
    WorkingCopyId("3" * 16): ("/home/ada/clone", "github.com/ada/thing"),
    WorkingCopyId("4" * 16): ("/home/ada/other", "github.com/ada/other"),
}
PROJECTS = ("thing", "other")
PATHS = ("a.py", "b.txt", "c.md")

copies = st.sampled_from(sorted(COPIES))
paths = st.sampled_from(PATHS)
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(lambda w: "\n".join(w) + "\n")


class LakeBesideADictionary(RuleBasedStateMachine):
    """The dictionary: what each working copy holds, and every event's output by its place."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="lake-"))
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.files: dict[tuple[WorkingCopyId, str], str] = {}
        self.outputs: dict[str, str] = {}
        self.ever: set[str] = set()
        self.kept_out: set[str] = set()
        """Contents that were forgotten for what they hold: a file that has one is only a name."""
        self.generations = 0
        self.seq = 0
        self.lake: Lake
        self._open()

    # -- what happens -------------------------------------------------------------------------

    @initialize()
    def three_working_copies_of_two_projects(self) -> None:
        for copy, (path, remote) in COPIES.items():
            self._send(event(seen(path, (remote,), (remote,)), copy))

    @rule(copy=copies, path=paths, text=texts)
    def a_file_is_saved(self, copy: WorkingCopyId, path: str, text: str) -> None:
        self._send(event(saved(path, text), copy), text=text)
        self.ever.add(text)
        self.files[copy, path] = "" if text in self.kept_out else text

    @rule(copy=copies, path=paths)
    def a_file_is_deleted(self, copy: WorkingCopyId, path: str) -> None:
        self._send(event(FileChanged(path, deleted=True), copy))
        self.files.pop((copy, path), None)

    @rule(copy=copies, text=texts)
    def a_command_ends(self, copy: WorkingCopyId, text: str) -> None:
        one = event(ran(text=text), copy)
        self._send(one)
        self.outputs[one.id] = text

    @rule()
    def the_dragon_starts_again(self) -> None:
        self._close()
        self._open()

    @rule()
    def the_ram_disk_is_lost(self) -> None:
        self._close()
        shutil.rmtree(self.directory / "not-ram")
        self._open()

    @rule()
    def a_generation_is_written(self) -> None:
        self._steps(self.lake.snapshot())
        self.generations += 1

    @precondition(lambda self: self.generations > 0)
    @rule()
    def the_stores_are_restored(self) -> None:
        self._steps(self.lake.restore(0))

    @rule(project=st.sampled_from(PROJECTS))
    def a_project_goes_to_sleep(self, project: str) -> None:
        self.runner.run(self.lake.sleep(project))

    @rule(secret=st.sampled_from(SECRETS))
    def a_secret_is_forgotten(self, secret: str) -> None:
        self._steps(self.lake.forget(Oblivion(text=secret)))
        self.kept_out |= {text for text in self.ever if secret in text}
        self.files = {k: text for k, text in self.files.items() if secret not in text}
        self.outputs = {k: text for k, text in self.outputs.items() if secret not in text}

    # -- what is then true --------------------------------------------------------------------

    @invariant()
    def every_line_is_found_and_no_other(self) -> None:
        for word in WORDS:
            found = self.runner.run(self._found(word))
            assert found == sorted(
                (COPIES[copy][0], path, number)
                for (copy, path), text in self.files.items()
                for number, line in enumerate(text.splitlines(), 1)
                if word in line
            )

    @invariant()
    def every_event_is_there_once(self) -> None:
        assert self.runner.run(self._remembered()) == self.outputs

    async def _found(self, word: str) -> list[tuple[str, str, int]]:
        hits = [
            hit
            for project in PROJECTS
            for hit in (await self.lake.literal(SearchQuery(word, "literal", 1_000, project))).hits
        ]
        return sorted((hit.working_copy, hit.path, hit.start_line) for hit in hits)

    async def _remembered(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for project in PROJECTS:
            q = HistoryQuery(limit=1_000, kind="command", project=project)
            for entry in (await self.lake.history(q)).entries:
                assert entry.event.id not in found
                whole, _ = await self.lake.event(entry.event.id)
                assert isinstance(whole.body, CommandFinished)
                found[whole.id] = whole.body.output.text
        return found

    # -- inside -------------------------------------------------------------------------------

    def _send(self, one: object, text: str = "") -> None:
        laptop = Laptop(self.lake, seq=self.seq)
        self.runner.run(laptop.send(one, blobs=contents(text) if text else {}))  # type: ignore[arg-type]
        self.seq = laptop.seq

    def _steps(self, steps: object) -> None:
        async def all_of_them() -> list[LakeStep]:
            return [step async for step in steps]  # type: ignore[attr-defined]

        done = self.runner.run(all_of_them())
        assert done[-1].ended
        assert [step.sentence for step in done if not step.ok] == []

    def _open(self) -> None:
        self.stack = AsyncExitStack()
        self.lake = self.runner.run(self.stack.enter_async_context(opened(self.directory)))

    def _close(self) -> None:
        self.runner.run(self.stack.aclose())

    def teardown(self) -> None:
        self._close()
        self.runner.close()
        shutil.rmtree(self.directory)


TestLakeBesideADictionary = LakeBesideADictionary.TestCase
TestLakeBesideADictionary.settings = settings(
    max_examples=10,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
