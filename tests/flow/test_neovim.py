"""Neovim, unmodified and set up as docs/agents.md says, over the real server."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from common.model.lake import HistoryEntry
from tests.support.editor_api import serve_editor
from tests.support.editors import BROKEN, FAILED, REMEDY, project, script_for

NVIM = shutil.which("nvim")
DOCS = Path(__file__).parents[2] / "docs" / "agents.md"
BLOCK = re.compile(r"<!-- a test gives the next block to nvim -->\n```lua\n(.*?)```", re.DOTALL)
LIMIT_S = 150
pytestmark = pytest.mark.timeout(300)

LOOK = """
local said = {}
local function wait(condition)
  if not vim.wait(60000, condition, 20) then error('nothing came') end
end
local function first() return vim.diagnostic.get(0)[1] end
vim.cmd('edit money.py')
wait(function() return first() and first().message:find('fixed in') end)
said.shown = first().message
said.line = first().lnum + 1
vim.api.nvim_win_set_cursor(0, { said.line, 6 })
local here = vim.lsp.util.make_position_params()
local hover = vim.lsp.buf_request_sync(0, 'textDocument/hover', here, 60000)
for _, each in pairs(hover) do said.hover = each.result.contents.value end
vim.api.nvim_buf_set_lines(0, 0, 0, false, { '# new' })
wait(function() return first() and first().lnum + 1 == said.line + 1 end)
local range = vim.lsp.util.make_range_params()
range.context = { diagnostics = {} }
local actions = vim.lsp.buf_request_sync(0, 'textDocument/codeAction', range, 60000)
for _, each in pairs(actions) do
  for _, action in ipairs(each.result) do
    if action.edit then
      vim.lsp.util.apply_workspace_edit(action.edit, 'utf-16')
      said.applied = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\\n')
    else
      local run = { command = action.command.command, arguments = action.command.arguments }
      local told = vim.lsp.buf_request_sync(0, 'workspace/executeCommand', run, 60000)
      for _, answer in pairs(told) do said.diff = answer.result.diff end
    end
  end
end
vim.lsp.stop_client(vim.lsp.get_active_clients())
wait(function() return #vim.lsp.get_active_clients() == 0 end)
local file = io.open('said.json', 'w')
file:write(vim.fn.json_encode(said))
file:close()
"""


@pytest.mark.skipif(NVIM is None, reason="nvim is not installed")
async def test_neovim_shows_the_failure_its_history_and_the_change(tmp_path: Path) -> None:
    root = project(tmp_path / "ledger")
    script = script_for(root)
    script.entries = (HistoryEntry(1, FAILED, "ledger"),)
    block = BLOCK.search(DOCS.read_text("utf-8"))
    assert block is not None and NVIM is not None
    look = tmp_path / "look.lua"
    look.write_text(
        f"local ok, why = pcall(function()\n{block[1]}\n{LOOK}\nend)\n"
        "if not ok then io.stderr:write(why) vim.cmd('cquit') end\n"
    )
    own = {
        f"XDG_{name}_HOME": str(tmp_path / "xdg") for name in ("CONFIG", "DATA", "STATE", "CACHE")
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    async with serve_editor(tmp_path / "home", script):
        nvim = await asyncio.create_subprocess_exec(
            *(NVIM, "--clean", "--headless", "-n", "-c", f"luafile {look}", "-c", "qall!"),
            cwd=root,
            env={**os.environ, **own, "PATH": path},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(LIMIT_S):
                told, _ = await nvim.communicate()
        finally:
            if nvim.returncode is None:
                nvim.kill()
                await nvim.wait()
    assert nvim.returncode == 0, told.decode()
    said = json.loads((root / "said.json").read_text("utf-8"))
    assert said["shown"].startswith(f"Seen before, fixed in {REMEDY.label}")
    assert said["line"] == 6
    assert f"**observed** · code · {REMEDY.label}" in said["hover"]
    assert said["diff"] == REMEDY.diff
    assert "share, rest = divmod(cents, parts)" in said["applied"]
    assert (root / "money.py").read_text() == BROKEN
