"""Functions without their docstrings, and the questions that the docstrings are. Deterministic."""

from __future__ import annotations

import ast
import hashlib
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

WORDS_MIN, WORDS_MAX = 5, 60
"""Of a question."""
LINES_MIN = 3
"""Of a function, its docstring left out."""
NOT_CODE = frozenset({"test", "tests", "testing", "_vendor", "vendored", "conftest.py"})


@dataclass(frozen=True, slots=True)
class Function:
    """One function, as it is indexed, and what is asked for it."""

    path: str
    """module/Class/LINE.py: says where it was defined and not what it is called."""
    text: str
    question: str
    """The first paragraph of its docstring, on one line."""


def of_packages(roots: Iterable[Path]) -> list[Function]:
    """Every function with a question below these directories, packages or what holds some. What
    is there twice, and a question that two functions have, are left out."""
    return distinct(
        function
        for root in roots
        for path in sorted(root.rglob("*.py"))
        if not NOT_CODE & {part.lower() for part in path.relative_to(root).parts}
        for function in of_module(_place(path, root), _read(path))
    )


def distinct(functions: Iterable[Function]) -> list[Function]:
    """Those whose text and question nobody else has."""
    found = list(functions)
    texts, questions = Counter(f.text for f in found), Counter(f.question for f in found)
    return [f for f in found if texts[f.text] == 1 and questions[f.question] == 1]


def drawn(functions: Iterable[Function], number: int) -> list[Function]:
    """So many of them, by a hash of their path: another package changes no other draw."""
    return sorted(functions, key=lambda f: hashlib.blake2b(f.path.encode()).digest())[:number]


def of_module(path: str, source: str) -> Iterator[Function]:
    """The functions of a Python module, methods too."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return  # templates and fixtures: nobody would find anything in them
    lines = source.splitlines(keepends=True)
    place = PurePosixPath(path).with_suffix("")
    for owner, node in _definitions(tree, ()):
        question, text = _question(node), _without_docstring(node, lines)
        if question and text.count("\n") >= LINES_MIN:
            yield Function(str(place.joinpath(*owner, f"{node.lineno}.py")), text, question)


_Def = ast.FunctionDef | ast.AsyncFunctionDef


def _definitions(node: ast.AST, owner: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], _Def]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from _definitions(child, (*owner, child.name))
        elif isinstance(child, _Def):
            if not child.name.startswith("__"):
                yield owner, child
        else:
            yield from _definitions(child, owner)


def _question(node: _Def) -> str:
    paragraph = (ast.get_docstring(node) or "").split("\n\n")[0]
    words = paragraph.split()
    return " ".join(words) if WORDS_MIN <= len(words) <= WORDS_MAX else ""


def _without_docstring(node: _Def, lines: list[str]) -> str:
    docstring = node.body[0]
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)]) - 1
    last = node.end_lineno or node.lineno
    if len(node.body) < 2:
        return ""
    kept = lines[first : docstring.lineno - 1] + lines[(docstring.end_lineno or 0) : last]
    return textwrap.dedent("".join(kept))


def _place(path: Path, root: Path) -> str:
    """As it is imported."""
    above = root.parent if (root / "__init__.py").exists() else root
    return path.relative_to(above).as_posix()


def _read(path: Path) -> str:
    return path.read_text("utf-8", "replace")
