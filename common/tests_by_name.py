"""Which files are tests, by their names, and whose tests they are."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Literal

Language = Literal["python", "javascript", "go", "rust", "java", "ruby", "other"]

_DIRECTORIES = frozenset(("test", "tests", "testing", "__tests__", "spec", "specs", "testdata"))
_OF_TESTS = frozenset(("tests", "__tests__", "spec", "testdata"))
_PYTHON = re.compile(r"^(?:test_.*|.*_test|tests?)\.py$")
_MODULES: tuple[tuple[Language, re.Pattern[str]], ...] = (
    ("python", _PYTHON),
    ("javascript", re.compile(r"^.*[._-](?:test|spec)\.[cm]?[jt]sx?$")),
    ("go", re.compile(r"^.*_test\.go$")),
    ("ruby", re.compile(r"^.*_(?:test|spec)\.rb$")),
    ("java", re.compile(r"^.*(?:Tests?|IT)\.(?:java|kt)$")),
)
_SUFFIXES: dict[str, Language] = {
    ".py": "python",
    ".js": "javascript",
    ".jsx": "javascript",
    ".ts": "javascript",
    ".tsx": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".go": "go",
    ".rs": "rust",
    ".java": "java",
    ".kt": "java",
    ".rb": "ruby",
}


def belongs_to_tests(path: str) -> bool:
    """A test, or what tests need: conftest.py, anything in a directory of tests."""
    parts = PurePosixPath(path).parts
    inside = any(part.lower() in _DIRECTORIES for part in parts[:-1])
    return inside or parts[-1] == "conftest.py" or language_of_test(path) is not None


def holds_what_is_expected(path: str) -> bool:
    """Narrower: a directory counts where its name means tests by the language's own custom, as a
    change there is not taken for one of the code. `django/test` is code."""
    parts = PurePosixPath(path).parts
    directories = [part.lower() for part in parts[:-1]]
    if parts[-1] == "conftest.py" or language_of_test(path) is not None:
        return True
    if _OF_TESTS.intersection(directories):
        return True
    return directories[:1] == ["test"] or ("src", "test") in pairwise(directories)


def language_of_test(path: str) -> Language | None:
    """Of a file that holds tests itself; None for any other."""
    pure = PurePosixPath(path)
    for language, pattern in _MODULES:
        if pattern.match(pure.name):
            return language
    if pure.suffix == ".rs" and "tests" in pure.parts[:-1]:
        return "rust"
    return None


def language(path: str) -> Language:
    """Of a source file; "other" for what holds no code."""
    return _SUFFIXES.get(PurePosixPath(path).suffix, "other")
