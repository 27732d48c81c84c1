"""TaskService over real gRPC with real certificates, and workers in other processes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from grpc.aio import Channel

from common.clients.membership import Membership
from common.clients.tasks import TasksClient
from common.errors import Conflict, Denied, Invalid, Missing, Unavailable
from common.model.ids import NodeId
from common.model.task import RESULT_MAX, Offer, Task, TaskId, TaskWish
from common.pb.postdevai.v1 import task_service_pb2 as pb
from common.pb.postdevai.v1.task_service_pb2_grpc import TaskServiceStub
from common.rpc.credentials import NodeIdentity
from common.worker import Result, Step, Steps, Worker
from coordinator_node.tasks.backlog import VISIBLE_S
from tests.support.small_mesh import SmallMesh, open_member

PATIENCE_S = 60.0
ROOT = Path(__file__).resolve().parents[3]
GONE_MS = int(1000 * VISIBLE_S) + 2_000
"""Longer than a claim that nobody extends."""
OFFER = Offer(("snapshot",), slots=2, life="1")


@pytest.fixture
async def mesh(tmp_path: Path) -> AsyncGenerator[SmallMesh]:
    async with SmallMesh.open(tmp_path) as mesh:
        yield mesh


@asynccontextmanager
async def member(mesh: SmallMesh, identity: NodeIdentity, name: str) -> AsyncGenerator[Membership]:
    async with open_member(identity, mesh.directory(name)) as membership:
        yield membership


async def reached(client: TasksClient, task: Task, right: Callable[[Task], bool]) -> Task:
    """The task once it is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not right(task):
            await asyncio.sleep(0.05)
            with suppress(Unavailable):
                task = await client.get(task.id)
    return task


async def test_a_task_is_submitted_done_and_shown(mesh: SmallMesh) -> None:
    laptop, dragon = await mesh.join("developer"), await mesh.join("dragon")

    async def works(task: Task) -> Steps:
        yield Step("half", 0.5)
        yield Result(f"a result of {task.kind}")

    async with member(mesh, laptop, "developer") as mine, member(mesh, dragon, "dragon") as its:
        client = TasksClient(mine)
        wish = TaskWish("snapshot", "k", priority=3)
        task, created = await client.submit(wish)
        assert created and (await client.submit(wish)) == (task, False)
        async with Worker(TasksClient(its), {"snapshot": works}).working():
            done = await reached(client, task, lambda task: task.ended)
    assert (done.state, done.result, done.attempts) == ("done", "a result of snapshot", 1)
    assert (done.submitter, done.worker) == (laptop.identity.id, dragon.identity.id)


async def test_a_task_for_one_node_is_for_one_that_can_do_it(mesh: SmallMesh) -> None:
    """How its id begins stands for the whole; what nobody could ever do is refused at once."""
    laptop, dragon = await mesh.join("developer"), await mesh.join("dragon")
    wish = TaskWish("snapshot", "k")
    async with member(mesh, laptop, "developer") as mine:
        client = TasksClient(mine)
        task, _ = await client.submit(replace(wish, node=NodeId(dragon.identity.id[:6])))
        assert task.node == dragon.identity.id
        with pytest.raises(Missing, match="nosuch"):
            await client.submit(replace(wish, key="k2", node=NodeId("nosuch")))
        with pytest.raises(Invalid, match="done by a dragon"):
            await client.submit(replace(wish, key="k3", node=laptop.identity.id))


async def test_a_running_task_that_is_cancelled_ends_before_its_work_would(mesh: SmallMesh) -> None:
    laptop, dragon = await mesh.join("developer"), await mesh.join("dragon")
    ended = asyncio.Event()

    async def endless(task: Task) -> Steps:
        try:
            yield Step("for ever", 0.1)
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def cancel(channel: Channel) -> pb.CancelTaskResponse:
        return await TaskServiceStub(channel).CancelTask(request, timeout=20)

    async with member(mesh, laptop, "developer") as mine, member(mesh, dragon, "dragon") as its:
        client = TasksClient(mine)
        task, _ = await client.submit(TaskWish("snapshot", "k"))
        request = pb.CancelTaskRequest(id=task.id)
        async with Worker(TasksClient(its), {"snapshot": endless}, beat_s=0.1).working():
            await reached(client, task, lambda task: task.sentence == "for ever")
            assert (await mine.ask_coordinator(cancel)).task.cancelling
            await reached(client, task, lambda task: task.state == "cancelled")
            async with asyncio.timeout(PATIENCE_S):
                await ended.wait()


