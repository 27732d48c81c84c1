"""What runs an expression: an automaton where it is a regular one, else what can be stopped.

RE2 takes linear time and is ten times as fast, and knows no assertions and no references. `regex`
knows all that `re` does, lets other threads run and can be stopped; `re` can do neither. Both
report where the first match begins, and both are only given what rendering.py has written.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import regex

from common.errors import Invalid, OverLimit

re2: Any = importlib.import_module("re2")  # it has no types

REGEX_SECONDS_MAX = 10.0
"""For one search, over all files; OverLimit beyond."""
AUTOMATON_BYTES = 1 << 20
"""Larger ones are slow to make and to run."""

Search = Callable[[Any, int, float], int]
"""In a text, from a place on, until a time by `time.monotonic`: where a match begins, or -1.
OverLimit when that takes too long."""


def in_ascii(pattern: str) -> Search:
    """For bytes in ASCII. Invalid when no engine takes the expression."""
    options = re2.Options()
    options.never_capture, options.log_errors = True, False
    options.max_mem = AUTOMATON_BYTES
    try:
        return partial(_by_automaton, re2.compile(f"(?m){pattern}", options))
    except re2.error:
        return partial(_by_regex, _compiled(pattern.encode()))


def in_unicode(pattern: str) -> Search:
    """For text. Invalid when no engine takes the expression."""
    return partial(_by_regex, _compiled(pattern))


def _compiled(pattern: Any) -> Any:
    try:
        return regex.compile(pattern, regex.MULTILINE | regex.VERSION0)
    except (regex.error, RecursionError, OverflowError, MemoryError) as error:
        raise Invalid(f"not a regular expression: {error}", field="query") from error


def _by_automaton(pattern: Any, raw: bytes, at: int, until: float) -> int:
    if time.monotonic() > until:
        raise _too_long()
    match = pattern.search(raw, at)
    return -1 if match is None else match.start()


def _by_regex(pattern: Any, text: Any, at: int, until: float) -> int:
    left = until - time.monotonic()
    if left <= 0:
        raise _too_long()
    try:
        match = pattern.search(text, at, timeout=left, concurrent=True)
    except TimeoutError:
        raise _too_long() from None
    return -1 if match is None else match.start()


def _too_long() -> OverLimit:
    return OverLimit(
        f"the expression took more than {REGEX_SECONDS_MAX:g} s",
        hint="Nested repetition such as (a+)+ is the usual reason.",
    )
