"""What Python and pytest told from inside a sandbox: files that were loaded, tests that ran.

Layout of TMP/.postdevai: `sitecustomize.py`, `postdevai_seen.py` (copies of proof/inside), `seen/`
with one JSON file a process.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from common.model.failure import TestReport

FILES_MAX = 2000
"""Processes that are listened to; a run with more is known as far as these."""
_BYTES_MAX = 16 << 20
_INSIDE = Path(__file__).parent / "inside"
_NAME = ".postdevai"


@dataclass(frozen=True, slots=True)
class Seen:
    """Of one run, over all its processes."""

    python: bool = False
    """An interpreter spoke."""
    modules: frozenset[str] = frozenset()
    """Real paths, as the command saw them."""
    tests: TestReport | None = None
    """Node ids relative to the working copy; None when pytest did not speak."""


def place(tmp: Path) -> None:
    """Puts the witnesses into a directory for temporary files."""
    own = tmp / _NAME
    (own / "seen").mkdir(parents=True)
    for source in _INSIDE.glob("*.py"):
        shutil.copyfile(source, own / source.name)


def variables(tmp: Path, environment: dict[str, str]) -> dict[str, str]:
    """What makes interpreters load them, where `tmp` is how the command sees it."""
    own = os.fspath(tmp / _NAME)
    plugins = environment.get("PYTEST_PLUGINS", "")
    return {
        "POSTDEVAI_SEEN": os.path.join(own, "seen"),
        "PYTHONPATH": ":".join(p for p in (own, environment.get("PYTHONPATH", "")) if p),
        "PYTEST_PLUGINS": ",".join(p for p in (plugins, "postdevai_seen") if p),
    }


def read(tmp: Path, root: Path) -> Seen:
    """What they told; `root` is where the command saw the tree."""
    modules: set[str] = set()
    ended: dict[str, str] = {}
    spoke = pytest = False
    for name, told in _told(tmp / _NAME / "seen"):
        if name.startswith("modules-") and isinstance(told, list):
            spoke = True
            modules.update(map(str, cast(list[Any], told)))
        elif name.startswith("tests-") and isinstance(told, dict):
            pytest = True
            _add(ended, cast(dict[str, Any], told), root)
    return Seen(spoke, frozenset(modules), _report(ended) if pytest else None)


def _add(ended: dict[str, str], told: dict[str, Any], root: Path) -> None:
    """Controller and workers tell of the same test: they agree, or the worse counts."""
    rank = ("passed", "skipped", "failed")
    for node, outcome in cast(dict[str, Any], told.get("ended", {})).items():
        path, mark, rest = str(node).partition("::")
        whole = os.path.realpath(os.path.join(str(told.get("root", "")), path))
        name = os.path.relpath(whole, os.path.realpath(root)) + mark + rest
        if outcome in rank:
            ended[name] = max(ended.get(name, "passed"), str(outcome), key=rank.index)


def _report(ended: dict[str, str]) -> TestReport:
    def of(outcome: str) -> tuple[str, ...]:
        return tuple(name for name, how in ended.items() if how == outcome)

    passed, failed, skipped = of("passed"), of("failed"), of("skipped")
    counts = (len(passed), len(failed), len(skipped))
    return TestReport(passed, failed, skipped, *counts)


def _told(seen: Path) -> Iterator[tuple[str, object]]:
    room = _BYTES_MAX
    for path in sorted(seen.iterdir())[:FILES_MAX] if seen.is_dir() else ():
        if path.is_symlink() or not path.is_file() or (size := path.stat().st_size) > room:
            continue
        room -= size
        try:
            yield path.name, json.loads(path.read_text("utf-8", "replace"))
        except ValueError:
            continue  # killed while it wrote
