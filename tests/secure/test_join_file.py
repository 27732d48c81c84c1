"""The file that hands a daemon its code at the first start."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.errors import Missing, Unavailable
from common.rpc.credentials import NodeIdentity
from tests.support.small_mesh import SmallMesh


async def test_a_join_file_is_gone_once_its_code_is_spent(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        join_file = tmp_path / "join.code"
        join_file.write_text(await mesh.code("developer") + "\n")
        joined = await NodeIdentity.join(mesh.directory("laptop"), join_file)
        assert not join_file.exists()
        again = await NodeIdentity.join(mesh.directory("laptop"), join_file)
        assert again.identity == joined.identity


async def test_a_join_file_stays_while_its_code_is_not_spent(tmp_path: Path) -> None:
    """A first start without the Coordinator must be able to try again."""
    async with SmallMesh.open(tmp_path) as mesh:
        join_file = tmp_path / "join.code"
        join_file.write_text(await mesh.code("developer"))
    with pytest.raises(Unavailable):
        await NodeIdentity.join(mesh.directory("laptop"), join_file)
    assert join_file.exists()


async def test_without_a_code_and_without_an_identity_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(Missing):
        await NodeIdentity.join(tmp_path / "identity", tmp_path / "no such file")
