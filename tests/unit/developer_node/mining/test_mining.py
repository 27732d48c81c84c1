"""Fixes that carry a test are found in the git log, the most telling first."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.errors import Missing
from common.model.remedy import MinedFix, MineEnd, MineProgress
from developer_node.mining import history
from developer_node.mining.mining import Mining
from tests.support.proofs import BROKEN, MENDED, TEST, git


class Log:
    """A repository whose commits are written one by one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.count = 0
        git(root, "init", "-q")
        self.commit("first", {"calc.py": BROKEN, "test_calc.py": "def test_nothing(): pass\n"})

    def commit(self, message: str, files: dict[str, str], email: str = "a@b") -> str:
        for name, text in files.items():
            self.count += 1
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(f"{text}# {self.count}\n")
        git(self.root, "add", "-A")
        git(self.root, "-c", f"user.email={email}", "commit", "-qm", message)
        return git(self.root, "rev-parse", "HEAD")

    async def mine(self, limit: int = 0) -> tuple[list[MineProgress], list[MinedFix], MineEnd]:
        steps = [s.step async for s in Mining().mine(str(self.root), limit)]
        end = steps[-1]
        assert isinstance(end, MineEnd)
        progress = [s for s in steps if isinstance(s, MineProgress)]
        return progress, [s for s in steps if isinstance(s, MinedFix)], end


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


async def test_a_fix_that_changes_code_and_a_test_is_found(log: Log) -> None:
    sha = log.commit("Fix add of negative numbers", {"calc.py": MENDED, "test_calc.py": TEST})
    _, (fix,), end = await log.mine()
    assert (fix.commit, fix.subject) == (sha, "Fix add of negative numbers")
    assert (fix.tests, fix.sources) == (("test_calc.py",), ("calc.py",))
    assert fix.path == str(log.root)
    assert 'its subject says "Fix"' in fix.why
    assert (end.looked, end.found) == (1, 1)


async def test_what_says_no_fix_or_has_no_test_or_no_code_is_none(log: Log) -> None:
    log.commit("Add subtraction", {"calc.py": MENDED, "test_calc.py": TEST})
    log.commit("Fix add", {"calc.py": BROKEN})
    log.commit("Fix the test", {"test_calc.py": TEST})
    log.commit("Fix the words", {"README.md": "words\n", "test_calc.py": TEST})
    _, fixes, end = await log.mine()
    assert (fixes, end.found) == ([], 0)
    assert end.sentence == (
        "Looked at 4 commits, the newest first, without merges and the very first; none says that"
        " it fixes something and changes a Python test with it."
    )


async def test_where_every_source_is_new_nothing_was_mended(log: Log) -> None:
    log.commit("Fixes are found in the log", {"new.py": "n = 1\n", "test_new.py": TEST})
    assert (await log.mine())[1] == []


@pytest.mark.parametrize(
    "message",
    [
        "Add mul, fix spelling in readme",
        "feat: handle pears, fixed the docs",
        "docs: fix the words",
        "Support pears\n\nCloses #7",
        "Prefix all names",
    ],
)
async def test_what_is_fixed_in_passing_is_not_what_the_test_is_about(
    log: Log, message: str
) -> None:
    log.commit(message, {"calc.py": MENDED, "test_calc.py": TEST})
    assert (await log.mine())[1] == []


@pytest.mark.parametrize(
    ("message", "word"),
    [
        ("Fixed add of negative numbers", "Fixed"),
        ("[shop] Fix add", "Fix"),
        ("fix(calc): add of negative numbers", "fix"),
        ("calc: fix add", "fix"),
        ("SHOP-12: wrong total of an empty cart", "wrong"),
        ("#12 handle an empty cart", "handle"),
        ("Empty cart no longer crashes", "crashes"),
        ("Look at the cart twice (fixes #12)", "fixes #12"),
    ],
)
async def test_a_fix_says_so_at_the_beginning_or_in_clear_words(
    log: Log, message: str, word: str
) -> None:
    log.commit(message, {"calc.py": MENDED, "test_calc.py": TEST})
    _, (fix,), _ = await log.mine()
    assert f'its subject says "{word}"' in fix.why


