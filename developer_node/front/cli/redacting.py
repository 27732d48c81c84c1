"""`redact --test`: what would be kept of a text, told by this process alone."""

from __future__ import annotations

import sys
from collections import Counter, deque
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from common.errors import Invalid, Missing, OverLimit
from developer_node.front.cli.words import JSON, print_json

if TYPE_CHECKING:
    from developer_node.front.output_page import Line

BYTES_MAX = 16 << 20


def redact(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A text; without one, or -, stdin.")
    ] = "-",
    test: Annotated[
        bool, typer.Option("--test", help="Must be given: only show it, write nothing.")
    ] = False,
    json: JSON = False,
) -> None:
    """Show what would be kept of a text, and which rule took what. Nothing leaves this process."""
    from developer_node.front.output_page import Page, line
    from developer_node.text.redaction import redact as without_secrets
    from developer_node.text.redaction import taken

    if not test:
        raise Invalid(
            "What is recorded is redacted by itself.",
            field="test",
            hint="To see what would be kept, type: postdevai redact --test FILE",
        )
    kept = without_secrets(_text(file))
    found = taken(kept)
    if json:
        print_json({"kept": kept, "taken": [_place(kept, *each) for each in found]})
        return
    Page().show(*_marked(kept, found))
    counts = Counter(rule for _, _, rule in found)
    rules = ", ".join(f"{rule} {count}" for rule, count in sorted(counts.items()))
    Page(sys.stderr).show(line(f"{len(found)} taken: {rules}" if found else "Nothing was taken."))


def _text(file: str) -> str:
    if file == "-":
        data = sys.stdin.buffer.read(BYTES_MAX + 1)
    else:
        data = _content(Path(file).expanduser())
    if len(data) > BYTES_MAX:
        raise OverLimit(f"More than {BYTES_MAX >> 20} MiB.", hint="Name a part of it.")
    return data.decode("utf-8", "replace")


def _content(path: Path) -> bytes:
    try:
        with open(path, "rb") as opened:
            return opened.read(BYTES_MAX + 1)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise Missing(f"{path} is no file.", hint="Check the path.") from error


def _place(kept: str, start: int, end: int, rule: str) -> dict[str, str | int]:
    before = kept.rfind("\n", 0, start)
    return {"rule": rule, "line": kept.count("\n", 0, start) + 1, "column": start - before}


def _marked(kept: str, found: list[tuple[int, int, str]]) -> list[Line]:
    """The text in lines, with what was taken in red."""
    from developer_node.front.output_page import Span, line

    lines: list[Line] = []
    at, waiting = 0, deque(found)
    for whole in kept.removesuffix("\n").split("\n"):
        spans, done = list[Span](), at
        while waiting and waiting[0][0] < at + len(whole):
            start, end, _ = waiting.popleft()
            spans += [Span(kept[done:start]), Span(kept[start:end], "bold red")]
            done = end
        lines.append(line(*spans, kept[done : at + len(whole)]))
        at += len(whole) + 1
    return lines
