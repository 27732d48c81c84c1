"""Acts in the owner's name, on real git and in a real sandbox: what each level does, and leaves."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from common.clock import SystemClock
from common.errors import Conflict, Missing
from common.model.event import ActDone, CommandFinished, Event
from common.model.failure import Recollection, Remedy, RemedyState, Suggestion
from common.model.ids import ContentHash, EventId, new_event_id
from common.model.remedy import AutonomySetting, RemedyMaterial
from developer_node.autonomy import trying
from developer_node.autonomy.acting import Acting
from developer_node.autonomy.persons_files import files_hash
from developer_node.autonomy.trying import Outcome
from developer_node.proof.machine import of_this_machine
from developer_node.proof.sandbox import Sandbox
from developer_node.text import failures
from developer_node.text.redaction import redact
from developer_node.text.working_copy import working_copy
from developer_node.watch.ports import Entry
from tests.support.proofs import BROKEN, MENDED, World, git, make_world

DIFF = """\
--- a/calc.py
+++ b/calc.py
@@ -1,2 +1,2 @@
 def add(a, b):
-    return a - b
+    return a + b
"""
USELESS = DIFF.replace("a + b", "a * b")


@dataclass
class Office:
    """A daemon's acting room over a world in which something failed just now."""

    world: World
    ran: CommandFinished
    acted: list[tuple[Event, ActDone]] = field(default_factory=list)
    sandboxes: Sequence[Sandbox] = field(default_factory=of_this_machine)
    diff: str = DIFF
    state: RemedyState = "observed"
    asked: list[EventId] = field(default_factory=list)

    async def event(self, event_id: EventId) -> tuple[Event, str]:
        self.asked.append(event_id)
        copy = working_copy(self.world.home, self.world.root)
        return Event(event_id, SystemClock().now_ms(), copy, self.ran), "thing"

    async def blob(self, content: ContentHash) -> bytes:
        return self.world.blobs[content]

    async def material(self, remedy_id: str) -> RemedyMaterial:
        remedy = Remedy(remedy_id, self.state, "code", diff=self.diff)
        return replace(self.world.material(self.ran, ()), remedy=remedy)

    async def record(
        self,
        entries: Sequence[Entry],
        marks: Mapping[str, str] | None = None,
        *,
        news: bool = True,
    ) -> None:
        for event, _ in entries:
            assert isinstance(event.body, ActDone)
            self.acted.append((event, event.body))

    def acting(self) -> Acting:
        return Acting(
            home=self.world.home,
            dragon=self,
            lake=self,
            record=self.record,
            known=lambda: {str(self.world.root): working_copy(self.world.home, self.world.root)},
            recent=lambda event_id: None,
            interpret=failures.interpret,
            redact=redact,
            clock=SystemClock(),
            sandboxes=self.sandboxes,
        )

    def card(self, state: RemedyState = "observed", kind: str = "code") -> Suggestion:
        remedy = Remedy("r1", state, kind, label="a1b2c3d adds", diff=self.diff, why="it passed")  # type: ignore[arg-type]
        found = Recollection("same", self.ran.failures[0], (), (remedy,))
        at_ms = SystemClock().now_ms()
        return Suggestion("c1", 1, at_ms, new_event_id(), "thing", "seen before", found)

    async def until_acted(self, acting: Acting, count: int = 1) -> ActDone:
        async with asyncio.timeout(110), asyncio.TaskGroup() as group:
            working = group.create_task(acting.run())
            while len(self.acted) < count:  # noqa: ASYNC110  what is waited for has no event
                await asyncio.sleep(0.01)
            working.cancel()
        return self.acted[-1][1]


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    world = make_world(tmp_path)
    world.write({"calc.py": BROKEN})
    world.commit("breaks it")
    return Office(world, world.run())


@pytest.fixture
def sandboxed() -> None:
    reasons = [sandbox.missing() for sandbox in of_this_machine()]
    if all(reasons):
        pytest.skip(f"no sandbox here: {'; '.join(reasons)}")


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> None:
    """The runs are another test's; here they went well."""

    async def well(*_: object) -> Outcome:
        return Outcome(True, "red and green", exit_code=0)

    monkeypatch.setattr(trying, "attempt", well)


async def allow(acting: Acting, level: str, *classes: str) -> None:
    await acting.allow(AutonomySetting(level, "", classes))  # type: ignore[arg-type]


async def test_an_observer_shows_nothing(office: Office) -> None:
    acting = office.acting()
    await allow(acting, "observer")
    assert await acting.shown(office.card()) is None


async def test_a_notifier_says_that_it_was_seen_and_not_what_mended_it(office: Office) -> None:
    acting = office.acting()
    await allow(acting, "notifier")
    shown = await acting.shown(office.card())
    assert shown is not None
    assert (shown.recollection.match, shown.recollection.remedies) == ("same", ())
    assert "notifier" in shown.recollection.note


