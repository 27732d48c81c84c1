"""Calls over links that delay, cut and corrupt: each is answered as it was meant, or refused in the
mesh's own words, and what may be done once is never done twice.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc.aio import Channel, Metadata, Server, ServicerContext

from common.clients.membership import Membership
from common.errors import PostDevAIError
from common.pb.postdevai.v1 import lake_service_pb2 as lake
from common.rpc.server import open_server
from tests.support.bad_link import ILLS, BadLink, bad_link
from tests.support.history import History, invented, lost, twice
from tests.support.small_mesh import SmallMesh, open_member

METHOD = "/postdevai.v1.LakeService/GetBlob"
ILL = 0.02
"""Of the pieces of 2 KB at most: one call in five meets with something."""
CALL_S = 20


class Notebook:
    """Writes down each name that it is called with, and answers with a lot of it."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def answer(self, name: str) -> bytes:
        return name.encode() * 2_000

    async def note(
        self, request: lake.GetBlobRequest, context: ServicerContext[Any, Any]
    ) -> lake.GetBlobResponse:
        self.names.append(request.hash)
        return lake.GetBlobResponse(data=self.answer(request.hash))

    def add_to(self, server: Server) -> None:
        handler = grpc.unary_unary_rpc_method_handler(
            self.note,
            lake.GetBlobRequest.FromString,
            lake.GetBlobResponse.SerializeToString,
        )
        server.add_registered_method_handlers("postdevai.v1.LakeService", {"GetBlob": handler})  # pyright: ignore[reportAttributeAccessIssue]


async def _called(channel: Channel, metadata: Metadata, name: str) -> bytes:
    call = channel.unary_unary(
        METHOD, lake.GetBlobRequest.SerializeToString, lake.GetBlobResponse.FromString
    )
    request = lake.GetBlobRequest(hash=name)
    return (await call(request, timeout=CALL_S, metadata=metadata)).data


@asynccontextmanager
async def _linked(
    root: Path, notebook: Notebook, dice: random.Random
) -> AsyncGenerator[tuple[Membership, BadLink]]:
    """A laptop, and the link to the one Dragon."""
    async with AsyncExitStack() as stack:
        mesh = await stack.enter_async_context(SmallMesh.open(root))
        identity = await mesh.join("dragon")
        directory = mesh.directory("dragon")
        dragon = await stack.enter_async_context(open_member(identity, directory, ("lake",)))
        server, port = await open_server(
            "127.0.0.1", 0, identity, notebook.add_to, dragon.guard, reflection=False
        )
        stack.push_async_callback(server.stop, 0)
        link = await stack.enter_async_context(bad_link(f"127.0.0.1:{port}", dice))
        await dragon.announce(link.address)
        node = await mesh.join("developer")
        laptop = open_member(node, mesh.directory("developer"))
        yield await stack.enter_async_context(laptop), link


@pytest.mark.timeout(300)
async def test_over_a_bad_link_nothing_is_done_twice_and_no_answer_is_another(
    tmp_path: Path,
) -> None:
    await _calls(tmp_path, 40, seed=31)


@pytest.mark.crash
@pytest.mark.timeout(3600)
async def test_over_a_bad_link_a_thousand_calls_are_done_once_or_refused(tmp_path: Path) -> None:
    await _calls(tmp_path, 1_000, seed=32)


async def _calls(root: Path, many: int, seed: int) -> None:
    notebook, history, ends = Notebook(), History(), Counter[str]()
    async with _linked(root, notebook, random.Random(seed)) as (laptop, link):
        routed = laptop.routed("lake")

        async def call(name: str) -> None:
            history.say("laptop", "asked", "call", name)
            try:
                answer = await routed.call(
                    lambda channel, metadata: _called(channel, metadata, name), idempotent=False
                )
            except PostDevAIError as error:
                ends[type(error).__name__] += 1
                await asyncio.sleep(0.05)  # a circuit that is open is closed again by and by
                return
            assert answer == notebook.answer(name)
            history.say("laptop", "acknowledged", "call", name)
            ends["answered"] += 1

        await call("first")
        link.share = ILL
        for number in itertools.count():
            if ends["answered"] > many and len(link.done) == len(ILLS):
                break
            await call(f"call {number}")
        link.share = 0.0
        answered = ends["answered"]
        async with asyncio.timeout(60):
            while ends["answered"] == answered:
                await call(f"after {len(history.lines)}")
    print(dict(link.done), dict(ends))
    wrong = lost(history, "call", notebook.names) + twice("call", notebook.names)
    assert wrong + invented(history, "call", notebook.names) == []
    assert set(ends) <= {"answered", "Unavailable"}
