"""The real `postdevai lsp`, driven by pytest-lsp, over the local API on a real socket."""

from __future__ import annotations

import asyncio
import os
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.uris import to_fs_path

from common.model.event import Ground, PathChange
from common.model.ids import ContentHash
from common.model.lake import HistoryEntry, HistoryQuery
from tests.support.editor_api import a_daemon_that_hangs, serve_editor
from tests.support.editors import (
    AWAY,
    BROKEN,
    CHANGE,
    FAILED,
    FAILURE,
    PASSED,
    REMEDY,
    SERVER,
    SYMPTOM,
    WAIT_S,
    editor,
    fixed,
    project,
    ran,
    script_for,
)
from tests.support.waiting import until

pytestmark = pytest.mark.timeout(300)


async def test_a_failure_stands_at_its_line_until_the_test_passes(tmp_path: Path) -> None:
    root = project(tmp_path / "ledger")
    async with (
        serve_editor(tmp_path / "home", script_for(root)) as daemon,
        editor(root) as code,
    ):
        uri = code.open(root / "money.py")
        await daemon.speak(FAILED)
        [shown] = await code.shown(uri, fixed)
        assert shown.range == lsp.Range(lsp.Position(5, 4), lsp.Position(5, 26))
        assert shown.message.splitlines()[0] == f"Seen before, fixed in {REMEDY.label}"
        assert (shown.source, shown.code) == ("postdevai", SYMPTOM)
        assert shown.severity == lsp.DiagnosticSeverity.Information
        await daemon.speak(PASSED)
        assert await code.shown(uri, lambda told: not told) == []


async def test_what_failed_before_the_editor_was_opened_stands_too(tmp_path: Path) -> None:
    root = project(tmp_path / "ledger")
    script = script_for(root)
    script.entries = (HistoryEntry(1, FAILED, "ledger"),)
    async with serve_editor(tmp_path / "home", script), editor(root) as code:
        for path, line in (("money.py", 5), ("tests/test_money.py", 4)):
            [shown] = await code.shown(code.open(root / path), fixed)
            assert shown.range.start.line == line


async def test_the_line_follows_edits_goes_when_it_is_changed_and_comes_back(
    tmp_path: Path,
) -> None:
    root = project(tmp_path / "ledger")
    async with serve_editor(tmp_path / "home", script_for(root)) as daemon, editor(root) as code:
        uri = code.open(root / "money.py")
        await daemon.speak(FAILED)
        await code.shown(uri, fixed)
        code.change(uri, 2, ((0, 0, 0, 0), "# \U0001f600 one\n"), ((0, 4, 0, 4), " two"))
        await code.shown(uri, lambda told: told and told[0].range.start.line == 6)
        code.change(uri, 3, ((6, 4, 6, 10), "raise"))
        await code.shown(uri, lambda told: not told)
        code.change(uri, 4, ((6, 4, 6, 9), "return"))
        await code.shown(uri, lambda told: told and told[0].range.start.line == 6)


async def test_characters_are_counted_as_the_editor_asked_for(tmp_path: Path) -> None:
    """Without a word of the editor they are counted in UTF-16, as everywhere else here."""
    root = project(tmp_path / "ledger")
    known = lsp.GeneralClientCapabilities(position_encodings=[lsp.PositionEncodingKind.Utf8])
    wide = BROKEN.replace("[share] * parts", '[share] * parts  # "\U0001f600é"')
    (root / "money.py").write_text(wide)
    os.utime(root / "money.py", (1_690_000_000, 1_690_000_000))
    async with (
        serve_editor(tmp_path / "home", script_for(root)) as daemon,
        editor(root, lsp.ClientCapabilities(general=known)) as code,
    ):
        uri = code.open(root / "money.py")
        await daemon.speak(FAILED)
        [shown] = await code.shown(uri, fixed)
        assert shown.range.end.character == len(wide.splitlines()[5].encode())


async def test_a_file_that_changed_since_and_of_which_no_more_is_known_says_so(
    tmp_path: Path,
) -> None:
    root = project(tmp_path / "ledger")
    (root / "money.py").write_text(f"# put in before\n{BROKEN}")
    async with serve_editor(tmp_path / "home", script_for(root)) as daemon, editor(root) as code:
        uri = code.open(root / "money.py")
        await daemon.speak(FAILED)
        [shown] = await code.shown(uri, fixed)
        assert "The line is as recorded" in shown.message


