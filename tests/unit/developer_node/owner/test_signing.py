"""From a code to a signed key: a real Coordinator between the owner's laptop and a Dragon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from common.clients.membership import Membership
from common.clients.sealing import SealingClient
from common.errors import Conflict, Denied, Invalid, Missing
from common.rpc.credentials import NodeIdentity
from common.rpc.join_code import read_code
from common.rpc.sealed import kept
from common.rpc.sealed.statement import fingerprint, read_statement
from developer_node.owner.keeping import Signing, open_signing
from developer_node.owner.owner import Owner, public_text
from tests.support.small_mesh import SmallMesh, open_member

SOON_S = 60.0


@dataclass
class OwnersLaptop:
    mesh: SmallMesh
    membership: Membership
    signing: Signing
    directory: Path


@asynccontextmanager
async def open_laptop(root: Path) -> AsyncGenerator[OwnersLaptop]:
    async with SmallMesh.open(root) as mesh:
        identity = await mesh.join("developer", "laptop", admin=True)
        directory = root / "developer"
        directory.mkdir()
        async with open_member(identity, mesh.directory("laptop")) as membership:
            signing = await open_signing(root, directory, identity, membership, mesh.clock)
            signing.owner.init()
            yield OwnersLaptop(mesh, membership, signing, directory)


@asynccontextmanager
async def open_dragon(laptop: OwnersLaptop, code: str, name: str) -> AsyncGenerator[NodeIdentity]:
    directory = laptop.mesh.directory(name)
    identity = await NodeIdentity.open(directory, code=code)
    async with Membership.open(
        identity, capabilities=("lake",), directory=directory.parent / "mesh", seals=True
    ) as membership:
        async with asyncio.timeout(SOON_S):
            await membership.wait_until(connected=True)
        yield identity


def contents(path: Path) -> bytes:
    """Of a file that is still there: drafts come and go while the Coordinator runs."""
    try:
        return path.read_bytes() if path.is_file() else b""
    except FileNotFoundError:
        return b""


async def statement(laptop: OwnersLaptop, node: str) -> str:
    known = await laptop.membership.ask_coordinator(lambda c: SealingClient(c).keys())
    return next(said for named, _, said in known if named == node)


async def test_a_dragon_that_joins_with_the_owners_code_is_signed_unasked(tmp_path: Path) -> None:
    async with open_laptop(tmp_path) as laptop:
        given = await laptop.signing.invite("dragon")
        async with open_dragon(laptop, given.code, "dragon") as dragon:
            (decision,) = await laptop.signing.look()
            assert decision.standing == "sign"
            own = kept.sealing_key(dragon.directory).public_key().public_bytes_raw()
            owner = kept.owner_key(dragon.directory)
            assert owner is not None and owner == laptop.signing.owner.public
            said = read_statement(
                await statement(laptop, dragon.identity.uri),
                owner,
                mesh=dragon.identity.mesh,
                node=dragon.identity.uri,
                now_ms=laptop.mesh.clock.now_ms(),
            )
            assert said.key == own
            (decision,) = await laptop.signing.look()
            assert decision.standing == "signed"


async def test_the_coordinator_never_saw_the_owners_part(tmp_path: Path) -> None:
    async with open_laptop(tmp_path) as laptop:
        given = await laptop.signing.invite("dragon")
        part = given.code.split(".")[2]
        async with open_dragon(laptop, given.code, "dragon") as dragon:
            secret = (dragon.directory / kept.WORD).read_text()
            assert part and "secret" in secret
        state = b"".join(contents(each) for each in laptop.mesh.home.root.rglob("*"))
        assert read_code(given.code).id.encode() in state
        word = secret.split('"secret": "')[1][:32]
        assert word.encode() not in state and bytes.fromhex(word) not in state


async def test_a_dragon_that_joined_without_it_is_signed_by_a_person_who_compared(
    tmp_path: Path,
) -> None:
    async with open_laptop(tmp_path) as laptop:
        code = await laptop.mesh.code("dragon")
        async with open_dragon(laptop, code, "dragon") as dragon:
            (decision,) = await laptop.signing.look()
            assert decision.standing == "waits"
            assert not await statement(laptop, dragon.identity.uri)
            with pytest.raises(Missing, match="another sealing key"):
                await laptop.signing.sign_by_hand(dragon.identity.id, "0000 1111")
            own = kept.sealing_key(dragon.directory).public_key().public_bytes_raw()
            await laptop.signing.sign_by_hand(dragon.identity.id, fingerprint(own).upper())
            assert await statement(laptop, dragon.identity.uri)
            (decision,) = await laptop.signing.look()
            assert decision.standing == "signed"


async def test_only_an_admin_hands_in_what_was_signed(tmp_path: Path) -> None:
    async with open_laptop(tmp_path) as laptop:
        other = await laptop.mesh.join("developer", "other")
        async with open_member(other, laptop.mesh.directory("other")) as membership:
            with pytest.raises(Denied):
                await membership.ask_coordinator(
                    lambda c: SealingClient(c).keep("spiffe://m/dragon/d", "x")
                )


async def test_another_laptop_learns_the_owner_from_its_code_or_from_a_person(
    tmp_path: Path,
) -> None:
    async with open_laptop(tmp_path) as laptop:
        owner = laptop.signing.owner.public
        assert owner is not None
        given = await laptop.signing.invite("developer")
        second = await NodeIdentity.open(laptop.mesh.directory("second"), code=given.code)
        assert kept.owner_key(second.directory) == owner
        third = await laptop.mesh.join("developer", "third")
        assert kept.owner_key(third.directory) is None
        told = Owner(tmp_path, third.directory, third.identity, laptop.mesh.clock)
        told.trust(public_text(owner))
        assert kept.owner_key(third.directory) == owner
        with pytest.raises(Conflict, match="another laptop"):
            told.init()
        with pytest.raises(Invalid):
            told.trust("nonsense")


async def test_a_tools_code_is_as_the_coordinator_made_it(tmp_path: Path) -> None:
    async with open_laptop(tmp_path) as laptop:
        assert (await laptop.signing.invite("tool")).code.count(".") == 1


async def test_what_was_signed_is_remembered(tmp_path: Path) -> None:
    """A restart of the laptop forgets neither codes nor keys, and has the same key."""
    async with open_laptop(tmp_path) as laptop:
        given = await laptop.signing.invite("dragon")
        before = laptop.signing.owner
        again = Owner(
            laptop.directory,
            laptop.mesh.directory("laptop"),
            before._identity,  # pyright: ignore[reportPrivateUsage]
            laptop.mesh.clock,
        )
        assert again.public == before.public and again.signs
        async with open_dragon(laptop, given.code, "dragon"):
            signing = Signing(again, laptop.membership)
            (decision,) = await signing.look()
            assert decision.standing == "sign"
