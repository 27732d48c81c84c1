"""The real `postdevai lsp`, driven by pytest-lsp, over the local API on a real socket."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types as lsp

from tests.support.editor_api import serve_editor
from tests.support.editors import FAILED, PASSED, REMEDY, SYMPTOM, editor, project, script_for


async def test_a_failure_stands_at_its_line_until_the_test_passes(tmp_path: Path) -> None:
    root = project(tmp_path / "ledger")
    async with (
        serve_editor(tmp_path / "home", script_for(root)) as daemon,
        editor(root) as code,
    ):
        uri = code.open(root / "money.py")
        await daemon.speak(FAILED)
        [shown] = await code.shown(uri, lambda told: told and "fixed in" in told[0].message)
        assert shown.range == lsp.Range(lsp.Position(5, 4), lsp.Position(5, 26))
        assert shown.message.splitlines()[0] == f"Seen before, fixed in {REMEDY.label}"
        assert (shown.source, shown.code) == ("postdevai", SYMPTOM)
        assert shown.severity == lsp.DiagnosticSeverity.Information
        await daemon.speak(PASSED)
        assert await code.shown(uri, lambda told: not told) == []
