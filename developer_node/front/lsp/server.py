"""One editor's language server: what it has open, what is shown there, and when that changes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from common.backoff import Backoff
from common.clock import Clock, SystemClock
from common.model.event import EditorEvent
from developer_node.front.lsp.buffer import Buffer, Encoding, Span, lines_of
from developer_node.front.lsp.daemon import Daemon
from developer_node.front.lsp.findings import Document, Finding, named
from developer_node.front.lsp.learning import Learning
from developer_node.front.lsp.link import Link
from developer_node.front.lsp.messages import diagnostic, within
from developer_node.front.lsp.places import Spot
from developer_node.front.lsp.recorded import RecordedLines
from developer_node.front.lsp.shown import ShownChanges
from developer_node.front.lsp.standing import Standing

SETTLE_S = 0.05
"""What changes within it is shown at once."""


class MemoryServer(LanguageServer):
    """Claims nothing while the daemon is away."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Daemon]],
        version: str,
        *,
        clock: Clock | None = None,
        alive_s: float = 5.0,
        backoff: Backoff | None = None,
    ) -> None:
        super().__init__("postdevai", version)  # pyright: ignore[reportUnknownMemberType]
        self.clock = clock or SystemClock()
        self.link = Link(
            connect, self.wake, self.say, clock=self.clock, alive_s=alive_s, backoff=backoff
        )
        self.documents: dict[str, Document] = {}
        self.shown = ShownChanges()
        self.asked_to_end = False
        """An editor that leaves without asking has died."""
        self._recorded = RecordedLines()
        self._learning = Learning(
            self._recorded, lambda: self.link.daemon, self.wake, self._ended, clock=self.clock
        )
        self._due = asyncio.Event()
        self._works: tuple[asyncio.Task[None], ...] = ()
        self._unwatched: set[str] = set()

    @property
    def encoding(self) -> Encoding:
        """What the editor counts characters in."""
        match self.workspace.position_encoding:
            case lsp.PositionEncodingKind.Utf8:
                return "utf-8"
            case lsp.PositionEncodingKind.Utf32:
                return "utf-32"
            case _:
                return "utf-16"

    def begin(self) -> None:
        """The editor is ready."""
        loop = asyncio.get_running_loop()
        self._works = (loop.create_task(self.link.run()), loop.create_task(self._refresh()))
        for work in self._works:
            work.add_done_callback(self._ended)

    async def end(self) -> None:
        """The editor asks for the end: the daemon is let go, and nothing stays on the disk."""
        self.asked_to_end = True
        for work in self._works:
            work.cancel()
        await asyncio.gather(*self._works, return_exceptions=True)
        await self._learning.close()
        self.shown.close()

    def wake(self) -> None:
        """Something may have to be shown otherwise."""
        self._due.set()

    def say(self, sentence: str) -> None:
        """A line in the editor's log."""
        said = f"PostDevAI: {sentence}"
        self.window_log_message(lsp.LogMessageParams(lsp.MessageType.Info, said))

    def opened(self, uri: str, text: str, version: int) -> None:
        """A file is open from now on."""
        path = to_fs_path(uri) if uri.startswith("file:") else None
        if path is not None:
            self.documents[uri] = Document(uri, os.path.realpath(path), text, version)
            self.wake()

    def changed(
        self, uri: str, changes: Sequence[lsp.TextDocumentContentChangeEvent], version: int
    ) -> None:
        """As the editor changed it; what is shown moves with it at once."""
        document = self.documents.get(uri)
        if document is None:
            return
        buffer = Buffer(document.text)
        for change in changes:
            span = None
            if isinstance(change, lsp.TextDocumentContentChangePartial):
                start, end = change.range.start, change.range.end
                span = Span((start.line, start.character), (end.line, end.character))
            buffer = buffer.changed(span, change.text, self.encoding)
        document.text, document.version = buffer.text, version
        if document.findings:
            self._publish(document)

    def saved(self, uri: str) -> None:
        """A file was written."""
        if (document := self.documents.get(uri)) is not None:
            self.link.tell(document.path, EditorEvent("save", document.path))

    def closed(self, uri: str) -> None:
        """A file is open no more."""
        document = self.documents.pop(uri, None)
        if document is not None and document.findings:
            document.findings = ()  # what is being asked for it ends too
            self._publish(document)

    def at(self, uri: str, asked: lsp.Range) -> list[tuple[Finding, int]]:
        """What is shown on these lines, and on which."""
        document = self.documents.get(uri)
        placed = document.placed() if document else []
        return [(finding, line) for finding, line in placed if within(line, asked)]

    def read(self, root: str, path: str) -> str | None:
        """A file of a working copy as the editor has it, else as it lies on the disk."""
        whole = os.path.realpath(os.path.join(root, path))
        if not whole.startswith(root.rstrip("/") + "/"):
            return None
        for document in self.documents.values():
            if document.path == whole:
                return document.text
        try:
            return Path(whole).read_bytes().decode("utf-8")
        except (OSError, ValueError):
            return None

    def version_of(self, uri: str) -> int | None:
        """Of an open file."""
        document = self.documents.get(uri)
        return document.version if document else None

    def _ended(self, work: asyncio.Task[None]) -> None:
        """A server that cannot go on says so and ends, rather than show nothing for ever."""
        if work.cancelled() or (error := work.exception()) is None:
            return
        said = f"PostDevAI's server ends: {error!r}"
        self.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Error, said))
        if self._stop_event is not None:
            self._stop_event.set()

    async def _refresh(self) -> None:
        while True:
            await self._due.wait()
            await asyncio.sleep(SETTLE_S)
            self._due.clear()
            for document in list(self.documents.values()):
                self._settle(document)
                await self._find(document)
                self._learning.want(document)  # for what is not certain

    def _settle(self, document: Document) -> None:
        """Finds its working copy, which is known as long as the daemon is there."""
        root = self.link.root_of(document.path)
        if root and root != document.root:
            self.link.use(root)
            self.link.tell(document.path, EditorEvent("open", document.path))
        document.root = root
        if not root and self.link.daemon is not None:
            self._say_unwatched(document.path)

    def _say_unwatched(self, path: str) -> None:
        folders = (to_fs_path(uri) or "" for uri in self.workspace.folders)
        inside = (f for f in folders if f and path.startswith(f.rstrip("/") + "/"))
        directory = max(inside, key=len, default=os.path.dirname(path))
        if directory not in self._unwatched:
            self._unwatched.add(directory)
            self.say(f"{directory} is not watched. To have it watched: postdevai watch DIR")

    async def _find(self, document: Document) -> None:
        """From what lies here, at once: nobody is waited for."""
        failed = self.link.standing(document.root) if document.root else ()
        found: list[Finding] = []
        for each, spot in named(failed, document.inside):
            lines = await self._recorded.find(None, Path(document.root), each, document.inside)
            found.append(_finding(document, each, spot, lines))
        if self.documents.get(document.uri) is not document:
            return  # closed, or opened anew, in the meantime
        had, document.findings = bool(document.findings), tuple(found)
        if found or had:
            self._publish(document)

    def _publish(self, document: Document) -> None:
        now_ms = self.clock.now_ms()
        shown: list[lsp.Diagnostic] = []
        for finding, line in document.placed():
            known = self.link.known(finding.failed.failure.fingerprint)
            shown.append(diagnostic(document, finding, line, known, self.encoding, now_ms))
        self.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(document.uri, shown, document.version)
        )


def _finding(
    document: Document, failed: Standing, spot: Spot, lines: tuple[str, ...] | None
) -> Finding:
    if lines is not None:
        return Finding(failed, spot, lines)
    for known in document.findings:
        if (known.failed.event, known.spot) == (failed.event, spot):
            return known  # followed from then, or from when it was first shown
    return Finding(failed, spot, tuple(lines_of(document.text)), as_recorded=True)
