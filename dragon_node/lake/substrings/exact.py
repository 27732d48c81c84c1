"""What is looked for: what it needs, and how it is found in a block of lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dragon_node.lake.substrings.needs import Needs


@dataclass(frozen=True, slots=True)
class Found:
    """Matching lines of a text, numbers from 1, both inclusive."""

    start_line: int
    end_line: int
    text: str


Find = Callable[[bytes], Iterator[Found]]
"""In whole lines of a content, in order, each line once."""


@dataclass(frozen=True, slots=True)
class Exact:
    """A literal or an expression."""

    needs: tuple[Needs, ...]
    """What blocks of a file must contain, one block for each; all are in one where `apart` is
    false."""
    finder: Callable[[float], Find]
    """From the time, by `time.monotonic`, at which it gives up with OverLimit."""
    apart: bool = False
    """It spans lines, and so perhaps blocks."""
