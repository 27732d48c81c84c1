"""The local API as an editor's server needs it: a feed that goes on, and what it was told."""

# ruff: noqa: N802 - gRPC names the methods

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from common.daemon.files import write_private
from common.daemon.home import Home, Ready
from common.daemon.locks import only_instance
from common.model.event import Autonomy, EditorEvent, Event
from common.model.failure import Suggestion
from common.model.laptop import FeedItem, FeedState
from common.model.remedy import AutonomySetting
from common.pb.postdevai.v1 import developer_service_pb2 as pb
from common.pb.postdevai.v1 import remedy_pb2
from common.pb.postdevai.v1 import remedy_service_pb2 as remedy_pb
from common.pb.postdevai.v1.developer_service_pb2_grpc import (
    add_DeveloperServiceServicer_to_server,
)
from common.pb.postdevai.v1.remedy_service_pb2_grpc import (
    RemedyServiceServicer,
    add_RemedyServiceServicer_to_server,
)
from common.rpc.server import open_local_server
from common.wire.translate import from_pb, to_pb
from tests.support.local_api import TOKEN, LocalApi, Script


@dataclass
class EditorScript(Script):
    """A daemon that can be spoken for while it runs."""

    level: Autonomy = "advisor"
    told: list[tuple[str, EditorEvent]] = field(default_factory=list)
    items: list[FeedItem] = field(default_factory=list)
    silent: bool = False
    """Recall is heard and never answered."""
    spoken: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def speak(self, *items: Event | Suggestion | FeedState) -> None:
        """Into the feed."""
        async with self.spoken:
            for item in items:
                self.items.append(FeedItem(len(self.items) + 1, item, "epoch"))
            self.spoken.notify_all()


class EditorApi(LocalApi):
    """The scripted API with a feed that stays open."""

    script: EditorScript

    async def RecordEditor(self, request, context):
        self.script.told.append((request.path, from_pb(request.event, EditorEvent)))
        return pb.RecordEditorResponse()

    async def Recall(self, request, context):
        answer = await super().Recall(request, context)
        if self.script.silent:
            await asyncio.Event().wait()
        return answer

    async def WatchFeed(self, request, context):
        read = request.after_cursor
        while True:
            async with self.script.spoken:
                while len(self.script.items) <= read:
                    await self.script.spoken.wait()
                items = self.script.items[read:]
            for item in items:
                yield to_pb(item, pb.WatchFeedResponse)
                read = item.cursor


class EditorRemedies(RemedyServiceServicer):
    """Tells how much the owner allows."""

    def __init__(self, script: EditorScript) -> None:
        self._script = script

    async def GetAutonomy(self, request, context):
        setting = AutonomySetting(self._script.level, request.path)
        return remedy_pb.GetAutonomyResponse(setting=to_pb(setting, remedy_pb2.AutonomySetting))


@contextmanager
def a_daemon_that_hangs(root: Path) -> Generator[None]:
    """It has its lock and its socket, connections are taken, and nobody reads them."""
    home = Home.from_env(str(root))
    path = home.runtime_directory() / "developer.sock"
    token_file = home.directory("developer") / "token"
    write_private(token_file, TOKEN.encode())
    listening = socket.socket(socket.AF_UNIX)
    with only_instance(home.lock_path("developer"), "developer"), closing(listening):
        listening.bind(str(path))
        listening.listen(64)
        extra = {"socket": str(path), "token_file": str(token_file)}
        home.write_ready(Ready("developer", os.getpid(), extra["socket"], 1, "0.1.0", extra))
        try:
            yield
        finally:
            path.unlink()
            home.ready_path("developer").unlink()


@asynccontextmanager
async def serve_editor(root: Path, script: EditorScript) -> AsyncGenerator[EditorScript]:
    """In the test's own process, found as the real daemon is."""
    home = Home.from_env(str(root))
    path = home.runtime_directory() / "developer.sock"
    token_file = home.directory("developer") / "token"
    write_private(token_file, TOKEN.encode())

    def add(server) -> None:
        add_DeveloperServiceServicer_to_server(EditorApi(script), server)
        remedies = EditorRemedies(script)  # pyright: ignore[reportAbstractUsage] - a part of it
        add_RemedyServiceServicer_to_server(remedies, server)

    with only_instance(home.lock_path("developer"), "developer"):
        server = await open_local_server(path, TOKEN, add)
        try:
            extra = {"socket": str(path), "token_file": str(token_file)}
            home.write_ready(Ready("developer", os.getpid(), extra["socket"], 1, "0.1.0", extra))
            yield script
        finally:
            await server.stop(0)
            path.unlink(missing_ok=True)
            home.ready_path("developer").unlink(missing_ok=True)