async def test_a_file_that_changed_since_is_compared_with_what_the_run_saw(tmp_path: Path) -> None:
    root = project(tmp_path / "ledger")
    (root / "money.py").write_text(f"# put in before\n{BROKEN}")
    seen = ContentHash("b" * 32)
    ground = Ground(head="c" * 40, dirty=(PathChange("money.py", new_content=seen),))
    script = script_for(root)
    whole = ran(1, FAILURE, ground=ground)
    script.events[FAILED.id] = whole, "ledger"
    script.blobs[seen] = BROKEN.encode()
    async with serve_editor(tmp_path / "home", script), editor(root) as code:
        uri = code.open(root / "money.py")
        await script.speak(FAILED)
        await code.shown(
            uri,
            lambda told: (
                fixed(told)
                and "as recorded" not in told[0].message
                and told[0].range.start.line == 6
            ),
        )


async def test_a_line_is_compared_as_soon_as_the_run_is_kept_without_anything_else_happening(
    tmp_path: Path,
) -> None:
    """The failure is told before the run is on the shelf of who keeps it."""
    root = project(tmp_path / "ledger")
    seen = ContentHash("b" * 32)
    ground = Ground(head="c" * 40, dirty=(PathChange("money.py", new_content=seen),))
    now_ms = time.time_ns() // 1_000_000
    young = replace(ran(1, FAILURE), at_ms=now_ms)
    whole = replace(ran(1, FAILURE, ground=ground), at_ms=now_ms)
    (root / "money.py").write_text(f"# put in before\n{BROKEN}")
    script = script_for(root)
    async with serve_editor(tmp_path / "home", script), editor(root) as code:
        uri = code.open(root / "money.py")
        await script.speak(young)
        [shown] = await code.shown(
            uri, lambda told: fixed(told) and "as recorded" in told[0].message
        )
        assert shown.range.start.line == 5
        await until(lambda: script.asked.count(("event", young.id)) > 1)
        script.blobs[seen] = BROKEN.encode()
        script.events[young.id] = whole, "ledger"
        await code.shown(
            uri,
            lambda told: (
                fixed(told)
                and "as recorded" not in told[0].message
                and told[0].range.start.line == 6
            ),
        )


async def test_an_editor_is_shown_the_change_and_may_apply_it(tmp_path: Path) -> None:
    root = project(tmp_path / "ledger")
    async with serve_editor(tmp_path / "home", script_for(root)) as daemon, editor(root) as code:
        uri = code.open(root / "money.py")
        await daemon.speak(FAILED)
        await code.shown(uri, fixed)
        show, apply = await code.actions(uri, 6)
        assert show.command is not None
        asked = lsp.ExecuteCommandParams(show.command.command, show.command.arguments)
        async with asyncio.timeout(WAIT_S):
            told = await code.client.workspace_execute_command_async(asked)
        assert told is not None and told["diff"] == REMEDY.diff
        [opened] = code.client.shown_documents
        path = Path(to_fs_path(opened.uri) or "")
        _is_private_and_says(path, REMEDY.diff)
        assert _applied(BROKEN, apply) == BROKEN.replace(*CHANGE)
        code.change(uri, 2, ((4, 4, 4, 9), "whole"))
        assert [each.title.split()[1] for each in await code.actions(uri, 6)] == ["show"]
    assert not path.parent.exists()
    assert (root / "money.py").read_text() == BROKEN


def _is_private_and_says(path: Path, text: str) -> None:
    assert path.read_text() == text
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def _applied(text: str, action: lsp.CodeAction) -> str:
    """As an editor does it that has version 1 open."""
    assert action.edit is not None and action.edit.document_changes is not None
    [change] = action.edit.document_changes
    assert isinstance(change, lsp.TextDocumentEdit)
    assert change.text_document.version == 1
    [edit] = change.edits
    assert isinstance(edit, lsp.TextEdit)
    lines: list[str] = text.splitlines(keepends=True)
    lines[edit.range.start.line : edit.range.end.line] = [edit.new_text]
    return "".join(lines)


async def test_a_hover_asks_anew_and_says_when_nobody_answers(tmp_path: Path) -> None:
    root = project(tmp_path / "ledger")
    script = script_for(root)
    async with serve_editor(tmp_path / "home", script), editor(root) as code:
        uri = code.open(root / "money.py")
        await script.speak(FAILED)
        await code.shown(uri, fixed)
        await code.hovers(uri, 6, f"**observed** · code · {REMEDY.label}")
        assert await code.hover(uri, 1) == ""
        script.recollection = AWAY
        await code.hovers(uri, 6, "**Away**: The Dragon is away")


