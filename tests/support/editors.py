"""A project whose test fails, what is recorded of that, and an editor that has it open."""

from __future__ import annotations

import ast
import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from lsprotocol import types as lsp
from pytest_lsp import LanguageClient
from pytest_lsp.client import make_test_lsp_client

from common.model.answer import Away, Freshness, ProjectFreshness
from common.model.event import CommandFinished, Event
from common.model.failure import Failure, Frame, Occurrence, Recollection, Remedy, TestReport
from common.model.ids import EventId, Fingerprint, WorkingCopyId
from common.model.laptop import LaptopStatus, WatchedRepository
from tests.support.editor_api import EditorScript

WAIT_S = 60.0
STARTED_MS = time.time_ns() // 1_000_000
"""Of the tests: what happens in them happened within the hour before."""
COPY = WorkingCopyId("a1" * 8)
SYMPTOM = Fingerprint("f" * 32)
TEST = "tests/test_money.py::test_split"
BROKEN = '''\
"""Money."""


def split(cents: int, parts: int) -> list[int]:
    share = round(cents / parts)
    return [share] * parts
'''
CALLS = """\
from money import split


def test_split() -> None:
    assert sum(split(100, 3)) == 100
"""
CHANGE = (
    "    share = round(cents / parts)\n    return [share] * parts\n",
    "    share, rest = divmod(cents, parts)\n"
    "    return [share + (i < rest) for i in range(parts)]\n",
)
DIFF = """\
diff --git a/money.py b/money.py
index 3c1d2aa..9b0e771 100644
--- a/money.py
+++ b/money.py
@@ -2,5 +2,5 @@

 
 def split(cents: int, parts: int) -> list[int]:
-    share = round(cents / parts)
-    return [share] * parts
+    share, rest = divmod(cents, parts)
+    return [share + (i < rest) for i in range(parts)]
""".replace("@@\n\n", "@@\n \n")
FAILURE = Failure(
    tool="pytest",
    code="AssertionError",
    kind="test",
    message="assert 99 == 100\n +  where 99 = sum([33, 33, 33])",
    normalised="assert N == N",
    test=TEST,
    frames=(
        Frame("tests/test_money.py", "test_split", 5, in_app=True),
        Frame("money.py", "split", 6, in_app=True),
    ),
    fingerprint=SYMPTOM,
)
REMEDY = Remedy(
    id="r1",
    state="observed",
    kind="code",
    commit="a1b2c3d4e5f60718",
    label="a1b2c3d money: shares add up to the whole",
    diff=DIFF,
    command="pytest -q",
    why="tests/test_money.py::test_split ran and passed after this change.",
    paths=("money.py",),
    passed_at_ms=1_700_000_600_000,
    project="ledger",
)
SEEN = Occurrence(
    EventId("e" * 32), 1_700_000_000_000, "ledger", "/code/ledger", "8c41fe2b00", "pytest -q", "x"
)
KNOWN = Recollection(
    "same",
    FAILURE,
    (SEEN,),
    (REMEDY,),
    freshness=Freshness((ProjectFreshness("ledger", "/code/ledger", "a" * 40, "a" * 40),), 0, 1.0),
)
AWAY = replace(
    KNOWN,
    freshness=replace(
        KNOWN.freshness, away=Away("mirror", "The Dragon is away: as of yesterday.", 1)
    ),
)


def project(root: Path) -> Path:
    """The files as they are when the test fails; they were saved long before."""
    (root / "tests").mkdir(parents=True)
    for path, text in (("money.py", BROKEN), ("tests/test_money.py", CALLS)):
        (root / path).write_text(text)
        os.utime(root / path, (1_690_000_000, 1_690_000_000))
    return root.resolve()


def script_for(root: Path, known: Recollection = KNOWN) -> EditorScript:
    """A daemon that watches it."""
    watched = WatchedRepository(str(root), COPY, 2, 0, "watching")
    return EditorScript(status=LaptopStatus(repositories=(watched,)), recollection=known)


def ran(
    number: int, *failures: Failure, code: int = 1, passed: Sequence[str] = (), **more: object
) -> Event:
    """The tests ran."""
    tests = TestReport(tuple(passed), tuple(f.test for f in failures if f.test))
    tests = replace(tests, passed_count=len(passed), failed_count=len(tests.failed))
    body = CommandFinished(
        "pytest -q", "/code/ledger", (code,), 900, failures=failures, tests=tests
    )
    at_ms = STARTED_MS - 3_600_000 + number * 60_000
    return Event(EventId(f"{number:032x}"), at_ms, COPY, replace(body, **more))


FAILED = ran(1, FAILURE)
PASSED = ran(2, code=0, passed=(TEST,))


