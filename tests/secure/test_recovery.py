"""The drills of docs/security.md: a lost laptop, stolen keys. Real certificates, real commands."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from grpc.aio import AioRpcError, Metadata

from common.clients.authority import AuthorityClient
from common.clients.membership import Membership
from common.clients.registry import RegistryClient
from common.errors import Denied, PostDevAIError, Unavailable
from common.pb.postdevai.v1 import enrolment_service_pb2 as pb
from common.pb.postdevai.v1.enrolment_service_pb2_grpc import AuthorityServiceStub
from common.pb.postdevai.v1.lake_service_pb2 import IngestRequest
from common.pb.postdevai.v1.lake_service_pb2_grpc import (
    LakeServiceStub,
    add_LakeServiceServicer_to_server,
)
from common.rpc.channel import open_channel
from common.rpc.credentials import NodeIdentity
from common.rpc.join_code import read_code
from common.rpc.relayed import SETTING
from common.rpc.sealed.kept import sealing_key
from common.rpc.sealed.statement import fingerprint
from common.rpc.server import open_server
from common.rpc.status import error_from_rpc
from developer_node.owner.keeping import Signing, open_signing
from developer_node.owner.owner import public_text
from tests.support.small_mesh import CountingLake, SmallMesh, open_dragon, open_member, stats

WAIT_S = 100


async def owner(mesh: SmallMesh, *words: str) -> list[Any]:
    """What `coordinator-node` prints for the owner, line by line."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "coordinator_node", *words, "--home", str(mesh.home.root)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()
    return [json.loads(line) for line in printed.decode().splitlines() if line.startswith("{")]


async def whole(mesh: SmallMesh) -> list[str]:
    """What was done, by the log, once that is found to be whole."""
    (check,) = await owner(mesh, "audit", "--verify")
    assert check["is_whole"], check
    return [line["action"] for line in await owner(mesh, "audit") if line["outcome"] == "done"]


async def test_a_lost_laptop_is_put_out_and_another_takes_its_place(tmp_path: Path) -> None:
    async with (
        asyncio.timeout(WAIT_S),
        SmallMesh.open(tmp_path) as mesh,
        open_dragon(mesh) as dragon,
    ):
        lost = await mesh.join("developer", "lost", admin=True)
        async with open_member(lost, mesh.directory("lost")) as membership:
            (route,) = await membership.resolve("lake")
            ticket = Metadata(("authorization", f"Bearer {route.ticket}"))
            async with open_channel(dragon.address, route.identity, lost) as channel:
                stream = cast(Any, LakeServiceStub(channel)).Ingest(metadata=ticket, timeout=WAIT_S)
                await stream.write(IngestRequest())
                await stream.read()

                (given,) = await owner(mesh, "recover", lost.identity.id[:8])

                with pytest.raises(AioRpcError) as ended:  # nothing moves on it any more
                    while True:
                        await stream.read()
                assert "no longer welcome" in error_from_rpc(ended.value).message
                with pytest.raises(AioRpcError) as refused:
                    await stats(channel, ticket)
                assert "no longer welcome" in error_from_rpc(refused.value).message
        with pytest.raises(Denied, match="no longer welcome"):
            await lost.renew()

        given = replace(read_code(given["code"]), addresses=(mesh.enrolment_address,))
        found = await NodeIdentity.open(mesh.directory("found"), code=given.text)
        async with open_member(found, mesh.directory("found")) as membership:
            while True:  # the Dragon hears of the new ticket key with its next heartbeat
                try:
                    assert await membership.routed("lake").call(stats) >= 1
                    break
                except Denied as error:
                    assert error.field == "ticket", error
        async with open_channel(mesh.address, mesh.identity_uri, found) as channel:
            assert (await AuthorityClient(channel).invite("tool")).code  # it is an admin's
        done = await whole(mesh)
        assert done[-5:] == ["ticket-keys", "invite", "recover", "enrol", "invite"]
        assert "revoke" in done


async def called(member: Membership, lake: CountingLake) -> None:
    """Returns once a call was answered."""
    before = lake.calls
    while lake.calls == before:
        try:
            await member.routed("lake").call(stats)
        except (Unavailable, Denied):  # a circuit that waits; a ticket key that is not known yet
            await asyncio.sleep(0.05)


