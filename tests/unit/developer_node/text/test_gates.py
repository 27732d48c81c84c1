"""What is never to be recorded is not, and a wish that cannot be understood closes the gate."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from developer_node.text import gates
from developer_node.text.gates import Gate, gate
from developer_node.text.repository_settings import lowest, settings_of


@pytest.fixture
def home(tmp_path: Path) -> Path:
    path = tmp_path / "home"
    path.mkdir()
    return path


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    path = tmp_path / "work" / "shop"
    path.mkdir(parents=True)
    return path


def settle(repository: Path, text: str) -> None:
    (repository / ".postdevai.toml").write_text(text)


def test_without_any_wish_everything_is_recorded(home: Path, repository: Path) -> None:
    assert gate(home, repository, "make test") == Gate()
    assert not list(home.iterdir())


@pytest.mark.parametrize("space", [" ", "\t"])
def test_a_leading_space_makes_a_command_private(home: Path, repository: Path, space: str) -> None:
    assert not gate(home, repository, f"{space}vault login").record
    assert gate(home, repository, "vault login").record


def test_a_pause_lasts_until_resumed(home: Path, repository: Path) -> None:
    assert "postdevai resume" in gates.pause(home)
    closed = gate(home, repository, "make")
    assert (closed.record, closed.output) == (False, False)
    assert "paused" in closed.why
    assert gates.resume(home)
    assert gate(home, repository, "make") == Gate()
    assert not gates.resume(home)


def test_a_pause_with_a_time_ends_by_itself(home: Path, repository: Path) -> None:
    gates.pause(home, 3600)
    assert not gate(home, repository, "make").record
    (home / "developer" / "paused").write_text("1000000\n")  # its time has passed
    assert gate(home, repository, "make") == Gate()


def test_a_pause_of_the_meantime_closes_the_gate_at_the_end(home: Path, repository: Path) -> None:
    begun_s = time.time()
    assert gate(home, repository, "make", begun_s) == Gate()
    gates.pause(home)
    gates.resume(home)
    assert "paused" in gate(home, repository, "make", begun_s).why
    assert not gate(home, repository, "make", begun_s).record
    assert gate(home, repository, "make", time.time()) == Gate()  # the next one


def test_a_timed_pause_of_the_meantime_counts_until_its_time(home: Path, repository: Path) -> None:
    now_s = time.time()
    gates.pause(home, 3600)
    (home / "developer" / "paused").write_text(f"{int(now_s) - 60}\n")  # it ended a minute ago
    for _ in range(2):
        assert not gate(home, repository, "make", now_s - 100).record
        assert gate(home, repository, "make", now_s - 30).record
        assert not gates.resume(home)  # that it is forgotten changes nothing


def test_a_clock_that_was_put_back_does_not_stop_recording(home: Path, repository: Path) -> None:
    gates.pause(home)
    gates.resume(home)
    (home / "developer" / "resumed").write_text(f"{time.time() + 86400}\n")
    assert gate(home, repository, "make", time.time()).record


def test_a_pause_that_cannot_be_read_closes_the_gate(home: Path, repository: Path) -> None:
    gates.pause(home)
    (home / "developer" / "paused").write_text("tomorrow")
    closed = gate(home, repository, "make")
    assert not closed.record
    assert "postdevai resume" in closed.why
    assert gates.resume(home)
    assert gate(home, repository, "make").record


def test_never_here_holds_below_and_not_beside(home: Path, repository: Path) -> None:
    inside = repository / "src"
    inside.mkdir()
    beside = repository.with_name("shop-two")
    beside.mkdir()
    gates.put_never(home, repository)
    assert not gate(home, inside, "make").record
    assert str(repository) in gate(home, repository, "make").why
    assert gate(home, beside, "make").record
    assert gates.take_never(home, repository)
    assert gate(home, inside, "make").record


def test_never_here_holds_through_a_link(home: Path, repository: Path, tmp_path: Path) -> None:
    gates.put_never(home, repository)
    link = tmp_path / "link"
    link.symlink_to(repository)
    assert not gate(home, link, "make").record


def test_never_here_holds_for_a_directory_that_was_removed(home: Path, repository: Path) -> None:
    gates.put_never(home, repository)
    repository.rmdir()
    assert not gate(home, repository, "make").record


def test_never_here_is_kept_once_and_bounded(home: Path, repository: Path) -> None:
    gates.put_never(home, repository)
    gates.put_never(home, repository)
    assert len(gates.never_recorded(home)) == 1
    (home / "developer" / "never.json").write_text(
        "[" + ",".join(f'"/x/{i}"' for i in range(gates.NEVER_MAX)) + "]"
    )
    with pytest.raises(ValueError, match="1000"):
        gates.put_never(home, repository)


@pytest.mark.parametrize("text", ["{}", "[1]", "nonsense", '["/a"'])
def test_a_broken_list_of_places_closes_the_gate(home: Path, repository: Path, text: str) -> None:
    gates.put_never(home, repository / "elsewhere")
    (home / "developer" / "never.json").write_text(text)
    closed = gate(home, repository, "make")
    assert not closed.record
    assert "cannot be read" in closed.why


def test_files_of_wishes_are_private(home: Path, repository: Path) -> None:
    gates.put_never(home, repository)
    gates.pause(home)
    for path in (home / "developer").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_repository_may_ask_not_to_be_recorded(home: Path, repository: Path) -> None:
    settle(repository, "[record]\nenabled = false\n")
    (repository / "deep" / "er").mkdir(parents=True)
    closed = gate(home, repository / "deep" / "er", "make")
    assert not closed.record
    assert ".postdevai.toml" in closed.why


def test_a_repository_may_ask_for_no_output(home: Path, repository: Path) -> None:
    settle(repository, "[record]\noutput = false\n")
    kept = gate(home, repository, "make")
    assert (kept.record, kept.output) == (True, False)
    assert kept.why


def test_what_lies_further_down_cannot_ask_for_more(home: Path, repository: Path) -> None:
    settle(repository, '[record]\nenabled = false\n[autonomy]\nlevel = "notifier"\n')
    inner = repository / "inner"
    inner.mkdir()
    settle(inner, '[record]\nenabled = true\n[autonomy]\nlevel = "pair programmer"\n')
    assert not gate(home, inner, "make").record
    assert settings_of(inner).autonomy == "notifier"
    assert settings_of(inner).path == str(inner / ".postdevai.toml")


def test_a_repository_lowers_autonomy_and_never_raises_it(repository: Path) -> None:
    settle(repository, '[autonomy]\nlevel = "advisor"\n')
    asked = settings_of(repository).autonomy
    assert lowest("pair programmer", asked) == "advisor"
    assert lowest("observer", asked) == "observer"
    assert lowest("assistant", None) == "assistant"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[record]\nenable = false\n", "record.enable is not known"),
        ("[recording]\nenabled = false\n", "recording is not known"),
        ("[record]\nenabled = 'no'\n", "true or false"),
        ("record = 1\n", "[record]"),
        ('[record]\nignore = "x"\n', "list"),
        ('[record]\nignore = ["!x"]\n', "only less"),
        ('[record]\nignore = [""]\n', "no glob"),
        ('[autonomy]\nlevel = "captain"\n', "one of observer"),
        ("[record\n", "cannot be followed"),
        ("#" * 70000, "the most"),
        ("x = '\udcff'", "cannot be followed"),
    ],
)
def test_a_wish_that_is_not_understood_closes_the_gate(
    home: Path, repository: Path, text: str, says: str
) -> None:
    (repository / ".postdevai.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    closed = gate(home, repository, "make")
    assert not closed.record
    assert says in closed.why
    assert str(repository) in closed.why


def test_a_changed_file_is_read_again(home: Path, repository: Path) -> None:
    settle(repository, "[record]\nenabled = false\n")
    assert not gate(home, repository, "make").record
    settle(repository, "[record]\nenabled = true \n")
    assert gate(home, repository, "make").record
    os.unlink(repository / ".postdevai.toml")
    assert gate(home, repository, "make").record


@pytest.mark.parametrize(
    ("glob", "path", "covered"),
    [
        ("secrets/", "secrets/key.txt", True),
        ("secrets/", "deep/secrets/key.txt", True),
        ("secrets", "secretsx", False),
        ("*.pem", "a/b/c.pem", True),
        ("*.pem", "a/b/c.pem.txt", False),
        ("/data", "data/x", True),
        ("/data", "src/data/x", False),
        ("a/*/c", "a/b/c", True),
        ("a/*/c", "a/b/b/c", False),
        ("a/**/c", "a/c", True),
        ("a/**/c", "a/b/b/c/d", True),
        ("file.??", "x/file.py", True),
        ("[a-c].txt", "b.txt", True),
    ],
)
def test_globs_mean_what_they_mean_to_git(
    repository: Path, glob: str, path: str, covered: bool
) -> None:
    settle(repository, f'[record]\nignore = ["{glob}"]\n')
    assert settings_of(repository).ignores(repository / path) is covered


def test_a_command_in_an_ignored_directory_is_not_recorded(home: Path, repository: Path) -> None:
    settle(repository, '[record]\nignore = ["vault/"]\n')
    assert not gate(home, repository / "vault" / "x", "make").record
    assert gate(home, repository / "src", "make").record


def test_a_hostile_glob_takes_no_longer_than_its_length(repository: Path) -> None:
    """The time limit of the suite is the judge: a backtracking matcher would not come back."""
    settle(repository, f'[record]\nignore = ["{"**/*a*/" * 100}z", "{"*a" * 200}z"]\n')
    assert not settings_of(repository).ignores(repository / (("a" * 200 + "/") * 10 + "a" * 250))


def test_a_prompt_waits_for_nothing_heavy(home: Path, repository: Path) -> None:
    """Asked at every prompt: what its import brings along is looked at, not timed."""
    code = (
        "import sys; from pathlib import Path; from developer_node.text.gates import gate;"
        f"gate(Path({str(home)!r}), Path({str(repository)!r}), 'make');"
        "print([m for m in ('tomllib', 'google', 'detect_secrets', 'tempfile', 'subprocess',"
        "'common.model.event', 'asyncio') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
