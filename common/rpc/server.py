"""Servers: TLS with a certificate that may change while it runs, or a Unix socket with a token."""

from __future__ import annotations

import hmac
import ipaddress
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import grpc
from grpc.aio import Server as GrpcServer
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_reflection.v1alpha.reflection import enable_server_reflection

from common.daemon.ports import is_free
from common.errors import Conflict, Denied, PostDevAIError
from common.rpc import policy
from common.rpc.certificates import Credential, Leaf
from common.rpc.channel import MESSAGE_BYTES_MAX, SERVER_SILENT_MS, Own, link_options
from common.rpc.guard import Guard
from common.rpc.intercept import Context, Handler, Intercept, MeshAdmission, metadata_value
from common.rpc.sealed.door import SealedDoor
from common.rpc.sealed.sessions import Sessions

HEALTH = "grpc.health.v1.Health"
TOKEN_METADATA = "postdevai-token"
CONNECTION_AGE_MS = 4 * 3_600_000
CONNECTION_GRACE_MS = 10 * 60_000

OPTIONS: tuple[tuple[str, Any], ...] = (
    ("grpc.so_reuseport", 0),  # else a second server shares the port in silence
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
    ("grpc.http2.max_ping_strikes", 0),  # our own clients ping every second
)
LINK = link_options(SERVER_SILENT_MS)
AGES: tuple[tuple[str, Any], ...] = (
    ("grpc.max_connection_age_ms", CONNECTION_AGE_MS),
    ("grpc.max_connection_age_grace_ms", CONNECTION_GRACE_MS),
)
Add = Callable[[GrpcServer], object]


class Server:
    """A server that listens; its health says SERVING until it is told to stop."""

    def __init__(self, server: GrpcServer, well: HealthServicer) -> None:
        self._server = server
        self._well = well

    async def say(self, service: str, *, serving: bool) -> None:
        """What health says of one service; of those of which nothing is said it knows nothing."""
        status = health_pb2.HealthCheckResponse
        await self._well.set(service, status.SERVING if serving else status.NOT_SERVING)  # pyright: ignore[reportUnknownMemberType]

    async def stop(self, grace: float | None = None) -> None:
        """Says NOT_SERVING, takes no new calls, gives running ones `grace` seconds."""
        await self._well.enter_graceful_shutdown()
        await self._server.stop(grace)

    async def wait_for_termination(self) -> None:
        """Until it has stopped."""
        await self._server.wait_for_termination()


async def open_server(
    host: str,
    port: int,
    own: Own,
    add: Add,
    guard: Guard,
    reflection: bool = True,
    *,
    exact: bool = False,
    sealed: Sessions | None = None,
) -> tuple[Server, int]:
    """A mutual TLS server that listens, and its port.

    `add` registers the services. A port that is taken is replaced by a free one, or is a
    Conflict when it must be `exact`. Reflection is only ever served on a loopback address.
    With `sealed` its services also take the calls that a Coordinator carries.
    """
    intercept = Intercept(MeshAdmission(guard))
    server, well = new_server(intercept, (*OPTIONS, *LINK, *AGES))
    served = _add(server, add)
    if sealed is not None:
        handlers = _handlers(lambda each: (add(each), add_health(well, each)))
        guarded = {name: intercept.guarded(each, name) for name, each in handlers.items()}
        SealedDoor(sealed, guarded).add_to(server)
    if reflection and is_loopback(host):
        enable_server_reflection(served, server)
    bound = _bind(server, host, port, _credentials(own), exact=exact)
    await server.start()
    return Server(server, well), bound


async def open_pinned_server(
    host: str, port: int, key_pem: bytes, leaf_pem: bytes, add: Add, guard: Guard, *, exact: bool
) -> tuple[Server, int]:
    """A TLS server that asks for no client certificate: the enrolment port."""
    server, well = new_server(Intercept(MeshAdmission(guard)), (*OPTIONS, *LINK))
    add(server)
    credentials = grpc.ssl_server_credentials([(key_pem, leaf_pem)])
    bound = _bind(server, host, port, credentials, exact=exact)
    await server.start()
    return Server(server, well), bound


