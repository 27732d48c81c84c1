"""A page of docs that names a test as its proof names one that is there.

CONTRIBUTING.md names files that its reader writes; a test of its own types it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OF_EXAMPLES = frozenset({"test_total", "test_total.py"})
"""Names in what commands print."""
SOURCES = {path: path.read_text() for path in (ROOT / "tests").rglob("test_*.py")}
PAGES = sorted((*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"))


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_each_named_test_exists(page: Path) -> None:
    named = set(re.findall(r"`(?:[\w./]*::)?(test_\w+(?:\.py)?)`", page.read_text())) - OF_EXAMPLES
    paths = set(re.findall(r"\btests/[\w/]+\.py\b", page.read_text()))
    files = {path.name for path in SOURCES}
    functions = set(re.findall(r"def (test_\w+)\(", "\n".join(SOURCES.values())))
    assert [name for name in sorted(named) if name not in functions | files] == []
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []
