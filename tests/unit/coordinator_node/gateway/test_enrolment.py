"""Codes and renewals, decided without any network."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from common.errors import Conflict, Corrupt, Denied, Invalid, OverLimit
from common.model.ids import NodeId
from common.rpc.certificates import new_key, node_id, read_leaf, request_pem, sign_renewal
from common.rpc.join_code import JoinCode, read_code
from coordinator_node.engine.ports import Kv
from coordinator_node.engine.settings import EngineSettings, NatsSettings, write_settings
from coordinator_node.engine.sqlite_engine import open_sqlite
from coordinator_node.gateway import enrolment as module
from coordinator_node.gateway.authority import Authority
from coordinator_node.gateway.enrolment import CODE_MS, LEAVES_MAX, NONCE_MS, Enrolment, Issued
from coordinator_node.gateway.grant import grant_of, opened
from coordinator_node.gateway.members import Member, Members
from coordinator_node.registry.coordinators import COORDINATORS_MAX

HERE = ("127.0.0.1:1",)
THERE = NatsSettings("g1", ("tls://10.0.0.1:4222", "tls://10.0.0.2:4222"), 3)


class HandClock:
    now = 1_800_000_000_000

    def now_ms(self) -> int:
        return self.now

    def monotonic(self) -> float:
        return self.now / 1000


class Desk:
    """An enrolment desk over a file."""

    def __init__(self, kv: Kv, path: Path) -> None:
        self.kv = kv
        self.clock = HandClock()
        self.members = Members(kv)
        self.authority = Authority.make(path / "authority", self.clock)
        self.directory = path
        self.enrolment = Enrolment(
            kv, self.members, self.authority, self.clock, grant=lambda: grant_of(path)
        )

    async def coordinators_code(self) -> JoinCode:
        """With the state in NATS, as the settings say."""
        write_settings(self.directory, EngineSettings("nats", nats=THERE))
        given = await self.enrolment.invite_coordinator(HERE, by="owner")
        return read_code(given.code)

    async def join(
        self, role: str, key: ec.EllipticCurvePrivateKey, *, admin: bool = False
    ) -> Issued:
        code = read_code((await self.enrolment.invite(role, HERE, admin=admin)).code)
        return await self.enrolment.enrol(code.id, code.secret, request_pem(key))

    async def renew(
        self, node: NodeId, signer: ec.EllipticCurvePrivateKey, new: ec.EllipticCurvePrivateKey
    ) -> Issued:
        nonce, csr = self.enrolment.challenge(node), request_pem(new)
        return await self.enrolment.renew(node, nonce, csr, sign_renewal(signer, nonce, csr))


@asynccontextmanager
async def desk(path: Path) -> AsyncGenerator[Desk]:
    async with open_sqlite(path / "state.db") as engine:
        yield Desk(engine.kv, path)


async def test_the_role_is_the_codes_and_the_id_is_the_keys_hash(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        key = new_key()
        issued = await here.join("dragon", key)
        assert issued.identity.role == "dragon"
        assert issued.identity.id == node_id(key.public_key())
        assert read_leaf(issued.leaf_pem).identity == issued.identity


async def test_the_secret_is_not_kept(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        code = read_code((await here.enrolment.invite("dragon", HERE)).code)
        kept = b"".join(entry.value for entry in await here.kv.entries(""))
        assert code.secret.encode() not in kept
        assert bytes.fromhex(code.secret) not in kept


async def test_the_same_key_may_ask_again_with_its_code(tmp_path: Path) -> None:
    """Its first answer may have been lost on the way."""
    async with desk(tmp_path) as here:
        code = read_code((await here.enrolment.invite("dragon", HERE)).code)
        key = new_key()
        first = await here.enrolment.enrol(code.id, code.secret, request_pem(key))
        again = await here.enrolment.enrol(code.id, code.secret, request_pem(key))
        assert again.identity == first.identity
        with pytest.raises(Denied, match="was used already"):
            await here.enrolment.enrol(code.id, code.secret, request_pem(new_key()))
        here.clock.now += CODE_MS
        with pytest.raises(Denied, match="has expired"):
            await here.enrolment.enrol(code.id, code.secret, request_pem(key))


async def test_a_denied_key_does_not_come_back_with_a_new_code(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        key = new_key()
        issued = await here.join("developer", key)
        await here.members.deny(issued.identity.id)
        with pytest.raises(Denied, match="not welcome"):
            await here.join("developer", key)


async def test_a_key_has_one_role_for_life(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        key = new_key()
        await here.join("developer", key)
        with pytest.raises(Denied, match="not welcome"):
            await here.join("dragon", key)


@pytest.mark.parametrize("role", ["coordinator", "admin", "owner", "", "x" * 1000])
async def test_no_code_is_made_for_other_roles(tmp_path: Path, role: str) -> None:
    async with desk(tmp_path) as here:
        with pytest.raises(Invalid) as caught:
            await here.enrolment.invite(role, HERE)
        assert caught.value.field == "role"


async def test_a_code_for_an_admin_makes_an_admin_and_another_does_not(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        plain = await here.join("developer", new_key())
        admin = await here.join("developer", new_key(), admin=True)
        assert here.members.rights(plain.identity) == frozenset()
        assert here.members.rights(admin.identity) == {"admin"}


async def test_a_renewal_may_change_the_key_but_never_the_id(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        old, new = new_key(), new_key()
        node = (await here.join("developer", old)).identity
        assert (await here.renew(node.id, old, new)).identity == node
        assert (await here.renew(node.id, new, new)).identity == node


async def test_a_key_whose_renewal_got_lost_still_renews(tmp_path: Path) -> None:
    """The Coordinator knows the new key already, the node still has the old one."""
    async with desk(tmp_path) as here:
        old, lost = new_key(), new_key()
        node = (await here.join("developer", old)).identity
        await here.renew(node.id, old, lost)
        assert (await here.renew(node.id, old, old)).identity == node


async def test_a_nonce_is_good_once_for_its_node_and_for_a_minute(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        key = new_key()
        node = (await here.join("developer", key)).identity.id
        nonce, csr = here.enrolment.challenge(node), request_pem(key)
        signature = sign_renewal(key, nonce, csr)
        await here.enrolment.renew(node, nonce, csr, signature)
        with pytest.raises(Denied, match="challenge"):
            await here.enrolment.renew(node, nonce, csr, signature)
        late = here.enrolment.challenge(node)
        here.clock.now += NONCE_MS
        with pytest.raises(Denied, match="challenge"):
            await here.enrolment.renew(node, late, csr, sign_renewal(key, late, csr))
        others = here.enrolment.challenge(NodeId("other"))
        with pytest.raises(Denied, match="challenge"):
            await here.enrolment.renew(node, others, csr, sign_renewal(key, others, csr))


async def test_nonces_that_nobody_uses_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The port is open to whoever can reach it."""
    monkeypatch.setattr(module, "NONCES_MAX", 8)
    async with desk(tmp_path) as here:
        for number in range(100):
            here.enrolment.challenge(NodeId(str(number)))
        assert len(here.enrolment._nonces) == 8  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize("csr", ["", "hello", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"])
async def test_what_is_no_request_is_invalid_and_spends_no_code(tmp_path: Path, csr: str) -> None:
    async with desk(tmp_path) as here:
        code = read_code((await here.enrolment.invite("dragon", HERE)).code)
        with pytest.raises(Invalid) as caught:
            await here.enrolment.enrol(code.id, code.secret, csr)
        assert caught.value.field == "csr_pem"
        await here.enrolment.enrol(code.id, code.secret, request_pem(new_key()))


async def test_an_authority_is_made_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        again = Authority.make(tmp_path / "authority", here.clock)
        assert again.ca_pem == here.authority.ca_pem
        assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "authority").iterdir())


def public(key: X25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


async def test_a_coordinator_gets_the_keys_sealed_for_the_key_that_came_with_its_code(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as here:
        (tmp_path / "policies").mkdir()
        (tmp_path / "policies" / "mine.cedar").write_text("// a rule")
        code = await here.coordinators_code()
        assert code.text.startswith("pdc1.")
        key, sealing = new_key(), X25519PrivateKey.generate()
        csr = request_pem(key)
        issued = await here.enrolment.enrol(code.id, code.secret, csr, public(sealing))
        assert issued.identity.role == "coordinator"
        grant = opened(issued.sealed_grant, sealing, code.id, code.secret, csr)
        ca_key = (tmp_path / "authority" / "ca.key").read_text()
        assert grant.authority["ca.key"] == ca_key
        assert (grant.nats, grant.rules) == (THERE, {"mine.cedar": "// a rule"})
        assert ca_key.splitlines()[1].encode() not in issued.sealed_grant
        for other in (
            (X25519PrivateKey.generate(), code.secret, csr),
            (sealing, "00" * 16, csr),
            (sealing, code.secret, request_pem(new_key())),
        ):
            with pytest.raises(Corrupt):
                opened(issued.sealed_grant, other[0], code.id, other[1], other[2])
        again = await here.enrolment.enrol(code.id, code.secret, csr, public(sealing))
        assert again.identity == issued.identity  # the first answer may have been lost
        with pytest.raises(Denied, match="was used already"):
            await here.enrolment.enrol(
                code.id, code.secret, request_pem(new_key()), public(sealing)
            )


async def test_one_coordinator_more_than_are_listened_to_is_refused_with_the_number(
    tmp_path: Path,
) -> None:
    """At the invitation, and where two codes were made for one place."""
    said = f"{COORDINATORS_MAX} Coordinators, and {COORDINATORS_MAX} are the most"
    async with desk(tmp_path) as here:
        one, spare = await here.coordinators_code(), await here.coordinators_code()
        for number in range(COORDINATORS_MAX - 1):
            await here.members.keep(Member(NodeId(f"{number:016x}"), "coordinator", False, (), 0))
        sealing, csr = public(X25519PrivateKey.generate()), request_pem(new_key())
        issued = await here.enrolment.enrol(one.id, one.secret, csr, sealing)
        with pytest.raises(Conflict, match=said):
            await here.enrolment.invite_coordinator(HERE, by="owner")
        with pytest.raises(Conflict, match=said):
            await here.enrolment.enrol(spare.id, spare.secret, request_pem(new_key()), sealing)
        again = await here.enrolment.enrol(one.id, one.secret, csr, sealing)
        assert again.identity == issued.identity  # the first answer may have been lost
        await here.members.deny(NodeId("0" * 16))
        await here.enrolment.enrol(spare.id, spare.secret, request_pem(new_key()), sealing)


async def test_the_role_is_the_codes_also_where_a_key_for_the_grant_comes_with_it(
    tmp_path: Path,
) -> None:
    """A developer's code opens no keys, whatever is asked for with it; and it is still good."""
    async with desk(tmp_path) as here:
        code = read_code((await here.enrolment.invite("developer", HERE)).code)
        key, sealing = request_pem(new_key()), public(X25519PrivateKey.generate())
        with pytest.raises(Invalid, match="is for a developer"):
            await here.enrolment.enrol(code.id, code.secret, key, sealing)
        assert (await here.enrolment.enrol(code.id, code.secret, key)).sealed_grant == b""
        for_one_more = await here.coordinators_code()
        with pytest.raises(Invalid, match="is for a coordinator"):
            await here.enrolment.enrol(for_one_more.id, for_one_more.secret, key)
        with pytest.raises(Invalid, match="no X25519 key"):
            await here.enrolment.enrol(for_one_more.id, for_one_more.secret, key, b"short")


async def test_a_node_has_so_many_certificates_in_an_hour_and_another_has_its_own(
    tmp_path: Path,
) -> None:
    """Each is a line of the audit log: whoever renews without end would fill it."""
    async with desk(tmp_path) as here:
        key, other = new_key(), new_key()
        node = (await here.join("tool", key)).identity.id
        for _ in range(LEAVES_MAX - 1):
            await here.renew(node, key, key)
        with pytest.raises(OverLimit, match=f"had {LEAVES_MAX} certificates within an hour"):
            await here.renew(node, key, key)
        await here.join("tool", other)
        here.clock.now += 3_600_000
        await here.renew(node, key, key)


async def test_over_a_file_there_is_no_second_coordinator(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        with pytest.raises(Conflict) as refused:
            await here.enrolment.invite_coordinator(HERE, by="owner")
        assert "first `postdevai mesh migrate --to nats`" in refused.value.hint
        code = await here.coordinators_code()
        write_settings(tmp_path, EngineSettings())  # it was moved back meanwhile
        sealing = public(X25519PrivateKey.generate())
        with pytest.raises(Conflict):
            await here.enrolment.enrol(code.id, code.secret, request_pem(new_key()), sealing)