async def test_the_most_telling_comes_first_and_a_limit_holds(log: Log) -> None:
    many = {f"part{n}.py": "x = 1\n" for n in range(12)} | {"calc.py": MENDED}
    wide = log.commit("Fix everything", {**many, "test_calc.py": TEST})
    small = log.commit("Fix crash on empty input (#12)", {"calc.py": MENDED, "test_calc.py": TEST})
    style = log.commit("Fix lint warnings", {"calc.py": BROKEN, "test_calc.py": TEST})
    _, fixes, _ = await log.mine()
    assert [f.commit for f in fixes] == [small, style, wide]
    _, fixes, end = await log.mine(limit=1)
    assert ([f.commit for f in fixes], end.found) == ([small], 3)


async def test_a_fix_of_the_persons_own_comes_before_an_equal_one(log: Log) -> None:
    git(log.root, "config", "user.email", "me@here")
    own = log.commit("Fix add", {"calc.py": MENDED, "test_calc.py": TEST}, email="me@here")
    other = log.commit("Fix add", {"calc.py": BROKEN, "test_calc.py": TEST}, email="you@there")
    _, fixes, _ = await log.mine()
    assert [f.commit for f in fixes] == [own, other]
    assert fixes[0].why.startswith("you wrote it")
    assert fixes[1].why.startswith("it is in your history")


async def test_an_issue_closed_in_the_body_is_a_fix_too(log: Log) -> None:
    log.commit("Empty input\n\nCloses #7", {"calc.py": MENDED, "test_calc.py": TEST})
    _, (fix,), _ = await log.mine()
    assert "closes an issue" in fix.why


async def test_merges_and_the_first_commit_are_left_out(log: Log) -> None:
    git(log.root, "checkout", "-qb", "side")
    log.commit("Fix on the side", {"calc.py": MENDED, "test_calc.py": TEST})
    git(log.root, "checkout", "-q", "main")
    log.commit("other", {"other.py": "o = 1\n"})
    git(log.root, "merge", "-q", "--no-ff", "-m", "Fix: merge side", "side")
    _, fixes, end = await log.mine()
    assert [f.subject for f in fixes] == ["Fix on the side"]
    assert end.looked == 2


async def test_fixes_with_tests_of_other_languages_are_counted_and_said(log: Log) -> None:
    log.commit("Sums", {"sum.js": "x\n", "sum.go": "x\n"})
    log.commit("Fix sum", {"sum.js": "x\n", "sum.test.js": "y\n"})
    log.commit("Fix sum again", {"sum.go": "x\n", "sum_test.go": "y\n"})
    _, fixes, end = await log.mine()
    assert fixes == []
    assert "1 with go tests, 1 with javascript tests are not tried yet" in end.sentence


async def test_progress_is_told_page_by_page_and_ends_at_the_limit(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        log.commit(f"change {n}", {"calc.py": MENDED})
    monkeypatch.setattr("developer_node.mining.mining.PAGE", 2)
    monkeypatch.setattr(history, "COMMITS_MAX", 4)
    progress, _, end = await log.mine()
    assert progress == [MineProgress(2, 4), MineProgress(4, 4)]
    assert end.looked == 4


async def test_a_place_without_history_says_so(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    steps = [s.step async for s in Mining().mine(str(tmp_path), 0)]
    assert steps == [MineEnd(0, 0, "There is nothing to look through: it has no history yet.")]


async def test_outside_any_working_copy_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="is in no working copy"):
        _ = [s async for s in Mining().mine(str(tmp_path), 0)]


def test_a_message_that_holds_the_marks_is_passed_over() -> None:
    good = "\x01abc\x0212\x02a@b\x02Fix\x02body\x03\n:100644 100644 1 2 M\0calc.py\0"
    assert [c.sha for c in history.parse(good + "\x01def\x02\x02\x02x\x03" + good)] == ["abc"] * 2


async def test_a_directory_that_is_not_there_is_not_taken_for_the_one_above(log: Log) -> None:
    with pytest.raises(Missing, match="there is no"):
        async for _ in Mining().mine(str(log.root / "nosuch"), 1):
            pass


async def test_one_commit_says_and_several_say(log: Log) -> None:
    log.commit("Fix add", {"calc.py": MENDED, "test_calc.py": TEST})
    assert (
        "Looked at 1 commit, the newest first, without merges and the very first; 1 says that it"
        in (await log.mine())[2].sentence
    )
    log.commit("Fix add again", {"calc.py": BROKEN, "test_calc.py": TEST})
    assert (
        "Looked at 2 commits, the newest first, without merges and the very first; 2 say that they"
        in (await log.mine())[2].sentence
    )
