"""One failure has one identity in every dress its tool gives it; two failures have two."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import pytest

from common.model.event import CommandFinished, Output
from common.model.failure import Failure
from developer_node.text.failures import interpret
from developer_node.text.parsers import known
from tests.support.tool_samples import DIRECTORY

PYTEST = Path(__file__).parent / "samples" / "pytest"
FILE = "tests/test_cart.py"
DRESS = re.compile(r"_?(?:colours|narrow|wide|eighty|plain)(?:_\d+)?$")


def failures(path: Path, home: str = "") -> tuple[Failure, ...]:
    """As the laptop would keep them; `home` takes the place of /home/NAME, in which
    the working copy lies."""
    text = path.read_bytes().decode(errors="replace")
    header, _, body = text.partition("\n")
    said = json.loads(header.removeprefix("# "))
    cwd = str(said["cwd"])
    if home:
        was = "/".join(cwd.split("/")[:3])
        body, cwd = body.replace(was, home), cwd.replace(was, home)
    root = "/".join(cwd.split("/")[:4])
    command = CommandFinished(str(said["command"]), cwd, (int(said["exit"]),), 1, Output(body))
    return interpret(command, root).failures


def identities(path: Path, home: str = "") -> list[tuple[str, str, str]]:
    return sorted((f.test, f.fingerprint, f.values) for f in failures(path, home))


@pytest.mark.parametrize("sample", sorted(PYTEST.glob("*.txt")), ids=lambda p: p.stem)
def test_pytest_7_8_and_9_say_the_same_at_every_width(sample: Path) -> None:
    """All but the test whose error is raised inside asyncio, which each Python words itself."""
    assert identities(sample) == identities(PYTEST / "9.0.txt")


def test_the_tests_of_one_run_are_told_apart() -> None:
    """The control case: had all one fingerprint, the test above would pass as well."""
    found = failures(PYTEST / "9.0.txt")
    assert len(found) == 13
    assert len({f.fingerprint for f in found}) == 11
    pairs = [(f.test, g.test) for f, g in combinations(found, 2) if f.fingerprint == g.fingerprint]
    assert pairs == [
        # one line of one function, reached by two tests with other values
        (f"{FILE}::test_unknown_item", f"{FILE}::test_lambda"),
        (f"{FILE}::TestCart::test_words[a - b]", f"{FILE}::TestCart::test_words[c::d]"),
    ]
    assert len({(f.fingerprint, f.values) for f in found}) == 13


def headed() -> list[Path]:
    """Of the tools that are read, what says how it was made."""
    tools = {parser.tool for parser in known.PARSERS}
    paths = sorted(p for p in DIRECTORY.glob("*/*.txt") if p.parent.name in tools)
    return [p for p in paths if p.open("rb").read(3) == b"# {"]


@pytest.mark.parametrize("sample", headed(), ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_a_working_copy_elsewhere_changes_no_identity(sample: Path) -> None:
    assert identities(sample, "/srv/ci") == identities(sample)


def dressed() -> list[tuple[Path, Path]]:
    """Samples of one tool's version that by their names differ in colours and width alone."""
    alike: dict[tuple[str, str, str], list[Path]] = defaultdict(list)
    for path in headed():
        header = json.loads(path.open(encoding="utf-8").readline().removeprefix("# "))
        base = DRESS.sub("", path.stem)
        ran = " ".join(w for w in str(header["command"]).split() if not w.startswith("-"))
        alike[path.parent.name, f"{header['tool']} {ran}", base].append(path)
    return [pair for paths in alike.values() for pair in combinations(paths, 2)]


@pytest.mark.parametrize(
    ("one", "other"), dressed(), ids=lambda p: f"{p.parent.name}/{p.stem}" if p else ""
)
def test_colours_and_width_change_no_identity(one: Path, other: Path) -> None:
    assert identities(one) == identities(other)


@pytest.mark.parametrize("stem", ["cargo/one_file", "node_test/20_one_file"])
def test_two_tests_of_one_file_that_say_the_same_are_two(stem: str) -> None:
    """Each expects 5 and gets -3, in a place that has no function."""
    (adds,) = failures(DIRECTORY / f"{stem}_adds.txt")
    (muls,) = failures(DIRECTORY / f"{stem}_muls.txt")
    assert (adds.code, adds.normalised, adds.values) == (muls.code, muls.normalised, muls.values)
    assert adds.fingerprint != muls.fingerprint


def test_two_scripts_that_say_the_same_are_two() -> None:
    def of(said: str) -> str:
        output = Output("error: cannot connect\n")
        command = CommandFinished(said, "/home/mira/shop", (1,), 1, output)
        (failure,) = interpret(command, "/home/mira/shop").failures
        return failure.fingerprint

    assert of("./a.sh") != of("./b.sh")
    assert of("./a.sh") == of("sh ./a.sh")


def test_gcc_quotes_by_locale_and_says_the_same() -> None:
    plain, utf8 = DIRECTORY / "gcc" / "plain.txt", DIRECTORY / "gcc" / "utf8.txt"
    if "‘" not in utf8.read_text():
        pytest.skip("no sample with a locale's quotation marks")
    text = "\n".join(utf8.read_text().split("\n"))
    c_locale = text.translate({ord("‘"): "'", ord("’"): "'"})

    def of(body: str) -> list[str]:
        command = CommandFinished("gcc", "/home/mira/c", (1,), 1, Output(body))
        return [f.fingerprint for f in interpret(command, "/home/mira/c").failures]

    assert plain.exists()
    assert of(text) == of(c_locale) != []
