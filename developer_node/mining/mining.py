"""Walks the git log for fixes that carry a test."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from common.errors import Unavailable
from common.model.remedy import MineStep


class Mining:
    """Reads the log of one working copy, newest first."""

    async def mine(self, path: str, limit: int) -> AsyncGenerator[MineStep]:
        """Progress and fixes, then the end, which says why there is none."""
        raise Unavailable("the git log cannot be mined yet")
        yield
