"""Long work before a person: a bar that moves on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from developer_node.front.output_page import Page, line

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

EVERY_S = 5.0
"""Between two lines that say the same with other numbers, into a pipe or a file."""


class Steps:
    """Says what is being waited for."""

    def __init__(self, page: Page, bar: Progress | None, task: TaskID | None) -> None:
        self._page = page
        self._bar = bar
        self._task = task
        self._said = ""
        self._next = 0.0

    def now(self, sentence: str, share: float | None = None) -> None:
        """This is being waited for; `share` of it is there."""
        if self._bar is not None and self._task is not None:
            total = None if share is None else 1.0
            self._bar.update(self._task, description=sentence, total=total, completed=share or 0)
        elif sentence != self._said and time.monotonic() >= self._next:
            self._said, self._next = sentence, time.monotonic() + EVERY_S
            self._page.show(line(f"  {sentence}"))


@contextmanager
def steps(page: Page, first: str) -> Generator[Steps]:
    """A bar for as long as the block runs; it leaves no trace behind."""
    if page.console is None:
        yield Steps(page, None, None)
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=page.console, transient=True) as bar:
        yield Steps(page, bar, bar.add_task(first, total=None))