def fixed(told: list[lsp.Diagnostic]) -> bool:
    """Whether the commit that mended it is shown."""
    return bool(told) and "fixed in" in told[0].message


class Editor:
    """One that speaks to the real `postdevai lsp`."""

    def __init__(self, client: LanguageClient) -> None:
        self.client = client
        self.returncode: int | None = None
        """Of the server, once it has ended."""

    def open(self, path: Path, text: str = "") -> str:
        """A file; its URI."""
        uri = path.as_uri()
        item = lsp.TextDocumentItem(uri, "python", 1, text or path.read_text())
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        return uri

    def change(
        self, uri: str, version: int, *changes: tuple[tuple[int, int, int, int], str]
    ) -> None:
        """Spans (line, character, line, character) become texts, one after another."""
        made = [
            lsp.TextDocumentContentChangePartial(
                lsp.Range(lsp.Position(a, b), lsp.Position(c, d)), text
            )
            for (a, b, c, d), text in changes
        ]
        named = lsp.VersionedTextDocumentIdentifier(version, uri)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(named, made))

    async def shown(
        self, uri: str, until: Callable[[list[lsp.Diagnostic]], object]
    ) -> list[lsp.Diagnostic]:
        """What is shown in a file, once it is as it is to be."""
        async with asyncio.timeout(WAIT_S):
            while True:
                told = self.client.diagnostics.get(uri)
                if told is not None and until(list(told)):
                    return list(told)
                await asyncio.sleep(0.01)

    async def logged(self, words: str) -> list[str]:
        """What was logged, once the words are in it."""
        async with asyncio.timeout(WAIT_S):
            while True:
                said = [m.message for m in self.client.log_messages]
                if any(words in each for each in said):
                    return said
                await asyncio.sleep(0.01)

    async def actions(self, uri: str, line: int) -> list[lsp.CodeAction]:
        """What is offered on a line from 1."""
        at = lsp.Range(lsp.Position(line - 1, 0), lsp.Position(line - 1, 0))
        asked = lsp.CodeActionParams(lsp.TextDocumentIdentifier(uri), at, lsp.CodeActionContext([]))
        async with asyncio.timeout(WAIT_S):
            found = await self.client.text_document_code_action_async(asked)
        return [_action(each) for each in found or ()]

    async def hover(self, uri: str, line: int) -> str:
        """What a hover on a line from 1 says; empty when nothing."""
        asked = lsp.HoverParams(lsp.TextDocumentIdentifier(uri), lsp.Position(line - 1, 6))
        async with asyncio.timeout(WAIT_S):
            found = await self.client.text_document_hover_async(asked)
        if found is None:
            return ""
        assert isinstance(found.contents, lsp.MarkupContent)
        return found.contents.value

    async def hovers(self, uri: str, line: int, words: str) -> str:
        """What a hover on a line from 1 says, once the words are in it: it may be asked in vain
        while nobody answers in time."""
        async with asyncio.timeout(WAIT_S):
            while True:
                if words in (said := await self.hover(uri, line)):
                    return said
                await asyncio.sleep(0.01)


def _action(told: lsp.Command | lsp.CodeAction) -> lsp.CodeAction:
    """lsprotocol 2025.0.0 reads an action that has a command as a command whose name is that."""
    if isinstance(told, lsp.CodeAction):
        return told
    command = ast.literal_eval(told.command)
    return lsp.CodeAction(told.title, command=lsp.Command(**command))


ABLE = lsp.ClientCapabilities(
    workspace=lsp.WorkspaceClientCapabilities(
        workspace_edit=lsp.WorkspaceEditClientCapabilities(document_changes=True)
    ),
    window=lsp.WindowClientCapabilities(
        show_document=lsp.ShowDocumentClientCapabilities(support=True)
    ),
)
SERVER = (sys.executable, "-m", "developer_node.front.cli", "lsp", "--stdio")


@asynccontextmanager
async def editor(root: Path, able: lsp.ClientCapabilities = ABLE) -> AsyncGenerator[Editor]:
    """Starts the server as an editor does, and ends it as an editor does."""
    client = make_test_lsp_client()
    await client.start_io(*SERVER)
    try:
        folder = lsp.WorkspaceFolder(root.as_uri(), root.name)
        asked = lsp.InitializeParams(able, root_uri=root.as_uri(), workspace_folders=[folder])
        async with asyncio.timeout(WAIT_S):
            await client.initialize_session(asked)
        made = Editor(client)
        yield made
        async with asyncio.timeout(WAIT_S):
            await client.shutdown_session()
        made.returncode = client._server.returncode if client._server else None
    finally:
        server = client._server
        if server is not None and server.returncode is None:
            server.kill()
            await server.wait()
        await client.stop()
