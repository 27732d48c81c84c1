"""Puts tools, resources and prompts into one server; transports carry it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from itertools import count
from typing import Any, NoReturn, TypeVar

from mcp.server.lowlevel.server import NotificationOptions, Server
from mcp.server.models import InitializationOptions
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    SetLevelRequestParams,
)

from common.errors import Invalid, Missing, PostDevAIError
from developer_node.front.local_client import LocalClient
from developer_node.front.mcp import asked, code, failures, past, prompts, resources, standing
from developer_node.front.mcp.audience import Audience, Context
from developer_node.front.mcp.daemon import Daemon
from developer_node.front.mcp.news import RETRY_S, News
from developer_node.front.mcp.told import refusal, result, sentence
from developer_node.front.mcp.tool import Desk, Offer

T = TypeVar("T")

NAME = "postdevai"
INSTRUCTIONS = (
    "The memory of this developer's machines. When a test, build or command fails, ask seen_before"
    " first: it tells whether the same failure happened before and which change made it pass."
    " Every answer says how fresh it is (as_of, freshness); away is set when the laptop answered"
    " from its own small memory because the large machine could not be reached: say so when you"
    " pass it on. Nothing here changes anything."
)

OFFERS: tuple[Offer[Any], ...] = (
    *failures.OFFERS,
    *past.OFFERS,
    *code.OFFERS,
    *asked.OFFERS,
    *standing.OFFERS,
)


class Agents:
    """The server's handlers; one for all connections of a process."""

    def __init__(self, daemon: Daemon, cwd: str, retry_s: float = RETRY_S) -> None:
        self._daemon = daemon
        self._cwd = cwd
        self._retry_s = retry_s
        self._audience = Audience()
        self._offers = {offer.name: offer for offer in OFFERS}

    def server(self) -> Server[None]:
        """In both protocol revisions."""
        made: Server[None] = Server(
            NAME,
            version=version("postdevai"),
            title="PostDevAI",
            instructions=INSTRUCTIONS,
            lifespan=self._life,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_list_resource_templates=self._list_templates,
            on_read_resource=self._read_resource,
            on_subscribe_resource=self._audience.subscribe,
            on_unsubscribe_resource=self._audience.unsubscribe,
            on_subscriptions_listen=self._audience.listen,
            on_list_prompts=self._list_prompts,
            on_get_prompt=self._get_prompt,
        )
        made.add_request_handler(
            "logging/setLevel", SetLevelRequestParams, self._audience.set_level
        )
        made.middleware.append(self._audience.remember)
        return made

    @asynccontextmanager
    async def _life(self, _: Server[None]) -> AsyncGenerator[None]:
        following = asyncio.create_task(News(self._daemon, self._audience, self._retry_s).follow())
        try:
            yield
        finally:
            self._audience.listen.close()
            following.cancel()
            await asyncio.wait({following})
            await self._daemon.close()

    async def _list_tools(
        self, context: Context, params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(tools=[offer.described() for offer in OFFERS])

    async def _call_tool(self, context: Context, params: CallToolRequestParams) -> CallToolResult:
        offer = self._offers.get(params.name)
        if offer is None:
            known = ", ".join(self._offers)
            raise MCPError(INVALID_PARAMS, f"There is no tool {params.name!r}. There are: {known}")
        try:
            return result(await offer(self._desk(context), params.arguments or {}))
        except PostDevAIError as error:
            await self._audience.log(context, "warning", f"{params.name}: {sentence(error)}")
            return refusal(error)

    async def _list_resources(
        self, context: Context, params: PaginatedRequestParams | None
    ) -> ListResourcesResult:
        return ListResourcesResult(resources=await self._read(resources.listed))

    async def _list_templates(
        self, context: Context, params: PaginatedRequestParams | None
    ) -> ListResourceTemplatesResult:
        return ListResourceTemplatesResult(resource_templates=list(resources.TEMPLATES))

    async def _read_resource(
        self, context: Context, params: ReadResourceRequestParams
    ) -> ReadResourceResult:
        found = await self._read(lambda client: resources.read(client, params.uri))
        return ReadResourceResult(contents=[found])

    async def _list_prompts(
        self, context: Context, params: PaginatedRequestParams | None
    ) -> ListPromptsResult:
        return ListPromptsResult(prompts=list(prompts.PROMPTS))

    async def _get_prompt(
        self, context: Context, params: GetPromptRequestParams
    ) -> GetPromptResult:
        try:
            return await prompts.made(self._desk(context), params.name, params.arguments or {})
        except PostDevAIError as error:
            _refuse(error)

    async def _read(self, use: Callable[[LocalClient], Awaitable[T]]) -> T:
        try:
            return await self._daemon.call(use)
        except PostDevAIError as error:
            _refuse(error)

    def _desk(self, context: Context) -> Desk:
        steps = count(1)

        async def progress(said: str) -> None:
            await context.session.report_progress(next(steps), message=said)

        return Desk(self._daemon, self._cwd, progress)


def options(server: Server[Any]) -> InitializationOptions:
    """What is said in a handshake."""
    return server.create_initialization_options(NotificationOptions(resources_changed=True))


def _refuse(error: PostDevAIError) -> NoReturn:
    """What is no tool has no result to put a refusal into."""
    wrong = isinstance(error, Invalid | Missing)
    raise MCPError(INVALID_PARAMS if wrong else INTERNAL_ERROR, sentence(error)) from None
