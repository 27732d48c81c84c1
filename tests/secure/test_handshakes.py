"""Who is refused, shown by real handshakes; each beside the control that is let in."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from grpc.aio import AioRpcError, Channel, Metadata

from common.clients.authority import AuthorityClient
from common.clients.registry import RegistryClient
from common.errors import Denied, Invalid, PostDevAIError, Unavailable
from common.model.node import Identity, Role
from common.pb.postdevai.v1.registry_service_pb2 import PinProjectRequest
from common.pb.postdevai.v1.registry_service_pb2_grpc import RegistryServiceStub
from common.rpc.channel import Own, open_channel
from common.rpc.credentials import NodeIdentity
from common.rpc.join_code import read_code
from common.rpc.routed import Routed
from common.rpc.status import error_from_rpc
from coordinator_node.gateway.authority import Authority
from tests.support.small_mesh import (
    ShiftedClock,
    SmallMesh,
    forged,
    open_dragon,
    open_member,
    plain_channel,
    stats,
)

DAY_MS = 24 * 3_600_000


async def list_nodes(mesh: SmallMesh, own: Own) -> int:
    """What every enrolled node may do."""
    async with open_channel(mesh.address, mesh.identity_uri, own) as channel:
        return len(await RegistryClient(channel).nodes())


async def call(channel: Channel, ticket: str) -> int:
    """Stats on a Dragon with a ticket of the caller's choice."""
    try:
        return await stats(channel, Metadata(("authorization", f"Bearer {ticket}")))
    except AioRpcError as error:
        raise error_from_rpc(error) from None


async def test_an_enrolled_node_is_let_in(tmp_path: Path) -> None:
    """The control of all refusals below."""
    async with SmallMesh.open(tmp_path) as mesh:
        for role in ("dragon", "developer", "tool"):
            assert await list_nodes(mesh, await mesh.join(role)) >= 1


