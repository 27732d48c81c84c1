"""The VS Code extension as it is packed, under node, over the real server, in a stand-in host."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from common.model.lake import HistoryEntry
from developer_node.front.lsp.vsix import make
from tests.support.editor_api import serve_editor
from tests.support.editors import FAILED, REMEDY, SERVER, SYMPTOM, project, script_for
from tests.support.typed import Terminal

NODE = shutil.which("node")
DRIVE = Path(__file__).parents[1] / "support" / "vscode" / "drive.js"
LIMIT_S = 150
pytestmark = pytest.mark.timeout(300)


@pytest.mark.skipif(NODE is None, reason="node is not installed")
async def test_the_extension_shows_what_the_server_says(tmp_path: Path) -> None:
    root = project(tmp_path / "ledger")
    make(tmp_path / "postdevai.vsix")
    with zipfile.ZipFile(tmp_path / "postdevai.vsix") as packed:
        packed.extractall(tmp_path / "unpacked")
    script = script_for(root)
    script.entries = (HistoryEntry(1, FAILED, "ledger"),)
    assert NODE is not None
    async with serve_editor(tmp_path / "home", script):
        node = await asyncio.create_subprocess_exec(
            *(NODE, str(DRIVE), str(tmp_path / "unpacked" / "extension"), str(root / "money.py")),
            env={**os.environ, "POSTDEVAI_COMMAND": json.dumps(SERVER)},
            cwd=Path(__file__).parents[2],
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(LIMIT_S):
                told, wrong = await node.communicate()
        finally:
            if node.returncode is None:
                node.kill()
                await node.wait()
    assert node.returncode == 0, wrong.decode()
    seen = json.loads(told)
    assert seen["shown"]["message"].startswith(f"Seen before, fixed in {REMEDY.label}")
    assert seen["shown"]["code"] == SYMPTOM
    assert (seen["shown"]["range"]["start"]["line"], seen["moved"]) == (5, 6)
    assert f"**observed** · code · {REMEDY.label}" in seen["hover"]
    assert [title.split()[1] for title in seen["titles"]] == ["show", "apply"]
    assert seen["opened"] == [REMEDY.diff]
    [edit] = seen["edits"]
    assert "divmod(cents, parts)" in edit["text"]
    assert edit["note"]["needsConfirmation"]
    assert seen["left"] == 0


async def test_the_package_is_the_same_bytes_each_time_and_names_its_own_version(
    tmp_path: Path,
) -> None:
    make(tmp_path / "one")
    made = await Terminal(tmp_path, tmp_path).type("lsp", "--vsix", "two")
    assert made.code == 0
    assert "code --install-extension two" in made.out
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with zipfile.ZipFile(tmp_path / "one") as packed:
        package = json.loads(packed.read("extension/package.json"))
        assert f'Version="{package["version"]}"' in packed.read("extension.vsixmanifest").decode()
        assert packed.read("extension/extension.js")
        assert b"Apache License" in packed.read("extension/LICENSE.txt")


async def test_a_package_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    made = await Terminal(tmp_path, tmp_path).type("lsp", "--vsix", "nowhere/one.vsix")
    assert made.code == 4
    assert "nowhere/one.vsix cannot be written: No such file or directory" in made.err


def test_the_server_is_found_where_the_extension_looks_for_it() -> None:
    """Its setting names the command that this package installs."""
    source = Path(__file__).parents[2] / "developer_node/front/lsp/vscode/package.json"
    properties = json.loads(source.read_text())["contributes"]["configuration"]["properties"]
    program, *words = properties["postdevai.command"]["default"]
    assert (Path(sys.executable).parent / program).exists()
    assert words == ["lsp"]
