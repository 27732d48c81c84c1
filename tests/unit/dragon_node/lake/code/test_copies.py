"""Where a working copy stands: only what moves HEAD moves it."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.model.event import BESIDE_HEAD, GitOperation, GitVerb
from tests.support.lake import Laptop, opened, seen


@pytest.mark.parametrize("verb", sorted(BESIDE_HEAD))
async def test_a_reference_beside_head_does_not_move_the_working_copy(
    tmp_path: Path, verb: GitVerb
) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await laptop.send(seen(head="c1", files=0))
        await laptop.send(GitOperation(verb, "c0", "c9", "refs/anything"))
        (copy,) = (await lake.freshness("thing")).projects
        assert copy.head_commit == "c1"
        await laptop.send(GitOperation("checkout", "c1", "c2", "main"))  # the control
        (copy,) = (await lake.freshness("thing")).projects
        assert copy.head_commit == "c2"