async def test_a_caller_without_a_certificate_is_refused(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        ca_pem = mesh.authority().ca_pem
        async with plain_channel(mesh.address, mesh.identity_uri, ca_pem) as channel:
            with pytest.raises(Unavailable):
                await RegistryClient(channel).nodes()


async def test_a_leaf_of_another_ca_is_refused_even_if_it_names_this_mesh(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        foreign = Authority.make(tmp_path / "foreign", mesh.clock)
        liar = forged(foreign, "developer", mesh.authority().mesh)
        trusting = replace(liar.credential, ca_pem=mesh.authority().ca_pem)
        with pytest.raises(Unavailable, match="certificate were not good") as refused:
            await list_nodes(mesh, replace(liar, credential=trusting))
        assert "postdevai doctor" in refused.value.hint


async def test_a_server_of_another_ca_is_refused_by_its_caller(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path / "a") as one, SmallMesh.open(tmp_path / "b") as other:
        node = await one.join("developer")
        async with open_channel(other.address, one.identity_uri, node) as channel:
            with pytest.raises(Unavailable, match="not of this mesh") as refused:
                await RegistryClient(channel).nodes()
            assert "postdevai join CODE" in refused.value.hint


async def test_an_expired_leaf_is_refused(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        past = mesh.authority(ShiftedClock(-2 * DAY_MS))
        with pytest.raises(Unavailable, match="certificate were not good"):
            await list_nodes(mesh, forged(past, "developer"))
        assert await list_nodes(mesh, forged(mesh.authority(), "developer")) >= 1


@pytest.mark.parametrize("role", ["dragon", "developer", "tool"])
async def test_only_an_admin_invites(tmp_path: Path, role: Role) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        node = await mesh.join(role)
        async with open_channel(mesh.address, mesh.identity_uri, node) as channel:
            with pytest.raises(Denied, match=r"may not (invite|call AuthorityService.Invite)"):
                await AuthorityClient(channel).invite("tool")
        admin = await mesh.join("developer", "admin", admin=True)
        async with open_channel(mesh.address, mesh.identity_uri, admin) as channel:
            invitation = await AuthorityClient(channel).invite("tool")
        tool = await NodeIdentity.open(mesh.directory("tool 2"), code=invitation.code)
        assert tool.identity.role == "tool"


async def test_a_wrong_role_is_refused(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        node = await mesh.join("dragon")
        async with open_channel(mesh.address, mesh.identity_uri, node) as channel:
            pin = RegistryServiceStub(channel).PinProject(PinProjectRequest(), timeout=10)
            with pytest.raises(AioRpcError) as caught:
                await pin
            error = error_from_rpc(caught.value)
            assert isinstance(error, Denied)
            assert error.message == "dragon may not call RegistryService/PinProject"


async def test_a_laptop_cannot_offer_what_a_dragon_offers(tmp_path: Path) -> None:
    """Else any enrolled laptop could take the others' questions."""
    async with SmallMesh.open(tmp_path) as mesh:
        node = await mesh.join("developer")
        async with open_member(node, mesh.directory("developer"), ("lake",)) as membership:
            assert not membership.connected
            assert "offers nothing" in membership.sentence


async def test_a_code_is_good_once(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        code = await mesh.code("developer")
        await NodeIdentity.open(mesh.directory("first"), code=code)
        with pytest.raises(Denied, match="was used already"):
            await NodeIdentity.open(mesh.directory("second"), code=code)


async def test_two_who_hold_one_code_at_once_get_one_leaf(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        code = await mesh.code("developer")
        both = (NodeIdentity.open(mesh.directory(name), code=code) for name in ("a", "b"))
        results = await asyncio.gather(*both, return_exceptions=True)
        assert sorted(type(result).__name__ for result in results) == ["Denied", "NodeIdentity"]


async def test_a_code_ends_after_ten_minutes(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        code = await mesh.code("developer")
        mesh.clock.shift_ms = 10 * 60_000 + 1
        with pytest.raises(Denied, match="has expired"):
            await NodeIdentity.open(mesh.directory("late"), code=code)


async def test_a_code_with_a_guessed_secret_is_refused(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        code = read_code(await mesh.code("developer"))
        guessed = replace(code, secret="00" * 16).text
        with pytest.raises(Denied, match="not known"):
            await NodeIdentity.open(mesh.directory("guess"), code=guessed)


async def test_another_coordinator_at_the_codes_address_is_found_out(tmp_path: Path) -> None:
    """The secret must not be sent to it."""
    async with SmallMesh.open(tmp_path / "a") as mesh, SmallMesh.open(tmp_path / "b") as liar:
        code = read_code(await mesh.code("developer"))
        misled = replace(code, addresses=(liar.enrolment_address,)).text
        with pytest.raises(Denied, match="not the pinned one"):
            await NodeIdentity.open(mesh.directory("misled"), code=misled)


async def test_a_mistyped_code_is_said_to_be_one(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        code = await mesh.code("developer")
        with pytest.raises(Invalid, match="not a join code"):
            await NodeIdentity.open(mesh.directory("typo"), code=code[:-3] + "AAA")


async def test_a_stolen_ticket_is_refused(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh, open_dragon(mesh) as dragon:
        owner, thief = await mesh.join("developer", "owner"), await mesh.join("developer", "thief")
        async with open_member(owner, mesh.directory("owner")) as membership:
            (route,) = await membership.resolve("lake")
        async with open_channel(dragon.address, route.identity, owner) as channel:
            assert await call(channel, route.ticket) == 1
        async with open_channel(dragon.address, route.identity, thief) as channel:
            with pytest.raises(Denied, match="made for another node"):
                await call(channel, route.ticket)
            with pytest.raises(Denied, match="no ticket"):
                await call(channel, "")
        assert dragon.lake.calls == 1


async def test_a_ticket_for_one_dragon_does_not_open_another(tmp_path: Path) -> None:
    async with (
        SmallMesh.open(tmp_path) as mesh,
        open_dragon(mesh, "one") as one,
        open_dragon(mesh, "two") as two,
    ):
        node = await mesh.join("developer")
        async with open_member(node, mesh.directory("developer")) as membership:
            routes = await membership.resolve("lake")
        tickets = {route.endpoint: route.ticket for route in routes}
        async with open_channel(two.address, two.identity.identity.uri, node) as channel:
            assert await call(channel, tickets[two.address]) == 1
            with pytest.raises(Denied, match="for another node"):
                await call(channel, tickets[one.address])


@pytest.mark.parametrize("part", ["id", "role"])
async def test_a_wrong_server_is_refused(tmp_path: Path, part: str) -> None:
    """An enrolled node that poses as another one, in the id or in the role."""
    async with SmallMesh.open(tmp_path) as mesh, open_dragon(mesh) as dragon:
        node = await mesh.join("developer")
        real = dragon.identity.identity
        meant: Identity = (
            replace(real, id=node.identity.id) if part == "id" else replace(real, role="developer")
        )
        async with open_channel(dragon.address, meant.uri, node) as channel:
            with pytest.raises(Unavailable, match="another node answers"):
                await call(channel, "")
        async with open_channel(dragon.address, real.uri, node) as channel:
            with pytest.raises(Denied, match="no ticket"):  # the control: it got through
                await call(channel, "")


async def test_a_call_without_a_deadline_is_refused(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        node = await mesh.join("developer")
        async with open_channel(mesh.address, mesh.identity_uri, node) as channel:
            endless = channel.unary_unary("/postdevai.v1.RegistryService/ListNodes")
            with pytest.raises(AioRpcError) as caught:
                await endless(b"")
            error = error_from_rpc(caught.value)
            assert isinstance(error, Invalid)
            assert error.field == "grpc-timeout"


async def test_bytes_that_are_no_message_are_invalid(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        node = await mesh.join("developer")
        async with open_channel(mesh.address, mesh.identity_uri, node) as channel:
            garbled = channel.unary_unary("/postdevai.v1.RegistryService/Resolve")
            with pytest.raises(AioRpcError) as caught:
                await garbled(b"\xff\xff\xff", timeout=3)
            error = error_from_rpc(caught.value)
            assert isinstance(error, Invalid)
            assert error.field == "message"


async def test_a_message_over_four_megabytes_is_refused_with_a_sentence(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        node = await mesh.join("developer")
        ca_pem, shown = mesh.authority().ca_pem, node.credential
        assert ca_pem == shown.ca_pem
        async with open_channel(mesh.address, mesh.identity_uri, node) as channel:
            large = channel.unary_unary("/postdevai.v1.RegistryService/ListNodes")
            with pytest.raises(AioRpcError) as caught:
                await large(bytes(5 << 20), timeout=3)
            error: PostDevAIError = error_from_rpc(caught.value)
            assert "larger than 4 MB" in error.message


async def test_a_revoked_node_is_refused_on_a_connection_that_is_open(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh, open_dragon(mesh) as dragon:
        node = await mesh.join("developer")
        async with open_member(node, mesh.directory("developer")) as membership:
            routed: Routed = membership.routed("lake")
            assert await routed.call(stats) == 1
            await mesh.revoke(node.identity)
            with pytest.raises(Denied, match="no longer welcome"):
                while True:  # the Dragon hears of it with its next heartbeat or the one after
                    await routed.call(stats)
        assert dragon.lake.calls >= 1
