"""Long work as people follow it."""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator

from common.model.lake import LakeStep
from developer_node.front.output_page import Page
from developer_node.front.output_steps import follow


async def test_what_belongs_to_no_repository_is_said_in_words() -> None:
    """It is kept under a name of zeros."""

    async def work() -> AsyncGenerator[LakeStep]:
        yield LakeStep("find", 1, 2, "0" * 16)
        yield LakeStep("find", 2, 2, "thing")
        yield LakeStep("find", 2, 2, "Gone.", ended=True)

    said = io.StringIO()
    assert await follow(work(), Page(said), "forgetting")
    assert "0000" not in said.getvalue() and said.getvalue().endswith("Gone.\n")
    assert "find: what happened outside any repository" in said.getvalue()