async def test_an_advisor_shows_the_card_and_touches_no_file(office: Office) -> None:
    """The control of every level below: nothing is queued, no file changes."""
    acting, card = office.acting(), office.card()
    before = files_hash(office.world.root)
    assert await acting.shown(card) == card
    assert acting._waiting.empty()
    assert files_hash(office.world.root) == before


async def test_an_assistant_leaves_a_verified_change_in_a_worktree_and_the_files_alone(
    office: Office, sandboxed: None
) -> None:
    acting, card, root = office.acting(), office.card(), office.world.root
    await allow(acting, "assistant", "code")
    before, head = files_hash(root), git(root, "rev-parse", "HEAD")
    await acting.shown(card)
    act = await office.until_acted(acting)
    assert (act.action, act.level, act.kind) == ("tried", "assistant", "code"), act.sentence
    assert "red 3 of 3 without it, green 3 with it" in act.sentence
    assert (Path(act.worktree) / "calc.py").read_text() == MENDED
    assert act.files_before == act.files_after == before == files_hash(root)
    assert (git(root, "rev-parse", "HEAD"), git(root, "branch", "--list")) == (head, "* main")
    assert git(root, "status", "--porcelain") == ""
    assert "without the remedy" in act.output.text


async def test_a_pair_programmer_opens_a_branch_with_the_verified_change(
    office: Office, sandboxed: None
) -> None:
    acting, root = office.acting(), office.world.root
    await allow(acting, "pair programmer", "code")
    before = files_hash(root)
    await acting.shown(office.card())
    act = await office.until_acted(acting)
    assert act.action == "branched", act.sentence
    assert git(root, "show", f"{act.branch}:calc.py") == MENDED.strip()
    assert git(root, "rev-parse", f"{act.branch}^") == git(root, "rev-parse", "main")
    assert git(root, "log", "-1", "--format=%an", act.branch) == "PostDevAI"
    assert act.files_after == before == files_hash(root)
    assert len(git(root, "worktree", "list").splitlines()) == 1


async def test_one_call_takes_back_a_worktree(office: Office, verified: None) -> None:
    acting, root = office.acting(), office.world.root
    await allow(acting, "assistant", "code")
    await acting.shown(office.card())
    act = await office.until_acted(acting)
    done = await acting.revert(office.acted[-1][0].id)
    assert (done.action, done.reverts) == ("reverted", office.acted[0][0].id)
    assert act.worktree not in git(root, "worktree", "list")
    assert not list((office.world.home / "developer").glob("worktrees/*"))
    with pytest.raises(Conflict):
        await acting.revert(office.acted[0][0].id)


async def test_a_worktree_that_somebody_worked_in_is_not_taken_away(
    office: Office, verified: None
) -> None:
    acting = office.acting()
    await allow(acting, "assistant", "code")
    await acting.shown(office.card())
    place, act = Path((await office.until_acted(acting)).worktree), office.acted[0][0].id
    left = (place / "calc.py").read_text()

    async def refused() -> None:
        with pytest.raises(Conflict, match="somebody worked in it") as conflict:
            await acting.revert(act)
        assert str(place) in conflict.value.hint

    (place / "notes.txt").write_text("mine\n")
    await refused()
    assert (place / "notes.txt").read_text() == "mine\n"
    (place / "notes.txt").unlink()
    (place / "calc.py").write_text(f"{left}# mine\n")
    await refused()
    (place / "calc.py").write_text(left)
    git(place, "add", "--all")
    git(place, "commit", "-qm", "went on")
    await refused()
    git(place, "reset", "-q", "--soft", "HEAD^")  # staged alone, the files are those that were left
    await acting.revert(act)
    assert not list((office.world.home / "developer").glob("worktrees/*"))


async def test_a_branch_that_somebody_went_on_from_is_not_taken_away(
    office: Office, verified: None
) -> None:
    acting, root = office.acting(), office.world.root
    await allow(acting, "pair programmer", "code")
    await acting.shown(office.card())
    act = await office.until_acted(acting)
    git(root, "branch", "-f", act.branch, "main")
    with pytest.raises(Conflict, match="somebody went on"):
        await acting.revert(office.acted[0][0].id)
    git(root, "branch", "-f", act.branch, act.commit)
    await acting.revert(office.acted[0][0].id)
    assert git(root, "branch", "--list") == "* main"


async def test_a_remedy_that_does_not_help_leaves_nothing(office: Office, sandboxed: None) -> None:
    office.diff = USELESS
    acting, root = office.acting(), office.world.root
    await allow(acting, "pair programmer", "code")
    await acting.shown(office.card())
    act = await office.until_acted(acting)
    assert (act.action, act.worktree, act.branch) == ("tried", "", "")
    assert "does not mend it" in act.sentence
    assert act.exit_code == 1
    assert git(root, "branch", "--list") == "* main"
    assert not list((office.world.home / "developer").glob("worktrees/*"))