async def open_local_server(socket_path: Path, token: str, add: Add) -> Server:
    """A server on a Unix socket, 0600, for whoever holds the token; it replaces a stale socket.

    The caller holds the daemon's lock, so a socket that is there belongs to nobody.
    """
    server, well = new_server(Intercept(_TokenAdmission(token)), OPTIONS)
    enable_server_reflection(_add(server, add), server)
    socket_path.unlink(missing_ok=True)  # noqa: ASYNC240 - one call, at start
    before = os.umask(0o177)
    try:
        server.add_insecure_port(f"unix:{socket_path}")
    except RuntimeError as error:
        raise Conflict(f"the socket {socket_path} cannot be opened") from error
    finally:
        os.umask(before)
    await server.start()
    return Server(server, well)


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def joined(host: str, port: int) -> str:
    """host:port, brackets around IPv6."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@dataclass(frozen=True, slots=True)
class _TokenAdmission:
    token: str

    def admit(self, method: str, context: Context, size: int) -> Leaf | None:
        given = metadata_value(context, TOKEN_METADATA)
        if not hmac.compare_digest(given.encode(), self.token.encode()):
            raise Denied(
                "the call carries the wrong token",
                hint="front ends read it from the file that the daemon names in ready.json",
            )
        policy.check(method, frozenset(("owner",)))
        return None

    def owed_s(self, leaf: Leaf | None, context: Context, size: int) -> float:
        return 0.0

    def still_welcome(self, leaf: Leaf | None) -> None:
        return

    def refused(self, method: str, context: Context, error: PostDevAIError) -> None:
        return


def new_server(
    intercept: Intercept, options: tuple[tuple[str, Any], ...]
) -> tuple[GrpcServer, HealthServicer]:
    """A server with the health service, which listens nowhere yet."""
    policy.shipped()  # read now, not while the first caller waits
    server = grpc.aio.server(interceptors=[intercept], options=options)
    well = HealthServicer()
    add_health(well, server)
    return server, well


def add_health(well: HealthServicer, server: GrpcServer) -> None:
    """Registers the health service."""
    health_pb2_grpc.add_HealthServicer_to_server(well, server)  # pyright: ignore[reportUnknownMemberType]


def _credentials(own: Own) -> grpc.ServerCredentials:
    """Asks `own` again at each handshake, so that a renewed leaf is shown without a restart.

    None says that nothing has changed. A configuration at every handshake would make gRPC replace
    its factory of handshakes while others use it, and a few hundred bad ones end the process.
    """
    first = given = own.credential

    def changed() -> grpc.ServerCertificateConfiguration | None:
        nonlocal given
        if own.credential is given:
            return None
        given = own.credential
        return _configuration(given)

    # the stubs do not know of None, which gRPC takes for "unchanged"
    return grpc.dynamic_ssl_server_credentials(_configuration(first), changed, True)  # pyright: ignore[reportArgumentType]


def _configuration(shown: Credential) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration(
        [(shown.key_pem, shown.leaf_pem)], shown.ca_pem
    )


def _bind(
    server: GrpcServer, host: str, port: int, credentials: grpc.ServerCredentials, *, exact: bool
) -> int:
    free = port == 0 or is_free(host, port)
    if not free and exact:
        raise Conflict(f"port {port} on {host} is taken", hint="choose another, or none at all")
    try:
        return server.add_secure_port(joined(host, port if free else 0), credentials)
    except RuntimeError as error:
        raise Conflict(f"{host}:{port} cannot be listened on", hint="choose another") from error


class _Noted:
    """Stands in for a server while services are added, to know their names for reflection."""

    def __init__(self, server: GrpcServer) -> None:
        self._server = server
        self.names = [HEALTH]

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        self._server.add_generic_rpc_handlers(handlers)

    def add_registered_method_handlers(self, service: str, handlers: dict[str, Any]) -> None:
        self.names.append(service)
        self._server.add_registered_method_handlers(service, handlers)  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue]


class _Handlers:
    """Stands in for a server, to have the handlers of its services by their methods."""

    def __init__(self) -> None:
        self.found: dict[str, Handler] = {}

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        return

    def add_registered_method_handlers(self, service: str, handlers: dict[str, Handler]) -> None:
        self.found |= {f"/{service}/{name}": handler for name, handler in handlers.items()}


def _handlers(add: Add) -> dict[str, Handler]:
    taken = _Handlers()
    add(cast(GrpcServer, taken))
    return taken.found


def _add(server: GrpcServer, add: Add) -> list[str]:
    noted = _Noted(server)
    add(cast(GrpcServer, noted))
    return noted.names