async def test_each_role_may_only_what_is_its_own(mesh: SmallMesh) -> None:
    laptop, dragon = await mesh.join("developer"), await mesh.join("dragon")
    tool = await mesh.join("tool")
    async with (
        member(mesh, laptop, "developer") as mine,
        member(mesh, dragon, "dragon") as its,
        member(mesh, tool, "tool") as other,
    ):
        client, worker, reader = TasksClient(mine), TasksClient(its), TasksClient(other)
        task, _ = await client.submit(TaskWish("snapshot", "k"))
        assert (await reader.get(task.id[:6])).id == task.id
        with pytest.raises(Denied):
            await reader.submit(TaskWish("snapshot", "k2"))
        with pytest.raises(Denied):
            await reader.claim(OFFER, 1, 0)
        with pytest.raises(Denied):  # a laptop does no snapshots
            await client.claim(OFFER, 1, 0)
        with pytest.raises(Denied):  # nobody proves on another's machine
            await worker.submit(TaskWish("prove", "k3", subject="r", consent=True))
        with pytest.raises(Missing):
            await client.get("zz")
        with pytest.raises(Invalid):
            await worker.claim(Offer(("snapshot",), slots=1), 1, 0)
        (given,) = await worker.claim(OFFER, 1, 0)
        with pytest.raises(Conflict):  # the token is not the laptop's
            await client.complete(given.task.id, given.token, "r")
        await worker.complete(given.task.id, given.token, "r")
        assert (await client.get(task.id)).state == "done"


async def test_whoever_watches_sees_a_task_to_its_end(mesh: SmallMesh) -> None:
    laptop, dragon = await mesh.join("developer"), await mesh.join("dragon")

    async def themselves(channel: Channel) -> Channel:
        return channel

    async with member(mesh, laptop, "developer") as mine, member(mesh, dragon, "dragon") as its:
        channel = await mine.ask_coordinator(themselves)
        call = TaskServiceStub(channel).WatchTasks(pb.WatchTasksRequest())
        await TasksClient(mine).submit(TaskWish("snapshot", "k"))
        worker = TasksClient(its)
        seen: list[str] = []
        token = ""
        async with asyncio.timeout(PATIENCE_S):
            async for change in call:
                seen.append(change.task.state)
                if change.task.state == "waiting":
                    (token,) = [each.token for each in await worker.claim(OFFER, 1, 20)]
                elif change.task.state == "running":
                    await worker.complete(TaskId(change.task.id), token, "r")
                else:
                    break
        call.cancel()
    assert seen == ["waiting", "running", "done"]


async def test_the_task_of_a_worker_that_was_killed_is_done_by_another(mesh: SmallMesh) -> None:
    laptop, dragon = await mesh.join("developer"), await mesh.join("dragon")
    await mesh.join("dragon", "doomed")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.task_worker",
        str(mesh.directory("doomed")),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )

    async def works(task: Task) -> Steps:
        yield Result("by the second")

    try:
        async with member(mesh, laptop, "developer") as mine, member(mesh, dragon, "dragon") as its:
            client = TasksClient(mine)
            task, _ = await client.submit(TaskWish("snapshot", "k"))
            assert process.stdout is not None
            async with asyncio.timeout(PATIENCE_S):
                assert await process.stdout.readline() == f"begun {task.id}\n".encode()
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()
            assert (await client.get(task.id)).state == "running"  # nobody knows yet
            mesh.clock.shift_ms += GONE_MS
            async with Worker(TasksClient(its), {"snapshot": works}).working():
                done = await reached(client, task, lambda task: task.ended)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (done.state, done.attempts, done.result) == ("done", 2, "by the second")
    assert done.worker == dragon.identity.id


async def test_a_coordinator_that_goes_and_comes_in_the_middle_of_a_task_takes_its_result(
    mesh: SmallMesh,
) -> None:
    laptop, dragon = await mesh.join("developer"), await mesh.join("dragon")
    go_on, begun = asyncio.Event(), 0

    async def works(task: Task) -> Steps:
        nonlocal begun
        begun += 1
        yield Step("begun", 0.1)
        await go_on.wait()
        yield Result("r")

    async with member(mesh, laptop, "developer") as mine, member(mesh, dragon, "dragon") as its:
        client = TasksClient(mine)
        task, _ = await client.submit(TaskWish("snapshot", "k"))
        waits, _ = await client.submit(TaskWish("compact", "k2"))
        async with Worker(TasksClient(its), {"snapshot": works}, beat_s=0.2).working():
            await reached(client, task, lambda task: task.sentence == "begun")
            await mesh.stop()
            await mesh.start()
            await mine.wait_until(connected=True)
            go_on.set()
            done = await reached(client, task, lambda task: task.ended)
        assert (done.state, done.result) == ("done", "r")
        assert begun == done.attempts
        assert (await reached(client, waits, lambda task: True)).state == "waiting"


async def test_a_result_that_is_too_long_is_refused(mesh: SmallMesh) -> None:
    dragon = await mesh.join("dragon")
    request = pb.CompleteTaskRequest(id="t", token="t", result="r" * (RESULT_MAX + 1))

    async def complete(channel: Channel) -> pb.CompleteTaskResponse:
        return await TaskServiceStub(channel).CompleteTask(request, timeout=PATIENCE_S)

    async with member(mesh, dragon, "dragon") as its:
        with pytest.raises(Invalid, match="result must have at most"):
            await its.ask_coordinator(complete)
