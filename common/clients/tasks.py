"""The backlog, as nodes use it: submit and look, and for workers claim and tell."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from grpc.aio import Channel

from common.model.task import Assignment, Failing, Offer, Task, TaskId, TaskWish
from common.pb.postdevai.v1 import task_service_pb2 as pb
from common.pb.postdevai.v1.task_service_pb2_grpc import TaskServiceStub
from common.wire.translate import from_pb, to_pb

T = TypeVar("T")

CALL_S = 5.0
MARGIN_S = 5.0
"""Beyond what a claim may wait."""


class Coordinator(Protocol):
    """Who can be asked; errors are the seven, never gRPC's."""

    async def ask_coordinator(
        self, fn: Callable[[Channel], Awaitable[T]], *, idempotent: bool = True
    ) -> T: ...


class TasksClient:
    """Calls on the Coordinator's main port."""

    def __init__(self, mesh: Coordinator) -> None:
        self._mesh = mesh

    async def submit(self, wish: TaskWish) -> tuple[Task, bool]:
        """The task of that key, and whether it is new."""
        request = to_pb(wish, pb.SubmitTaskRequest)

        async def ask(channel: Channel) -> pb.SubmitTaskResponse:
            return await TaskServiceStub(channel).SubmitTask(request, timeout=CALL_S)

        given = await self._mesh.ask_coordinator(ask)
        return from_pb(given.task, Task), given.created

    async def get(self, task_id: str) -> Task:
        """One that begins so."""
        request = pb.GetTaskRequest(id=task_id)

        async def ask(channel: Channel) -> pb.GetTaskResponse:
            return await TaskServiceStub(channel).GetTask(request, timeout=CALL_S)

        return from_pb((await self._mesh.ask_coordinator(ask)).task, Task)

    async def claim(self, offer: Offer, limit: int, wait_s: float) -> tuple[Assignment, ...]:
        """The next tasks for this node; none when none comes in time."""
        request = pb.ClaimTasksRequest(
            kinds=offer.kinds,
            projects=offer.projects,
            slots=offer.slots,
            limit=limit,
            wait_s=wait_s,
            life=offer.life,
        )

        async def ask(channel: Channel) -> pb.ClaimTasksResponse:
            stub = TaskServiceStub(channel)
            return await stub.ClaimTasks(request, timeout=wait_s + MARGIN_S)

        given = await self._mesh.ask_coordinator(ask, idempotent=False)
        return tuple(from_pb(each, Assignment) for each in given.assignments)

    async def progress(self, task_id: TaskId, token: str, share: float, sentence: str) -> bool:
        """Tells how far it is and keeps the claim; True when it is to end. Conflict when the
        claim has ended."""
        request = pb.ReportProgressRequest(id=task_id, token=token, share=share, sentence=sentence)

        async def ask(channel: Channel) -> pb.ReportProgressResponse:
            return await TaskServiceStub(channel).ReportProgress(request, timeout=CALL_S)

        return (await self._mesh.ask_coordinator(ask)).cancel

    async def complete(self, task_id: TaskId, token: str, result: str) -> None:
        """It is done. Conflict, and nothing happens, when the claim has ended."""
        request = pb.CompleteTaskRequest(id=task_id, token=token, result=result)

        async def ask(channel: Channel) -> pb.CompleteTaskResponse:
            return await TaskServiceStub(channel).CompleteTask(request, timeout=CALL_S)

        await self._mesh.ask_coordinator(ask)

    async def fail(self, task_id: TaskId, token: str, how: Failing, reason: str) -> None:
        """It is not done. Conflict, and nothing happens, when the claim has ended."""
        request = pb.FailTaskRequest(id=task_id, token=token, how=how, reason=reason)

        async def ask(channel: Channel) -> pb.FailTaskResponse:
            return await TaskServiceStub(channel).FailTask(request, timeout=CALL_S)

        await self._mesh.ask_coordinator(ask)
