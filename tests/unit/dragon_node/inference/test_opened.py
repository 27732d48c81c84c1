"""The models of a machine are opened, or what is wrong with its memory is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.errors import Invalid
from dragon_node.inference.opened import open_models

MB = 1_000_000
FIXED_BYTES = (330 + 100 + 768) * MB
"""Lake, embedder and reserve."""


async def test_a_ceiling_that_cannot_hold_is_refused_before_anything_serves(tmp_path: Path):
    with pytest.raises(Invalid, match="embedder 100 MB, lake 330 MB, reserve 768 MB") as why:
        async with open_models(
            tmp_path, tmp_path, lake_bytes=330 * MB, memory_bytes=FIXED_BYTES - 1
        ):
            pytest.fail("it serves")
    assert "--lake-bytes" in why.value.hint
    assert f"--memory-bytes {FIXED_BYTES}" in why.value.hint


async def test_a_ceiling_that_just_holds_what_is_fixed_is_taken(tmp_path: Path):
    async with open_models(
        tmp_path, tmp_path, lake_bytes=330 * MB, memory_bytes=FIXED_BYTES
    ) as models:
        stats = await models.stats()
    assert sum(share.bytes for share in stats.shares) == stats.memory_bytes == FIXED_BYTES