async def test_what_the_editor_does_is_told_and_files_elsewhere_are_not(tmp_path: Path) -> None:
    root = project(tmp_path / "ledger")
    private = tmp_path / "private.py"
    private.write_text("secret = 1\n")
    async with serve_editor(tmp_path / "home", script_for(root)) as daemon, editor(root) as code:
        code.open(private)
        said = await code.logged("is not watched")
        assert any(str(tmp_path) in each for each in said)
        uri = code.open(root / "money.py")
        await daemon.speak(FAILED)
        await code.shown(uri, fixed)
        code.client.text_document_did_save(
            lsp.DidSaveTextDocumentParams(lsp.TextDocumentIdentifier(uri))
        )
        at = lsp.Range(lsp.Position(4, 0), lsp.Position(4, 5))
        wrong = lsp.Diagnostic(at, "no such name", lsp.DiagnosticSeverity.Error, source="pyright")
        asked = lsp.CodeActionParams(
            lsp.TextDocumentIdentifier(uri), at, lsp.CodeActionContext([wrong])
        )
        await code.client.text_document_code_action_async(asked)
        await until(lambda: len(daemon.told) == 3)
        assert [(p, e.action, e.line, e.message) for p, e in daemon.told] == [
            (str(root / "money.py"), "open", 0, ""),
            (str(root / "money.py"), "save", 0, ""),
            (str(root / "money.py"), "diagnostic", 5, "no such name"),
        ]


async def test_an_owner_who_wants_no_cards_is_shown_none(tmp_path: Path) -> None:
    """And once more is allowed, what was held back is shown."""
    root = project(tmp_path / "ledger")
    script = script_for(root)
    script.level = "observer"
    script.entries = (HistoryEntry(1, FAILED, "ledger"),)
    async with serve_editor(tmp_path / "home", script), editor(root) as code:
        uri = code.open(root / "money.py")
        await until(lambda: any(isinstance(each, HistoryQuery) for each in script.asked))
        assert await code.hover(uri, 6) == ""
        assert not code.client.diagnostics.get(uri)
        script.level = "notifier"
        await code.shown(uri, fixed)


async def test_a_daemon_that_goes_takes_its_claims_along_and_brings_them_back(
    tmp_path: Path,
) -> None:
    root = project(tmp_path / "ledger")
    async with editor(root) as code:
        uri = code.open(root / "money.py")
        await code.logged("is not running")
        async with serve_editor(tmp_path / "home", script_for(root)) as daemon:
            await daemon.speak(FAILED)
            await code.shown(uri, fixed)
        await code.shown(uri, lambda told: not told)
        async with serve_editor(tmp_path / "home", script_for(root)) as daemon:
            await daemon.speak(FAILED)
            await code.shown(uri, fixed)
        said = [m.message for m in code.client.log_messages]
        assert sum("No failures are shown" in each for each in said) <= 3


async def test_a_question_that_the_editor_takes_back_is_ended(tmp_path: Path) -> None:
    root = project(tmp_path / "ledger")
    async with serve_editor(tmp_path / "home", script_for(root)) as daemon, editor(root) as code:
        uri = code.open(root / "money.py")
        await daemon.speak(FAILED)
        await code.shown(uri, fixed)
        daemon.silent = True
        daemon.asked.clear()
        asked = lsp.HoverParams(lsp.TextDocumentIdentifier(uri), lsp.Position(5, 6))
        question = asyncio.create_task(
            code.client.protocol.send_request_async(lsp.TEXT_DOCUMENT_HOVER, asked, "h1")
        )
        await until(lambda: any(each[0] == "fingerprint" for each in daemon.asked))
        code.client.cancel_request(lsp.CancelParams("h1"))
        with pytest.raises(JsonRpcException) as refused:
            async with asyncio.timeout(WAIT_S):
                await question
        assert refused.value.code == lsp.LSPErrorCodes.RequestCancelled
        text = await code.hover(uri, 6)
        assert "no answer within" in text
        assert f"**observed** · code · {REMEDY.label}" in text


async def test_a_daemon_that_hangs_is_away_and_the_editor_is_answered(tmp_path: Path) -> None:
    root = project(tmp_path / "ledger")
    with a_daemon_that_hangs(tmp_path / "home"):
        async with editor(root) as code:
            uri = code.open(root / "money.py")
            assert await code.hover(uri, 6) == ""
            said = await code.logged("No failures are shown")
            assert any("does not answer within" in each for each in said)
            assert await code.hover(uri, 6) == ""
    assert code.returncode == 0


async def test_an_editor_that_asks_for_the_end_gets_0_and_one_that_vanishes_1(
    tmp_path: Path,
) -> None:
    async with editor(tmp_path) as code:
        pass
    assert code.returncode == 0
    server = await asyncio.create_subprocess_exec(
        *SERVER, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert server.stdin is not None
    server.stdin.close()
    async with asyncio.timeout(WAIT_S):
        assert await server.wait() == 1
