"""An editor over a whole mesh: what `postdevai run` recorded stands at its line, and goes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.editors import editor
from tests.support.mesh import Mesh
from tests.support.repository import Repository
from tests.support.runs import BREAK, MEND, break_and_mend, fail, succeed


@pytest.mark.timeout(400)
async def test_the_commit_that_fixed_it_stands_at_the_failing_line_until_it_passes(
    mesh: Mesh, tmp_path: Path
) -> None:
    repository = Repository.make(tmp_path / "thing")
    await asyncio.to_thread(mesh.up, repository.root)
    commit = await asyncio.to_thread(break_and_mend, mesh, repository)
    await asyncio.to_thread(mesh.recall_until_remedy, commit)
    repository.replace("calculator.py", *BREAK)
    broken = (repository.root / "calculator.py").read_text()
    await asyncio.to_thread(fail, mesh, repository)
    async with editor(repository.root) as code:
        text = f"# not saved yet\n{broken}"
        uri = code.open(repository.root / "calculator.py", text)
        [line] = [i for i, each in enumerate(text.splitlines(), 1) if BREAK[1] in each]
        await code.shown(
            uri,
            lambda told: (
                told
                and f"fixed in {commit[:7]}" in told[0].message
                and "as recorded" not in told[0].message
                and told[0].range.start.line == line - 1
            ),
        )
        await code.hovers(uri, line, commit[:7])
        assert [each.title.split()[1] for each in await code.actions(uri, line)] == [
            "show",
            "apply",
        ]
        repository.replace("calculator.py", *MEND)
        await asyncio.to_thread(succeed, mesh, repository)
        assert await code.shown(uri, lambda told: not told) == []
