"""The messages that an editor sends, and what is done at each."""

from __future__ import annotations

import asyncio

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcInvalidParams

from common.model.event import EditorEvent
from common.model.failure import Remedy
from common.model.ids import Fingerprint
from developer_node.front.lsp.actions import offers
from developer_node.front.lsp.messages import SHOW, SOURCE, action, hover, wants_quick_fixes
from developer_node.front.lsp.messages import whole_line as whole
from developer_node.front.lsp.server import MemoryServer
from developer_node.front.lsp.wording import history, label

ASK_S = 3.0
"""A hover waits so long for what is newest."""
SHOW_S = 5.0
"""An editor is given so long to open a file."""
HEARD_MAX = 1_000
"""Complaints of other tools that were told to the daemon are told once."""


def register(server: MemoryServer) -> None:
    """Every message that this server understands."""
    _life(server)
    _files(server)
    _questions(server)


def _life(server: MemoryServer) -> None:
    @server.feature(lsp.INITIALIZED)
    def _(_: lsp.InitializedParams) -> None:
        server.begin()

    @server.feature(lsp.SHUTDOWN)
    async def _(_: None) -> None:
        await server.end()


def _files(server: MemoryServer) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def _(said: lsp.DidOpenTextDocumentParams) -> None:
        opened = said.text_document
        server.opened(opened.uri, opened.text, opened.version)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def _(said: lsp.DidChangeTextDocumentParams) -> None:
        server.changed(said.text_document.uri, said.content_changes, said.text_document.version)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def _(said: lsp.DidSaveTextDocumentParams) -> None:
        server.saved(said.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def _(said: lsp.DidCloseTextDocumentParams) -> None:
        server.closed(said.text_document.uri)


def _questions(server: MemoryServer) -> None:
    heard: dict[tuple[str, int, str], None] = {}

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    async def _(asked: lsp.HoverParams) -> lsp.Hover | None:
        here = lsp.Range(asked.position, asked.position)
        found = server.at(asked.text_document.uri, here)
        if not found:
            return None
        symptoms = [f.failed.failure.fingerprint for f, _ in found]
        known = await asyncio.gather(*(server.link.ask(s, ASK_S) for s in symptoms))
        now_ms = server.clock.now_ms()
        said = [history(f.failed, k, now_ms) for (f, _), k in zip(found, known, strict=True)]
        document = server.documents.get(asked.text_document.uri)
        if document is None:
            return None
        where = whole(document.text, asked.position.line + 1, server.encoding)
        return hover("\n\n---\n\n".join(said), where, server.client_capabilities)

    options = lsp.CodeActionOptions([lsp.CodeActionKind.QuickFix])

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, options)
    def _(asked: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        uri = asked.text_document.uri
        _tell_others(server, uri, asked.context, heard)
        document = server.documents.get(uri)
        if document is None or not wants_quick_fixes(asked.context):
            return []
        found: dict[str, lsp.CodeAction] = {}
        for finding, _ in server.at(uri, asked.range):
            symptom = finding.failed.failure.fingerprint
            known = server.link.known(symptom).recollection
            root = document.root
            for offer in offers(symptom, known, lambda path, root=root: server.read(root, path)):
                made = action(offer, root, server.version_of, server.client_capabilities)
                found.setdefault(offer.title, made)
        return list(found.values())

    @server.command(SHOW)
    async def _(symptom: str, remedy_id: str) -> dict[str, str]:
        remedy = await _remedy(server, Fingerprint(symptom), remedy_id)
        await _open(server, remedy)
        return {"label": label(remedy), "state": remedy.state, "diff": remedy.diff}


async def _remedy(server: MemoryServer, symptom: Fingerprint, remedy_id: str) -> Remedy:
    known = server.link.known(symptom)
    if known.recollection is None:
        known = await server.link.ask(symptom, ASK_S)
    remedies = known.recollection.remedies if known.recollection else ()
    for remedy in remedies:
        if remedy.id == remedy_id:
            return remedy
    why = known.why_not or "it is not remembered any more"
    raise JsonRpcInvalidParams(f"The change cannot be shown: {why}.")


async def _open(server: MemoryServer, remedy: Remedy) -> None:
    """Shows it in the editor, or says where it lies."""
    path = server.shown.write(label(remedy), remedy.diff)
    window = server.client_capabilities.window
    if window is not None and window.show_document is not None and window.show_document.support:
        asked = lsp.ShowDocumentParams(path.as_uri(), external=False, take_focus=True)
        try:
            async with asyncio.timeout(SHOW_S):
                if (await server.window_show_document_async(asked)).success:
                    return
        except TimeoutError:
            pass
    said = f"PostDevAI: the change is in {path} until this server ends."
    server.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Info, said))


def _tell_others(
    server: MemoryServer,
    uri: str,
    context: lsp.CodeActionContext,
    heard: dict[tuple[str, int, str], None],
) -> None:
    """Errors that other tools show in the editor come along with a question for actions."""
    document = server.documents.get(uri)
    if document is None:
        return
    for said in context.diagnostics:
        key = document.path, said.range.start.line + 1, said.message
        if said.source == SOURCE or said.severity != lsp.DiagnosticSeverity.Error or key in heard:
            continue
        heard[key] = None
        if len(heard) > HEARD_MAX:
            heard.pop(next(iter(heard)))
        event = EditorEvent("diagnostic", document.path, key[1], said.message)
        server.link.tell(document.path, event)
