"""What is known, in the protocol's own nouns."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from lsprotocol import types as lsp

from developer_node.front.lsp.actions import Offer
from developer_node.front.lsp.buffer import Encoding, extent, lines_of
from developer_node.front.lsp.findings import Document, Finding
from developer_node.front.lsp.wording import Known, claim

SOURCE = "postdevai"
SHOW = "postdevai.showDiff"


def diagnostic(
    document: Document, finding: Finding, line: int, known: Known, encoding: Encoding, now_ms: int
) -> lsp.Diagnostic:
    """A failure at the line where it is now."""
    failed = finding.failed
    return lsp.Diagnostic(
        range=whole_line(document.text, line, encoding),
        message=claim(failed, known, as_recorded=finding.as_recorded, now_ms=now_ms),
        severity=lsp.DiagnosticSeverity.Information,
        code=failed.failure.fingerprint,
        source=SOURCE,
        data={"event": failed.event, "test": failed.failure.test},
    )


def whole_line(text: str, line: int, encoding: Encoding) -> lsp.Range:
    """A line from 1 without its indent."""
    span = extent(lines_of(text), line, encoding)
    return lsp.Range(lsp.Position(*span.start), lsp.Position(*span.end))


def within(line: int, asked: lsp.Range) -> bool:
    """Whether a line from 1 is among those that are asked for."""
    return asked.start.line <= line - 1 <= asked.end.line


def wants_quick_fixes(context: lsp.CodeActionContext) -> bool:
    """An editor may ask for one sort of actions only."""
    asked = context.only
    return asked is None or any(str(getattr(k, "value", k)) in ("", "quickfix") for k in asked)


def action(
    offer: Offer, root: str, versions: Callable[[str], int | None], client: lsp.ClientCapabilities
) -> lsp.CodeAction:
    """An offer as an editor's menu takes it. Nothing is applied that was not chosen there."""
    made = lsp.CodeAction(offer.title, kind=lsp.CodeActionKind.QuickFix)
    if offer.edits:
        made.edit = workspace_edit(offer, root, versions, client)
    else:
        made.command = lsp.Command(offer.title, SHOW, arguments=[offer.symptom, offer.remedy.id])
    return made


def workspace_edit(
    offer: Offer, root: str, versions: Callable[[str], int | None], client: lsp.ClientCapabilities
) -> lsp.WorkspaceEdit:
    """Of the versions that were looked at, where the editor can tell; to be confirmed in the
    editor's own preview, where it has one."""
    able = client.workspace.workspace_edit if client.workspace else None
    files: dict[str, list[lsp.TextEdit]] = {}
    for edit in offer.edits:
        start, end = lsp.Position(edit.start, 0), lsp.Position(edit.end, 0)
        text = "".join(f"{line}\n" for line in edit.lines)
        uri = Path(os.path.join(root, edit.path)).as_uri()
        files.setdefault(uri, []).append(lsp.TextEdit(lsp.Range(start, end), text))
    if able is None or not able.document_changes:
        return lsp.WorkspaceEdit(changes=files)
    annotation = "postdevai"
    noted = able.change_annotation_support is not None
    changes = [
        lsp.TextDocumentEdit(
            lsp.OptionalVersionedTextDocumentIdentifier(uri, versions(uri)),
            _annotated(each, annotation) if noted else each,
        )
        for uri, each in files.items()
    ]
    notes = {annotation: lsp.ChangeAnnotation(offer.title, needs_confirmation=True)}
    return lsp.WorkspaceEdit(document_changes=changes, change_annotations=notes if noted else None)


def _annotated(
    edits: Sequence[lsp.TextEdit], name: str
) -> list[lsp.TextEdit | lsp.AnnotatedTextEdit | lsp.SnippetTextEdit]:
    return [lsp.AnnotatedTextEdit(name, edit.range, edit.new_text) for edit in edits]


def hover(text: str, where: lsp.Range, client: lsp.ClientCapabilities) -> lsp.Hover:
    """As Markdown, unless the editor reads plain text only."""
    known = client.text_document.hover if client.text_document else None
    formats = known.content_format if known else None
    plain = formats is not None and lsp.MarkupKind.Markdown not in formats
    kind = lsp.MarkupKind.PlainText if plain else lsp.MarkupKind.Markdown
    return lsp.Hover(lsp.MarkupContent(kind, text), where)
