"""Who listens: the connections of agents, what each wants to be told, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, get_args

from mcp.server.connection import Connection, allowed_log_levels
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    ResourcesListChanged,
    ResourceUpdated,
)
from mcp_types import (
    EmptyResult,
    LoggingLevel,
    LoggingMessageNotification,
    LoggingMessageNotificationParams,
    SetLevelRequestParams,
    SubscribeRequestParams,
    UnsubscribeRequestParams,
)

LEVELS: tuple[LoggingLevel, ...] = get_args(LoggingLevel)
URIS_MAX = 1_000
"""That one connection may subscribe to; more are taken and the oldest forgotten."""
LOGGER = "postdevai"

Context = ServerRequestContext[Any, Any]


@dataclass
class _Listener:
    """What one connection of a revision with a handshake wants to be told."""

    uris: dict[str, None] = field(default_factory=dict[str, None])
    level: LoggingLevel = "info"


class Audience:
    """Tells of changes in both ways: to subscribers of a connection, and on listening streams."""

    def __init__(self) -> None:
        self._bus = InMemorySubscriptionBus()
        self._listeners: dict[Connection, _Listener] = {}
        self.listen = ListenHandler(self._bus, max_subscriptions=64)
        """Serves the streams of the revision without a handshake."""

    async def remember(self, ctx: Context, call_next: CallNext) -> HandlerResult:
        """Middleware: knows a connection from its handshake until it ends."""
        if ctx.method == "notifications/initialized":
            self._of(ctx)
        return await call_next(ctx)

    async def subscribe(self, context: Context, asked: SubscribeRequestParams) -> EmptyResult:
        """Tells this connection when the resource changes."""
        uris = self._of(context).uris
        uris[asked.uri] = None
        while len(uris) > URIS_MAX:
            del uris[next(iter(uris))]
        return EmptyResult()

    async def unsubscribe(self, context: Context, asked: UnsubscribeRequestParams) -> EmptyResult:
        """No more of it."""
        self._of(context).uris.pop(asked.uri, None)
        return EmptyResult()

    async def set_level(self, context: Context, asked: SetLevelRequestParams) -> EmptyResult:
        """Log messages below this level stay here."""
        self._of(context).level = asked.level
        return EmptyResult()

    async def log(self, context: Context, level: LoggingLevel, said: str) -> None:
        """A message to whoever made this request, if they want to hear of such."""
        if level not in allowed_log_levels(context.protocol_version, context.meta):
            return
        listener = self._listeners.get(_connection(context))
        if listener is not None and LEVELS.index(level) < LEVELS.index(listener.level):
            return
        params = LoggingMessageNotificationParams(level=level, logger=LOGGER, data=said)
        await context.session.send_notification(
            LoggingMessageNotification(params=params), related_request_id=context.request_id
        )

    async def updated(self, uri: str) -> None:
        """This resource is not what it was."""
        for connection, listener in list(self._listeners.items()):
            if uri in listener.uris:
                await connection.send_resource_updated(uri)
        await self._bus.publish(ResourceUpdated(uri))

    async def listed_anew(self) -> None:
        """There are other resources than before."""
        for connection in list(self._listeners):
            await connection.send_resource_list_changed()
        await self._bus.publish(ResourcesListChanged())

    def _of(self, context: Context) -> _Listener:
        connection = _connection(context)
        known = self._listeners.get(connection)
        if known is None:
            known = self._listeners[connection] = _Listener()
            connection.exit_stack.callback(self._listeners.pop, connection, None)
        return known


def _connection(context: Context) -> Connection:
    # The library names no public way from a request to what outlives it.
    return context.session._connection
