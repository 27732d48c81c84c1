"""Today's formats are those of the newest home that is kept, or they have a new number."""

from __future__ import annotations

import copy
import json
from pathlib import Path

from scripts import golden
from tests.support.golden import FORMATS


async def test_todays_home_is_as_the_one_that_is_kept(tmp_path: Path) -> None:
    kept = json.loads((golden.GOLDEN / str(golden.HOME_FORMAT) / "expected.json").read_text())
    assert max(FORMATS) == golden.HOME_FORMAT
    assert golden.differences(kept, await golden.make(tmp_path)) == []


def test_a_table_that_changed_under_the_same_number_is_seen() -> None:
    kept = json.loads((golden.GOLDEN / str(golden.HOME_FORMAT) / "expected.json").read_text())
    changed = copy.deepcopy(kept)
    changed["formats"]["dragon/journal.db"]["tables"]["records"] += " STRICT"
    (said,) = golden.differences(kept, changed)
    assert said.startswith("formats")
