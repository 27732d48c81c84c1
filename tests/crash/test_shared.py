"""A laptop is killed between an edit and its way to the Coordinator, again and again."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from developer_node.shared.replica import Replica
from tests.support.laptops import open_laptop
from tests.support.sharing_editor import PROJECT
from tests.support.small_mesh import SmallMesh


@pytest.mark.timeout(300)
async def test_killed_between_edit_and_push_no_acknowledged_edit_is_lost(tmp_path: Path) -> None:
    await _rounds(tmp_path, 4)


@pytest.mark.crash
async def test_killed_many_times_no_acknowledged_edit_is_lost(tmp_path: Path) -> None:
    await _rounds(tmp_path, 60)


async def _rounds(tmp_path: Path, rounds: int) -> None:
    rng, acknowledged = random.Random(7), list[str]()
    async with SmallMesh.open(tmp_path) as mesh:
        await mesh.join("developer", "desk")
        for number in range(rounds):
            if number % 3 == 2:
                await mesh.stop()  # some edits have no way at all
            async with _editing(mesh.directory("desk"), f"{number}") as editor:
                for _ in range(rng.randint(1, 40)):
                    acknowledged.append(await _edit(editor))
                editor.kill()
            if number % 3 == 2:
                await mesh.start()
        async with open_laptop(mesh, "desk") as desk, open_laptop(mesh, "sofa") as sofa:
            await desk.exchange()
            await sofa.exchange()
            assert desk.replica.waiting == 0
            _check(acknowledged, desk.replica)
            _check(acknowledged, sofa.replica)


def _check(acknowledged: list[str], replica: Replica) -> None:
    """Each pin is there, each line once, and the setting is the last edit or a later one."""
    by_kind: dict[str, list[str]] = {"pin": [], "setting": [], "line": []}
    for said in acknowledged:
        kind, name = said.split()
        by_kind[kind].append(name)
    assert {*by_kind["pin"]} <= {each.key for each in replica.items("pin", PROJECT)}
    notes = [replica.item("note", PROJECT, each.key) for each in replica.items("note", PROJECT)]
    lines = [line for note in notes for line in note.value.splitlines()]
    assert {*by_kind["line"]} <= {*lines}
    assert len(lines) == len({*lines})
    held = replica.value("setting", PROJECT, "answers.note")
    assert _turn(held) >= max(map(_turn, by_kind["setting"]), default=(0, 0))


def _turn(name: str) -> tuple[int, int]:
    """Which process made it, and as which of its edits."""
    process, number = name.split("/")
    return int(process), int(number)


@asynccontextmanager
async def _editing(directory: Path, prefix: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    """A process that edits; killed at the end at the latest."""
    editor = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.sharing_editor", os.fspath(directory), prefix),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield editor
    finally:
        if editor.returncode is None:
            editor.kill()
        await editor.communicate()


async def _edit(editor: asyncio.subprocess.Process) -> str:
    assert editor.stdout is not None
    async with asyncio.timeout(60):
        line = await editor.stdout.readline()
    assert line.endswith(b"\n"), "the editor has ended"
    return line.decode().strip()
