"""TaskService on the local API: front ends reach the Coordinator's backlog by the laptop."""

# ruff: noqa: N802 - gRPC names the methods

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

import grpc.aio
from google.protobuf.message import Message
from grpc.aio import AioRpcError, Channel

from common.clients.tasks import Coordinator
from common.errors import Unavailable
from common.pb.postdevai.v1 import task_service_pb2 as pb
from common.pb.postdevai.v1.task_service_pb2_grpc import (
    TaskServiceServicer,
    TaskServiceStub,
    add_TaskServiceServicer_to_server,
)
from common.rpc.repeatable import is_repeatable
from common.rpc.status import error_from_rpc

Context = grpc.aio.ServicerContext[Any, Any]
R = TypeVar("R", bound=Message)

CALL_S = 5.0


class TaskDoor(TaskServiceServicer):
    """Passes on what it is asked as it is. Claiming is for nodes."""

    def __init__(self, mesh: Coordinator) -> None:
        self._mesh = mesh

    def add(self, server: grpc.aio.Server) -> None:
        """Registers it."""
        add_TaskServiceServicer_to_server(self, server)

    async def SubmitTask(
        self, request: pb.SubmitTaskRequest, context: Context
    ) -> pb.SubmitTaskResponse:
        return await self._answer("SubmitTask", request, pb.SubmitTaskResponse)

    async def ListTasks(
        self, request: pb.ListTasksRequest, context: Context
    ) -> pb.ListTasksResponse:
        return await self._answer("ListTasks", request, pb.ListTasksResponse)

    async def GetTask(self, request: pb.GetTaskRequest, context: Context) -> pb.GetTaskResponse:
        return await self._answer("GetTask", request, pb.GetTaskResponse)

    async def CancelTask(
        self, request: pb.CancelTaskRequest, context: Context
    ) -> pb.CancelTaskResponse:
        return await self._answer("CancelTask", request, pb.CancelTaskResponse)

    async def RetryTask(
        self, request: pb.RetryTaskRequest, context: Context
    ) -> pb.RetryTaskResponse:
        return await self._answer("RetryTask", request, pb.RetryTaskResponse)

    async def WatchTasks(
        self, request: pb.WatchTasksRequest, context: Context
    ) -> AsyncGenerator[pb.WatchTasksResponse]:
        async def themselves(channel: Channel) -> Channel:
            return channel

        with _named():
            channel = await self._mesh.ask_coordinator(themselves)
            call = TaskServiceStub(channel).WatchTasks(request)
            try:
                async for each in call:
                    yield each
            except AioRpcError as error:
                raise error_from_rpc(error) from None
            finally:
                call.cancel()

    async def _answer(self, method: str, request: Message, response: type[R]) -> R:
        async def ask(channel: Channel) -> R:
            return await getattr(TaskServiceStub(channel), method)(request, timeout=CALL_S)

        with _named():
            return await self._mesh.ask_coordinator(
                ask, idempotent=is_repeatable(f"TaskService/{method}")
            )


@contextmanager
def _named() -> Generator[None]:
    """Who it is that cannot be reached."""
    try:
        yield
    except Unavailable as error:
        raise Unavailable(
            f"the Coordinator cannot be reached: {error.message}",
            hint=error.hint or "start it with: postdevai up",
        ) from error
