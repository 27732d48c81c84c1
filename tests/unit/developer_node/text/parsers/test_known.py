"""All parsers over all samples: each line is read by the tool that printed it, and by no other."""

from __future__ import annotations

import importlib
import json
import pkgutil
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from developer_node.text import during, parsers
from developer_node.text.parsers import known
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom
from tests.support.tool_samples import DIRECTORY

PLACE = Place.of("/home/dana/shop", "/home/dana/shop")
ALSO = {
    "cargo": {"rustc", "rust"},
    "make": {"gcc", "clang", "compiler"},
    "cmake": {"gcc", "clang", "make", "ctest"},
    "gradle": {"javac", "java"},
    "maven": {"javac", "java"},
    "traces": {"go", "java", "node", "php", "python", "ruby", "rust", "csharp", "dotnet"},
}
"""What a tool runs speaks for itself."""


def shown(path: Path) -> tuple[str, str]:
    """A sample's text and the command that printed it."""
    text = path.read_bytes().decode(errors="replace")
    if text.startswith("# {"):
        header, _, body = text.partition("\n")
        return body, str(json.loads(header[2:])["command"])
    lines = text.split("\n")
    head = [line for line in lines if line.startswith("#: ")]
    said = [line.partition("command:")[2].strip() for line in head if "command:" in line]
    return "\n".join(lines[len(head) :]), said[0] if said else ""


def of_registered() -> list[Path]:
    tools = {parser.tool for parser in known.PARSERS}
    return [path for path in sorted(DIRECTORY.glob("*/*.txt")) if path.parent.name in tools]


@pytest.mark.parametrize("path", of_registered(), ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_a_sample_is_read_by_its_own_tool_among_all(path: Path) -> None:
    text, command = shown(path)
    tool = path.parent.name
    read = known.read(text, command, PLACE)
    assert {f.symptom.tool for f in read.found} <= {tool, "command", *ALSO.get(tool, ())}


@pytest.mark.parametrize("path", of_registered(), ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_the_others_take_nothing_from_a_tool(path: Path) -> None:
    """The control case: alone, it finds no more than among all."""
    text, command = shown(path)
    tool = path.parent.name
    alone = next(parser for parser in known.PARSERS if parser.tool == tool)
    found = known.read(text, command, PLACE, (alone,)).found
    among = known.read(text, command, PLACE).found
    taken = {i for f in among for i in range(f.first, f.last + 1)}
    if alone.consequence:
        return
    if tool == "traces":  # node reads its own, with more to say
        found = tuple(f for f in found if f.first not in taken)
    assert [f for f in found if f not in among] == []


def modules() -> list[str]:
    return [m.name for m in pkgutil.iter_modules(parsers.__path__)]


@pytest.mark.parametrize("name", modules())
def test_a_parser_that_is_written_is_asked(name: str) -> None:
    module = importlib.import_module(f"developer_node.text.parsers.{name}")
    written = [value for value in vars(module).values() if isinstance(value, Parser)]
    assert [parser for parser in written if parser not in known.PARSERS] == []


def test_each_parser_says_what_it_is_for() -> None:
    tools = [parser.tool for parser in known.PARSERS if not parser.consequence]
    assert len(set(tools)) == len(tools)
    assert all(p.hints and p.kinds and p.captured for p in known.PARSERS)


# -- how several share an output ---------------------------------------------------------------

MYPY = 'shop/cart.py:17: error: Name "x" is not defined  [name-defined]\n'
TRACE = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\nKeyError: 1\n'


def tools_in(text: str, command: str = "") -> list[str]:
    return [s.tool for s in known.parse(text, command, PLACE)[0]]


def test_several_tools_of_one_command_all_speak_in_their_order() -> None:
    assert tools_in(TRACE + MYPY) == ["python", "mypy"]
    assert tools_in(MYPY + TRACE) == ["mypy", "python"]


def test_what_a_test_printed_is_not_another_tools_word() -> None:
    report = (
        "===== test session starts =====\n===== FAILURES =====\n_____ test_a _____\n"
        "    def test_a():\n>       assert 0\nE       assert 0\n\na.py:2: AssertionError\n"
        f"----- Captured stdout call -----\n{MYPY}{TRACE}"
        "===== short test summary info =====\nFAILED a.py::test_a - assert 0\n"
        "===== 1 failed in 0.01s =====\n"
    )
    assert tools_in(report) == ["pytest"]
    assert tools_in(report + MYPY) == ["pytest", "mypy"]


@pytest.mark.parametrize(
    ("command", "wanted"), [("first a", "one"), ("env A=1 /usr/bin/second -v", "other")]
)
def test_the_program_that_was_run_is_meant_where_two_print_alike(command: str, wanted: str) -> None:
    def named(tool: str, program: str) -> Parser:
        def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
            found = Found(Symptom(tool, Complaint("", "x", "x")), 0, 0)
            return Parsed((found,)) if lines[0] else None

        return Parser(tool, parse, ("x",), ("build",), "x", "", (program,))

    both = (named("one", "first"), named("other", "second"))
    (found,) = known.read("x", command, PLACE, both).found
    assert found.symptom.tool == wanted


def test_a_consequence_is_heard_when_nothing_else_was_found() -> None:
    gone = "make: *** [Makefile:2: test] Error 2\n"
    assert tools_in(gone, "make") == ["make"]
    assert tools_in(MYPY + gone, "make lint") == ["mypy"]
    assert tools_in(f"Main.hs:3:5: error: no x\n{gone}", "make") == ["compiler"]


# -- unknown tools -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("src/Main.hs:3:5: error: Variable not in scope: x", ("compiler", "", "Main.hs")),
        ("Main.cs(3,5): error CS1002: ; expected", ("compiler", "CS1002", "Main.cs")),
        ("zip: error: no such archive", ("zip", "", "")),
        ("work\nmore\nError: No such option: --x", ("command", "", "")),
    ],
)
def test_an_unknown_tool_is_heard_when_it_calls_it_an_error(
    text: str, said: tuple[str, str, str]
) -> None:
    ((symptom),) = known.parse(text, "", PLACE)[0]
    complaint = symptom.complaint
    path = complaint.frames[0].path if complaint.frames else ""
    assert (symptom.tool, complaint.code, path.rsplit("/", 1)[-1]) == said


