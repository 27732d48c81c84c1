"""docs/security.md names tests that exist, and no promise of it stands without one."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
NAMED = re.findall(r"`(tests/\S+?\.py)::(test_\w+)`", PAGE)


def test_every_test_that_the_page_names_exists() -> None:
    missing = [
        f"{path}::{name}" for path, name in NAMED if f"def {name}(" not in (ROOT / path).read_text()
    ]
    assert len(NAMED) > 20
    assert missing == []


def test_every_promise_is_shown_by_a_test() -> None:
    table = PAGE.partition("## What is promised")[2].partition("## What is not promised")[0]
    rows = [row for row in table.splitlines() if row.startswith("| ")][2:]
    assert rows
    assert [row for row in rows if "::test_" not in row] == []