async def test_nothing_is_done_beside_a_dirty_tree(office: Office) -> None:
    office.world.write({"notes.txt": "mine\n"})
    office.ran = office.world.run()
    acting = office.acting()
    await allow(acting, "pair programmer", "code")
    await acting.shown(office.card())
    act = await office.until_acted(acting)
    assert act.action == "refused"
    assert "the tree is dirty" in act.sentence
    assert act.files_before == act.files_after


async def test_a_change_that_does_not_apply_is_refused_with_the_reason(office: Office) -> None:
    office.diff = DIFF.replace("return a - b", "return a / b")
    acting = office.acting()
    await allow(acting, "assistant", "code")
    await acting.shown(office.card())
    assert "patch failed" in (await office.until_acted(acting)).sentence


async def test_where_no_sandbox_can_be_made_nothing_is_run(office: Office) -> None:
    office.sandboxes = ()
    acting = office.acting()
    await allow(acting, "assistant", "code")
    await acting.shown(office.card())
    act = await office.until_acted(acting)
    assert (act.worktree, act.exit_code) == ("", -1)
    assert "no sandbox" in act.sentence


@pytest.mark.parametrize(
    ("level", "classes", "state", "kind"),
    [
        ("assistant", (), "observed", "code"),
        ("assistant", ("dependency",), "observed", "code"),
        ("assistant", ("code",), "ambiguous", "code"),
        ("assistant", ("code",), "unproven", "code"),
        ("assistant", ("code",), "rejected", "code"),
        ("advisor", ("code",), "confirmed", "code"),
    ],
)
async def test_only_what_was_allowed_and_seen_to_work_is_tried(
    office: Office, level: str, classes: tuple[str, ...], state: RemedyState, kind: str
) -> None:
    acting = office.acting()
    await allow(acting, level, *classes)
    assert await acting.shown(office.card(state, kind)) is not None
    assert acting._waiting.empty()


async def test_a_card_of_another_day_is_shown_and_not_acted_on(office: Office) -> None:
    """A second start shows all that the Dragon keeps."""
    acting = office.acting()
    await allow(acting, "assistant", "code")
    old = replace(office.card(), at_ms=SystemClock().now_ms() - 3_600_000)
    assert await acting.shown(old) == old
    assert acting._waiting.empty()


async def test_a_card_is_acted_on_once(office: Office) -> None:
    office.sandboxes = ()
    acting, card = office.acting(), office.card()
    await allow(acting, "assistant", "code")
    await acting.shown(card)
    await office.until_acted(acting)
    again = office.acting()
    await again.shown(card)
    other = replace(card, id="c2")
    await again.shown(other)
    await office.until_acted(again, 2)
    assert len(office.acted) == 2, "c1 once, c2 once"


async def test_a_patch_says_whether_it_applies_and_only_one_that_does_is_an_act(
    office: Office,
) -> None:
    acting, root = office.acting(), office.world.root
    before = files_hash(root)
    patch = await acting.draft("r1", str(root))
    assert (patch.applies, patch.diff) == (True, DIFF)
    assert patch.command == "postdevai patch r1 | git apply"
    office.world.write({"calc.py": MENDED})
    assert "already in place" in (await acting.draft("r1", str(root))).sentence
    office.world.write({"calc.py": BROKEN})
    assert files_hash(root) == before
    assert [act.action for _, act in office.acted] == ["drafted"]


async def test_the_patch_of_a_rejected_remedy_says_so(office: Office) -> None:
    office.state = "rejected"
    patch = await office.acting().draft("r1", str(office.world.root))
    assert patch.applies and "it was rejected" in patch.sentence


@pytest.mark.parametrize(
    ("diff", "said"),
    [
        ("", "its change was not kept"),
        ("--- a/calc.py\n+++ b/calc.py\n[content not kept]\n", "not all of its change was kept"),
        (DIFF.replace("a + b", "'<redacted:password>'"), "a secret was taken out"),
    ],
)
async def test_a_patch_that_lacks_something_is_not_called_one(
    office: Office, diff: str, said: str
) -> None:
    office.diff = diff
    patch = await office.acting().draft("r1", str(office.world.root))
    assert not patch.applies
    assert said in patch.sentence


async def test_an_act_that_is_none_cannot_be_taken_back(office: Office) -> None:
    for name in ("", "f" * 32):
        with pytest.raises(Missing):
            await office.acting().revert(EventId(name))


def test_the_hash_tells_content_mode_and_names(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    seen = [files_hash(world.root)]
    world.write({"new.txt": "x"})
    seen.append(files_hash(world.root))
    world.write({"new.txt": "y"})
    seen.append(files_hash(world.root))
    (world.root / "new.txt").chmod(0o755)
    seen.append(files_hash(world.root))
    assert len(set(seen)) == 4
    (world.root / "new.txt").unlink()
    assert files_hash(world.root) == seen[0]
