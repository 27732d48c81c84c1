"""The two ports of a Coordinator: the main one, and the one at which nodes enrol."""

from __future__ import annotations

from contextlib import AsyncExitStack

from common.daemon.addresses import reachable_at
from common.daemon.ports import Ports
from common.model.node import CoordinatorAddress
from common.rpc.guard import Guard
from common.rpc.server import Add, open_pinned_server, open_server
from coordinator_node.config import Config
from coordinator_node.gateway.authority import Authority
from coordinator_node.gateway.enrolment import Enrolment
from coordinator_node.gateway.own_identity import OwnIdentity
from coordinator_node.service_enrolment import EnrolmentService


class Listening:
    """The two ports, once they are open."""

    def __init__(self, config: Config, ports: Ports) -> None:
        self._config = config
        self._ports = ports
        self._port = self._enrolment_port = 0

    @property
    def addresses(self) -> tuple[str, ...]:
        """Of the main port, as the interfaces are now."""
        return reachable_at(self._config.host, self._port)

    @property
    def address(self) -> str:
        """The likeliest of them."""
        return self.addresses[0]

    @property
    def enrolment_addresses(self) -> tuple[str, ...]:
        """Of the enrolment port, as the interfaces are now."""
        return reachable_at(self._config.host, self._enrolment_port)

    def now(self, uri: str) -> CoordinatorAddress:
        """Where this Coordinator is now."""
        return CoordinatorAddress(uri, self.addresses, self.enrolment_addresses)

    async def open_main(
        self,
        stack: AsyncExitStack,
        own: OwnIdentity,
        add: Add,
        guard: Guard,
    ) -> None:
        """Serves what `add` adds, to those that have a certificate of the mesh."""
        config = self._config
        port = config.port or self._ports.usual("coordinator")
        server, bound = await open_server(
            config.host, port, own, add, guard, exact=bool(config.port)
        )
        stack.push_async_callback(server.stop, config.grace_s)
        self._ports.remember("coordinator", bound)
        self._port = bound

    async def open_enrolment(
        self,
        stack: AsyncExitStack,
        own: OwnIdentity,
        enrolment: Enrolment,
        authority: Authority,
        guard: Guard,
    ) -> None:
        """Lets in those that have a code; after the main port, whose address it tells them."""
        config = self._config
        service = EnrolmentService(enrolment, authority.ca_pem, own.identity.uri, self.address)
        server, bound = await open_pinned_server(
            config.host,
            config.enrolment_port or self._ports.usual("enrolment"),
            authority.enrolment_key_pem,
            authority.enrolment_pem,
            service.add_to,
            guard,
            exact=bool(config.enrolment_port),
        )
        stack.push_async_callback(server.stop, config.grace_s)
        self._ports.remember("enrolment", bound)
        self._enrolment_port = bound
