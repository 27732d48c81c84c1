"""The engine over NATS JetStream: the suite over one real server, and who may not come in."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from common.errors import Missing, Unavailable
from common.model.ids import NodeId
from common.model.node import Identity
from common.rpc.certificates import key_to_pem, new_key, node_id
from coordinator_node.engine.jetstream.link import open_link
from coordinator_node.engine.ports import Engine
from tests.support.coordinator_engine_suite import Bench, CoordinatorEngineSuite
from tests.support.nats_servers import NatsServers, nats_servers


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Generator[NatsServers]:
    """One for all tests of this file; each has a space of its own."""
    with nats_servers(tmp_path_factory.mktemp("nats"), 1) as started:
        yield started


class ServerBench(Bench):
    """Clients with a connection each."""

    def __init__(self, servers: NatsServers, space: str) -> None:
        self._servers = servers
        self._space = space

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[Engine]:
        async with self._servers.engine(self._space) as engine:
            yield engine

    def lapse(self, seconds: float) -> None:
        """It does by itself."""


class TestNats(CoordinatorEngineSuite):
    @pytest_asyncio.fixture
    async def bench(self, servers: NatsServers) -> ServerBench:
        return ServerBench(servers, await servers.space())


async def test_a_state_that_is_not_there_is_not_made_in_passing(servers: NatsServers) -> None:
    """A server that lost its disk must not look like a new mesh."""
    with pytest.raises(Missing):
        async with servers.engine("elsewhere"):
            pass


async def test_a_node_s_certificate_does_not_open_the_engine(
    servers: NatsServers, tmp_path: Path
) -> None:
    """The ticket keys lie there: the mesh's CA alone is not enough."""
    await servers.space()  # the servers answer to whom they should
    key = new_key()
    identity = Identity(servers.authority.mesh, "dragon", NodeId(node_id(key.public_key())))
    (tmp_path / "key.pem").write_bytes(key_to_pem(key))
    (tmp_path / "leaf.pem").write_bytes(servers.authority.issue(identity, key.public_key()))
    (tmp_path / "ca.pem").write_bytes(servers.authority.ca_pem)
    with pytest.raises(Unavailable, match="takes the connection"):
        async with open_link(servers.urls, tmp_path, patience_s=2):
            pass
