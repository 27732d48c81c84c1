"""The backlog for front ends, through the laptop's daemon."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING

import grpc.aio

from common.model.task import Task, TaskChange, TaskPage, TaskWish
from common.pb.postdevai.v1 import task_service_pb2 as pb
from common.pb.postdevai.v1.task_service_pb2_grpc import TaskServiceStub
from common.wire.translate import from_pb, to_pb
from developer_node.front.local_refusals import answer, refusals

if TYPE_CHECKING:
    from common.pb.postdevai.v1.task_service_pb2_grpc import TaskServiceAsyncStub

MESH_S = 20.0
"""For calls that go on to the Coordinator."""


class LocalTasks:
    """TaskService behind the local API. Closing what comes in pieces cancels it."""

    def __init__(self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...]) -> None:
        self._stub: TaskServiceAsyncStub = TaskServiceStub(channel)
        self._metadata = metadata

    async def submit(self, wish: TaskWish) -> tuple[Task, bool]:
        """The task of that key, and whether it is new."""
        request = to_pb(wish, pb.SubmitTaskRequest)
        call = self._stub.SubmitTask(request, timeout=MESH_S, metadata=self._metadata)
        given = await answer(call)
        return from_pb(given.task, Task), given.created

    async def list(self, states: Sequence[str] = (), ended_max: int = 0) -> TaskPage:
        """Those that wait and run, then those that ended."""
        request = pb.ListTasksRequest(states=states, ended_max=ended_max)
        call = self._stub.ListTasks(request, timeout=MESH_S, metadata=self._metadata)
        return from_pb(await answer(call), TaskPage)

    async def get(self, task_id: str) -> Task:
        """The one whose id begins so."""
        request = pb.GetTaskRequest(id=task_id)
        call = self._stub.GetTask(request, timeout=MESH_S, metadata=self._metadata)
        return from_pb((await answer(call)).task, Task)

    async def cancel(self, task_id: str) -> Task:
        """Ends it, or lets its worker know that it is to end."""
        request = pb.CancelTaskRequest(id=task_id)
        call = self._stub.CancelTask(request, timeout=MESH_S, metadata=self._metadata)
        return from_pb((await answer(call)).task, Task)

    async def retry(self, task_id: str) -> Task:
        """Lets it wait again."""
        request = pb.RetryTaskRequest(id=task_id)
        call = self._stub.RetryTask(request, timeout=MESH_S, metadata=self._metadata)
        return from_pb((await answer(call)).task, Task)

    async def watch(self, after: int) -> AsyncGenerator[TaskChange]:
        """Each change after a cursor."""
        request = pb.WatchTasksRequest(after_cursor=after)
        call = self._stub.WatchTasks(request, metadata=self._metadata)
        try:
            with refusals():
                async for message in call:
                    yield from_pb(message, TaskChange)
        finally:
            call.cancel()
