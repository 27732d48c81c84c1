"""TaskService: unwraps, asks the backlog, wraps."""

# ruff: noqa: N802 - gRPC names the methods

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, cast, get_args

from grpc.aio import Server, ServicerContext

from common.errors import Invalid
from common.model.task import RESULT_MAX, Failing, Offer, TaskId, TaskKind, TaskState, TaskWish
from common.pb.postdevai.v1 import task_pb2
from common.pb.postdevai.v1 import task_service_pb2 as pb
from common.pb.postdevai.v1.task_service_pb2_grpc import (
    TaskServiceServicer,
    add_TaskServiceServicer_to_server,
)
from common.rpc.peers import peer_identity
from common.wire.translate import fill_pb, from_pb, to_pb
from coordinator_node.gateway.members import Members
from coordinator_node.tasks import rules
from coordinator_node.tasks.backlog import Backlog
from coordinator_node.tasks.listing import listed

Context = ServicerContext[Any, Any]

WAIT_S_MAX = 30.0
ENDED_USUAL = 50
ENDED_MOST = 1_000
SENTENCE_MAX = 1_000


class TaskService(TaskServiceServicer):
    """Served on the main port, to nodes of the mesh."""

    def __init__(self, backlog: Backlog, members: Members) -> None:
        self._backlog = backlog
        self._members = members

    def add_to(self, server: Server) -> None:
        """Registers the service."""
        add_TaskServiceServicer_to_server(self, server)

    async def SubmitTask(
        self, request: pb.SubmitTaskRequest, context: Context
    ) -> pb.SubmitTaskResponse:
        """One more, or the one of that key. A node is named by its id, or how that begins."""
        wish = from_pb(request, TaskWish)
        if wish.node and rules.is_id(wish.node):
            at = await self._members.find(wish.node)
            wish = rules.at_node(wish, at.id, at.role, welcome=not at.denied)
        task, created = await self._backlog.submit(wish, peer_identity(context))
        return pb.SubmitTaskResponse(task=to_pb(task, task_pb2.Task), created=created)

    async def ListTasks(
        self, request: pb.ListTasksRequest, context: Context
    ) -> pb.ListTasksResponse:
        """Those that wait and run, then those that ended."""
        states = _known(request.states, get_args(TaskState), "states")
        if not 0 <= request.ended_max <= ENDED_MOST:
            raise Invalid(f"ended_max must be 0 to {ENDED_MOST:,}", field="ended_max")
        cursor = self._backlog.book.cursor
        page = listed(
            self._backlog.tasks(),
            cast(tuple[TaskState, ...], states),
            request.ended_max or ENDED_USUAL,
            cursor,
        )
        return to_pb(page, pb.ListTasksResponse)

    async def GetTask(self, request: pb.GetTaskRequest, context: Context) -> pb.GetTaskResponse:
        """One of them."""
        book = self._backlog.book
        kept = await book.read(book.named(request.id))
        shown = self._backlog.shown(kept.task)
        return pb.GetTaskResponse(task=to_pb(shown, task_pb2.Task))

    async def CancelTask(
        self, request: pb.CancelTaskRequest, context: Context
    ) -> pb.CancelTaskResponse:
        """Ends one."""
        task = await self._backlog.cancel(request.id)
        return pb.CancelTaskResponse(task=to_pb(task, task_pb2.Task))

    async def RetryTask(
        self, request: pb.RetryTaskRequest, context: Context
    ) -> pb.RetryTaskResponse:
        """Lets one wait again."""
        task = await self._backlog.retry(request.id)
        return pb.RetryTaskResponse(task=to_pb(task, task_pb2.Task))

    async def WatchTasks(
        self, request: pb.WatchTasksRequest, context: Context
    ) -> AsyncGenerator[pb.WatchTasksResponse]:
        """Each change."""
        if request.after_cursor < 0:
            raise Invalid("after_cursor must not be negative", field="after_cursor")
        async for cursor, task_id, kept in self._backlog.book.changes(request.after_cursor):
            response = pb.WatchTasksResponse(cursor=cursor)
            if kept is None:
                response.removed = task_id
            else:
                fill_pb(self._backlog.shown(kept.task), response.task)
            yield response

    async def ClaimTasks(
        self, request: pb.ClaimTasksRequest, context: Context
    ) -> pb.ClaimTasksResponse:
        """The next ones for the caller."""
        kinds = _known(request.kinds, get_args(TaskKind), "kinds")
        if not 0 <= request.wait_s <= WAIT_S_MAX:
            raise Invalid(f"wait_s must be 0 to {WAIT_S_MAX:g}", field="wait_s")
        if not 1 <= len(request.life) <= 64:
            raise Invalid("life must have 1 to 64 characters", field="life")
        offer = Offer(
            cast(tuple[TaskKind, ...], kinds),
            tuple(request.projects),
            request.slots,
            request.life,
        )
        given = await self._backlog.claim(
            peer_identity(context), offer, request.limit, request.wait_s
        )
        return pb.ClaimTasksResponse(
            assignments=[to_pb(each, task_pb2.Assignment) for each in given]
        )

    async def ReportProgress(
        self, request: pb.ReportProgressRequest, context: Context
    ) -> pb.ReportProgressResponse:
        """How far one is."""
        cancel, ends_ms = await self._backlog.progress(
            peer_identity(context).id,
            TaskId(request.id),
            request.token,
            request.share,
            request.sentence[:SENTENCE_MAX],
        )
        return pb.ReportProgressResponse(cancel=cancel, ends_ms=ends_ms)

    async def CompleteTask(
        self, request: pb.CompleteTaskRequest, context: Context
    ) -> pb.CompleteTaskResponse:
        """One is done."""
        if len(request.result) > RESULT_MAX:
            raise Invalid(f"result must have at most {RESULT_MAX:,} characters", field="result")
        caller = peer_identity(context).id
        task_id = TaskId(request.id)
        await self._backlog.complete(caller, task_id, request.token, request.result)
        return pb.CompleteTaskResponse()

    async def FailTask(self, request: pb.FailTaskRequest, context: Context) -> pb.FailTaskResponse:
        """One is not done."""
        (how,) = _known((request.how,), get_args(Failing), "how")
        await self._backlog.fail(
            peer_identity(context).id,
            TaskId(request.id),
            request.token,
            cast(Failing, how),
            request.reason[:SENTENCE_MAX],
        )
        return pb.FailTaskResponse()


def _known(words: object, allowed: tuple[str, ...], field: str) -> tuple[str, ...]:
    given = tuple(cast("tuple[str, ...]", words))
    for word in given:
        if word not in allowed:
            raise Invalid(
                f"{field} holds {word[:40]!r}; it must be one of {list(allowed)}", field=field
            )
    return given
