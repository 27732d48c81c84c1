"""Which commits are fixes that carry a test, and how telling each is: pure functions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from common.tests_by_name import (
    Language,
    belongs_to_tests,
    language,
    language_of_test,
)
from developer_node.mining.history import Logged

_SCOPE = (
    r"(?:\[[^\]]*\]:?|\(?#\d+\)?:?|[A-Z][A-Z0-9]+-\d+:?"
    r"|(?!(?:feat|docs?|chore|refactor|style|tests?|ci|build)\b)[\w./-]+(?:\([^)]*\))?!?:) *"
)
_BEGINS = re.compile(
    rf"(?i)^(?:{_SCOPE})*(?P<word>fix(?:e[sd]|ing)?|bug(?:fix|s)?|hotfix|repair(?:s|ed)?|"
    r"mend(?:s|ed)?|correct(?:s|ed)?|resolve[sd]?|handle[sd]?|do not|don't|avoid|"
    r"prevent|wrong|incorrect|broken)\b"
)
_CLEAR = re.compile(
    r"(?i)\b(?P<word>bug(?:fix|s)?|hotfix|regression|crash(?:e[sd])?"
    r"|fix(?:e[sd])? (?:#\d+|gh-\d+))\b"
)
_BRINGS = re.compile(
    r"(?i)^(?:\w+: )?(?:feat\b|add|implement|introduce|support|allow|create|new\b)"
)
"""What such a subject also mends in passing is not what its tests are about."""
_ISSUE = re.compile(r"(?i)(?<![\w&])(?:#\d+\b|gh-\d+\b|[A-Z][A-Z0-9]+-\d+\b)")
_CLOSES = re.compile(
    r"(?i)\b(?:fix(?:es|ed)?|close[sd]?|resolve[sd]?):? +(?:#\d+|gh-\d+|https?://)"
)
_NOT_OF_CODE = re.compile(
    r"(?i)\b(?:typos?|lint(?:ing|er)?|format(?:ting)?|docs?|docstrings?|spelling|whitespace|"
    r"mypy|ruff|flake8|typing|ci|workflow|flaky|warnings?|rename[sd]?)\b"
)
_MANY_FILES = 10


@dataclass(frozen=True, slots=True)
class Telling:
    """A fix with its test."""

    commit: Logged
    tests: tuple[str, ...]
    sources: tuple[str, ...]
    language: Language
    """Of its tests."""
    score: int
    why: str


def telling(commit: Logged, email: str = "") -> Telling | None:
    """None when it says nothing of a fix, or does not change code together with a test."""
    tests = [p for p in commit.paths if language_of_test(p) and p not in commit.deleted]
    sources = [p for p in commit.paths if not belongs_to_tests(p) and language(p) != "other"]
    if not tests or not _says_fix(commit) or commit.added.issuperset(sources):
        return None  # where every source is new, nothing was there that could be mended
    spoken = language_of_test(next((t for t in tests if t.endswith(".py")), tests[0])) or "other"
    if spoken == "python" and not any(p.endswith(".py") for p in sources):
        return None
    score, own = _score(commit, sources, tests), bool(email) and commit.email == email
    why = _why(commit, own, sources, tests)
    return Telling(commit, tuple(tests), tuple(sources), spoken, score + 2 * own, why)


def _says_fix(commit: Logged) -> bool:
    closes = _CLOSES.search(commit.body) and not _BRINGS.match(commit.subject)
    return bool(closes or _word(commit.subject))


def _word(subject: str) -> str:
    """What a subject begins with, or a word that says it wherever it stands."""
    said = _BEGINS.search(subject) or _CLEAR.search(subject)
    return said["word"] if said else ""


def _score(commit: Logged, sources: list[str], tests: list[str]) -> int:
    score = 3 if _word(commit.subject) else 0
    score += 2 if _ISSUE.search(commit.subject) or _CLOSES.search(commit.body) else 0
    score += 2 if len(sources) == 1 else 1 if len(sources) <= 3 else 0
    score += 1 if len(tests) == 1 else 0
    score -= 3 if len(commit.paths) > _MANY_FILES else 0
    score -= 3 if _BRINGS.match(commit.subject) else 0
    score -= 3 if _NOT_OF_CODE.search(commit.subject) else 0
    # A new source file is a new thing more often than a mended one.
    return score - 2 * any(source in commit.added for source in sources)


def _why(commit: Logged, own: bool, sources: list[str], tests: list[str]) -> str:
    word = _word(commit.subject)
    said = f'its subject says "{word}"' if word else "its message closes an issue"
    who = "you wrote it" if own else "it is in your history"
    return f"{who}, {said}, and it changes {_named(tests)} together with {_named(sources)}"


def _named(paths: list[str]) -> str:
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{paths[0]}{more}"