@pytest.mark.parametrize(
    "text",
    [
        "0 errors, 0 warnings",
        "no error: all is well",
        "INFO error handling is on",
        "12:30:01 error rate 0.1",
        "Errors: 3\nWarnings: 1",
        "error:",
        "see a.py:3: for the error",
        "Error: at first\n" + "fine\n" * 30,
    ],
)
def test_words_about_errors_are_none(text: str) -> None:
    assert known.parse(text, "", PLACE)[0] == []


def test_an_unknown_tool_is_not_heard_beside_a_known_one() -> None:
    assert tools_in(f"{MYPY}error: Recipe `check` failed on line 3 with exit code 1\n") == ["mypy"]


# -- outputs that nobody meant -----------------------------------------------------------------


ALL = of_registered()


def mangled(seed: int) -> str:
    """Two samples, cut where a recorder's limit or a crash may cut, or shuffled."""
    draw = random.Random(seed)
    one, other = (shown(draw.choice(ALL))[0].split("\n") for _ in range(2))
    match seed % 4:
        case 0:
            lines = one[draw.randrange(len(one)) :]
        case 1:
            lines = one[: draw.randrange(len(one))] + other[draw.randrange(len(other)) :]
        case 2:
            lines = [line[: draw.randrange(len(line) + 1)] for line in one]
        case _:
            lines = draw.sample(one, len(one))
    return "\n".join(lines)


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_a_cut_or_shuffled_output_breaks_no_parser(first: int) -> None:
    """An output that cannot be read would cost the whole event: it must only say less."""
    for seed in range(first, first + 100):
        text = mangled(seed)
        read = known.read(text, "x", PLACE)
        count = len(text.split("\n"))
        assert all(0 <= f.first <= f.last < count for f in read.found), seed
        during.parse(text, "x", PLACE)
