"""A mirror in an empty home, told as the Dragon would."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from developer_node.near.mirror import Mirror


@pytest.fixture
async def mirror(tmp_path: Path) -> AsyncIterator[Mirror]:
    async with Mirror.open(tmp_path / "near.db") as opened:
        yield opened
