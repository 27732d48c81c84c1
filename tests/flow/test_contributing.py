"""CONTRIBUTING.md is followed word by word in a copy of the repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "CONTRIBUTING.md"
CHAPTERS = ("Add a parser", "Add a store query", "Add an RPC", "Add a view")
STEP = re.compile(
    r"New file `(?P<new>[^`]+)`:"
    r"|[Ii]n `(?P<file>[^`]+)`:"
    r"|^```(?P<kind>\w+)\n(?P<text>.*?)^```$",
    re.M | re.S,
)


def steps() -> Iterator[tuple[str, str, str]]:
    """(how, which file, text) in order: `new`, `diff` or `console`."""
    for chapter in CHAPTERS:
        _, mark, rest = GUIDE.read_text().partition(f"\n## {chapter}\n")
        assert mark, f"CONTRIBUTING.md has no chapter {chapter!r}"
        how, path = "", ""
        for step in STEP.finditer(rest.partition("\n## ")[0]):
            if step["new"] or step["file"]:
                how, path = ("new", step["new"]) if step["new"] else ("diff", step["file"])
            elif step["kind"] == "console":
                yield "console", "", step["text"]
            else:
                assert (step["kind"] == "diff") == (how == "diff"), step["text"]
                yield how, path, step["text"]


def changed(text: str, diff: str) -> str:
    """The text with one hunk applied; its old lines stand in it exactly once."""
    lines = diff.splitlines()
    old = "".join(f"{line[1:]}\n" for line in lines if line[:1] in (" ", "-"))
    new = "".join(f"{line[1:]}\n" for line in lines if line[:1] in (" ", "+"))
    assert text.count(old) == 1, f"these lines stand there {text.count(old)} times:\n{old}"
    return text.replace(old, new)


def borrow_environment(root: Path) -> None:
    """What is installed here, under a stamp that fits: `make setup` then has nothing to do, and
    leaves this environment alone."""
    environment = root / ".venv"
    environment.mkdir()
    for each in (ROOT / ".venv").iterdir():
        if each.name != "postdevai.stamp":
            (environment / each.name).symlink_to(each)
    asked = "import sys; sys.path.insert(0, 'scripts'); import setup; "
    asked += "print(setup.fingerprint(setup.choose_flavour()), end='')"
    stamp = subprocess.run(
        [sys.executable, "-c", asked], cwd=root, capture_output=True, text=True, check=True
    )
    (environment / "postdevai.stamp").write_text(stamp.stdout)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What git tracks here, as it is on disk, with this environment beside it."""
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, tracked.stdout.split("\0")):
        source, target = ROOT / name, tmp_path / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    borrow_environment(tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    return tmp_path


@pytest.mark.timeout(600)
def test_every_recipe_leads_to_a_change_that_is_green(copy: Path) -> None:
    """A recipe is read more often than it is tried, except here."""
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    typed = 0
    for how, path, text in steps():
        if how == "new":
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            (copy / path).write_text(text)
        elif how == "diff":
            (copy / path).write_text(changed((copy / path).read_text(), text))
        for line in re.findall(r"^\$ (.+)$", text, re.M) if how == "console" else ():
            done = subprocess.run(
                ["bash", "-c", line],
                cwd=copy,
                env=env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=300,
            )
            first_pictures = "--snapshot-update" in line and "snapshot" in done.stdout
            assert done.returncode == 0 or first_pictures, f"{line}\n{done.stdout}{done.stderr}"
            typed += 1
    assert typed >= 10