async def test_the_owners_key_of_a_lost_laptop_is_made_again_on_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the lost one signed counts until the others are told of the new key."""
    monkeypatch.setenv(SETTING, "only")
    async with asyncio.timeout(WAIT_S), SmallMesh.open(tmp_path) as mesh, AsyncExitStack() as stack:

        async def laptop(own: NodeIdentity, name: str) -> tuple[Signing, Membership]:
            member = await stack.enter_async_context(open_member(own, mesh.directory(name)))
            (tmp_path / f"{name}-home").mkdir()
            directory = tmp_path / f"{name}-home"
            return await open_signing(directory, directory, own, member, mesh.clock), member

        first = await mesh.join("developer", "lost", admin=True)
        lost, _ = await laptop(first, "lost")
        lost.owner.init()
        given = await lost.invite("developer")
        other = await NodeIdentity.open(mesh.directory("other"), code=given.code)
        others, member = await laptop(other, "other")
        given = await lost.invite("dragon")
        dragon = await NodeIdentity.open(mesh.directory("dragon"), code=given.code)
        lake = CountingLake()  # pyright: ignore[reportAbstractUsage]
        there = await stack.enter_async_context(
            Membership.open(
                dragon, capabilities=("lake",), directory=tmp_path / "dragon", seals=True
            )
        )
        server, port = await open_server(
            "127.0.0.1",
            0,
            dragon,
            lambda server: add_LakeServiceServicer_to_server(lake, server),
            there.guard,
            sealed=there.sealed,
        )
        stack.push_async_callback(server.stop, 0)
        await there.announce(f"127.0.0.1:{port}")
        await lost.look()
        await called(member, lake)

        (said,) = await owner(mesh, "recover", first.identity.id)
        code = replace(read_code(said["code"]), addresses=(mesh.enrolment_address,))
        found = await NodeIdentity.open(mesh.directory("found"), code=code.text)
        new, _ = await laptop(found, "found")
        assert new.owner.public is None
        await asyncio.to_thread(new.owner.init)  # postdevai owner init
        assert new.owner.public is not None
        (waiting,) = await new.look()
        assert waiting.standing == "waits"  # what the lost one signed is nothing here
        shown = sealing_key(dragon.directory).public_key().public_bytes_raw()
        await new.sign_by_hand(dragon.identity.id, fingerprint(shown))  # owner key, owner sign
        assert [each.standing for each in await others.decisions()] == ["waits"]  # the old key
        others.owner.trust(public_text(new.owner.public))  # owner trust
        assert [each.standing for each in await others.decisions()] == ["signed"]
        await called(member, lake)


async def test_a_ticket_of_before_is_refused_once_the_keys_were_replaced(tmp_path: Path) -> None:
    async with (
        asyncio.timeout(WAIT_S),
        SmallMesh.open(tmp_path) as mesh,
        open_dragon(mesh) as dragon,
    ):
        lost, other = await mesh.join("tool", "lost"), await mesh.join("developer")
        async with open_member(other, mesh.directory("developer")) as membership:
            (route,) = await membership.resolve("lake")
        ticket = Metadata(("authorization", f"Bearer {route.ticket}"))
        async with open_channel(dragon.address, route.identity, other) as channel:
            await stats(channel, ticket)  # the control
            await owner(mesh, "recover", lost.identity.id)
            with pytest.raises(AioRpcError) as refused:
                while True:
                    await stats(channel, ticket)
            error = error_from_rpc(refused.value)
            assert isinstance(error, Denied)
            assert error.field == "ticket"


async def test_with_new_keys_nobody_is_let_in_by_the_old_ones(tmp_path: Path) -> None:
    async with asyncio.timeout(WAIT_S), SmallMesh.open(tmp_path) as mesh:
        before = await mesh.join("developer", "before", admin=True)
        unspent = await mesh.code("developer")
        old_mesh, pin = mesh.authority().mesh, mesh.authority().pin
        await mesh.stop()
        (said,) = await owner(mesh, "rekey")
        assert said["mesh"] != old_mesh
        await mesh.start()
        assert mesh.authority().pin != pin
        with pytest.raises(PostDevAIError):  # TLS itself refuses it
            async with open_channel(mesh.address, mesh.identity_uri, before) as channel:
                await RegistryClient(channel).nodes()
        with pytest.raises(Denied, match="not the pinned one"):
            await before.renew()
        with pytest.raises(Denied, match="not the pinned one"):
            await NodeIdentity.open(mesh.directory("late"), code=unspent)
        again = await mesh.join("developer", "again", admin=True)
        async with open_channel(mesh.address, mesh.identity_uri, again) as channel:
            assert await RegistryClient(channel).nodes()
        assert "rekey" in await whole(mesh)


async def test_nothing_goes_by_the_ids_of_before_once_the_keys_are_new(tmp_path: Path) -> None:
    """A Dragon joins under another id, and a project is where it says that it holds it."""
    async with asyncio.timeout(WAIT_S), SmallMesh.open(tmp_path) as mesh:
        old = await mesh.join("dragon", "old")
        async with AsyncExitStack() as stack:
            there = await stack.enter_async_context(
                Membership.open(old, capabilities=("lake",), directory=tmp_path / "dragon")
            )
            await there.announce("127.0.0.1:1")
            laptop = await mesh.join("developer", "laptop", admin=True)
            member = await stack.enter_async_context(open_member(laptop, mesh.directory("laptop")))
            (route,) = await member.resolve("lake", "0123", task="ingest")  # it is placed
            assert old.identity.id in route.identity
            await member.ask_coordinator(
                lambda channel: RegistryClient(channel).pin_copied("4567", old.identity.id)
            )
        await mesh.stop()
        await owner(mesh, "rekey")
        await mesh.start()
        new = await mesh.join("dragon", "new")
        again = await mesh.join("developer", "again", admin=True)
        async with AsyncExitStack() as stack:
            there = await stack.enter_async_context(
                Membership.open(new, capabilities=("lake",), directory=tmp_path / "dragon-new")
            )
            await there.announce("127.0.0.1:1")
            member = await stack.enter_async_context(open_member(again, mesh.directory("again")))
            assert old.identity.id not in {node.id for node in await member.nodes()}
            for project in ("0123", "4567"):
                for task in ("", "ingest"):
                    (route,) = await member.resolve("lake", project, task=task, fresh=True)
                    assert new.identity.id in route.identity


async def test_a_running_coordinator_keeps_its_keys(tmp_path: Path) -> None:
    """It would go on with the old ones in memory."""
    async with SmallMesh.open(tmp_path) as mesh:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "coordinator_node", "serve", "--home", str(mesh.home.root)),
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(WAIT_S):
                while not mesh.home.is_locked("coordinator"):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.05)
            with pytest.raises(AssertionError, match="coordinator"):
                await owner(mesh, "rekey")
        finally:
            process.kill()
            await process.wait()


async def test_an_admin_puts_a_node_out_and_never_its_own_laptop(tmp_path: Path) -> None:
    async with asyncio.timeout(WAIT_S), SmallMesh.open(tmp_path) as mesh:
        admin = await mesh.join("developer", "admin", admin=True)
        other, tool = await mesh.join("developer", "other"), await mesh.join("tool")

        async def revoke(own: NodeIdentity, whom: str) -> str:
            async with open_channel(mesh.address, mesh.identity_uri, own) as channel:
                stub = AuthorityServiceStub(channel)
                try:
                    return (await stub.Revoke(pb.RevokeRequest(node_id=whom), timeout=10)).node_id
                except AioRpcError as error:
                    return error_from_rpc(error).message

        assert "this laptop may not put a node out" in await revoke(other, tool.identity.id)
        async with open_channel(mesh.address, mesh.identity_uri, other) as channel:
            with pytest.raises(Denied, match="may not invite") as denied:
                await AuthorityClient(channel).invite("tool")
            assert "coordinator-node invite tool" in denied.value.hint
        assert await revoke(admin, tool.identity.id[:6]) == tool.identity.id
        assert "this laptop itself" in await revoke(admin, admin.identity.id)
        assert "was ever let in" in await revoke(admin, "ffff")
        assert "was ever let in" in await revoke(admin, "")
        with pytest.raises(Denied, match="no longer welcome") as put_out:
            await tool.renew()
        assert "recover --leave, then postdevai join CODE" in put_out.value.hint
        async with open_channel(mesh.address, mesh.identity_uri, admin) as channel:
            stub = AuthorityServiceStub(channel)
            lines = [each.line async for each in stub.ReadAudit(pb.ReadAuditRequest(), timeout=10)]
            assert (await stub.VerifyAudit(pb.VerifyAuditRequest(), timeout=10)).check.is_whole
        said = [(each.who, each.subject) for each in lines if each.action == "revoke"]
        assert said == [(admin.identity.uri, tool.identity.id)]
