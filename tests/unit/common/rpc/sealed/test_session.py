"""Who may open a session, who can answer it, and what a Coordinator that meddles gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Denied, PostDevAIError, Unavailable
from common.pb.postdevai.v1.relay_service_pb2 import OpenSessionRequest
from common.rpc.sealed.frames import Flag
from common.rpc.sealed.session import WINDOW, Keys, Numbers, Offer, accept
from common.rpc.sealed.sessions import PER_CALLER_MAX, Sessions
from coordinator_node.gateway.authority import Authority
from tests.support.small_mesh import Own, ShiftedClock, forged

METHOD = "/postdevai.v1.LakeService/Stats"


@dataclass
class World:
    clock: ShiftedClock
    authority: Authority
    laptop: Own
    dragon: Own
    key: X25519PrivateKey

    def offer(self, own: Own | None = None, key: X25519PrivateKey | None = None) -> Offer:
        caller = own or self.laptop
        public = (key or self.key).public_key()
        return Offer(caller.credential, caller.identity.uri, self.dragon.identity.uri, public)

    def accept(self, request: OpenSessionRequest) -> Keys:
        return self.answer(request)[0]

    def answer(self, request: OpenSessionRequest):
        return accept(
            request,
            own_uri=self.dragon.identity.uri,
            sealing_key=self.key,
            ca_pem=self.authority.ca_pem,
            now_ms=self.clock.now_ms(),
        )


@pytest.fixture
def world(tmp_path: Path) -> World:
    clock = ShiftedClock()
    authority = Authority.make(tmp_path, clock)
    laptop, dragon = forged(authority, "developer"), forged(authority, "dragon")
    return World(clock, authority, laptop, dragon, X25519PrivateKey.generate())


def test_both_sides_have_the_same_keys_and_nobody_else_saw_them(world: World) -> None:
    offer = world.offer()
    keys, answer = world.answer(offer.request)
    assert offer.accepted(answer) == keys
    wire = offer.request.SerializeToString() + answer.SerializeToString()
    assert keys.up not in wire and keys.down not in wire and keys.up != keys.down
    frame = keys.sealer(0, METHOD, up=True).seal(Flag.MESSAGE, b"hello")
    assert offer.accepted(answer).opener(0, METHOD, up=True).open(frame)[1] == b"hello"


def test_the_same_opening_sent_again_leads_to_other_keys(world: World) -> None:
    offer = world.offer()
    assert world.accept(offer.request).up != world.accept(offer.request).up


def changed(request: OpenSessionRequest, **fields: object) -> OpenSessionRequest:
    other = OpenSessionRequest()
    other.CopyFrom(request)
    for name, value in fields.items():
        setattr(other, name, value)
    return other


CHANGES: dict[str, tuple[Callable[[World, OpenSessionRequest], OpenSessionRequest], str]] = {
    "another caller's name": (
        lambda w, r: changed(r, caller=w.dragon.identity.uri),
        "names another node",
    ),
    "another caller's leaf": (
        lambda w, r: changed(
            r,
            caller=w.dragon.identity.uri,
            leaf_pem=w.dragon.credential.leaf_pem,
        ),
        "not signed by the caller",
    ),
    "another session": (lambda w, r: changed(r, session=bytes(16)), "not signed by the caller"),
    "another ephemeral key": (
        lambda w, r: changed(
            r, ephemeral=X25519PrivateKey.generate().public_key().public_bytes_raw()
        ),
        "not signed by the caller",
    ),
    "another secret": (lambda w, r: changed(r, wrapped=bytes(80)), "not signed by the caller"),
    "another target": (
        lambda w, r: changed(r, target=w.laptop.identity.uri),
        "meant for another node",
    ),
    "another version": (lambda w, r: changed(r, version=9), "version 9"),
    "no leaf": (lambda w, r: changed(r, leaf_pem=b""), "not of this mesh"),
    "a short session": (lambda w, r: changed(r, session=b"x"), "malformed"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_an_opening_that_was_changed_is_refused(world: World, what: str) -> None:
    change, reason = CHANGES[what]
    with pytest.raises(PostDevAIError, match=reason):
        world.accept(change(world, world.offer().request))


def test_a_caller_of_another_mesh_is_refused(world: World, tmp_path: Path) -> None:
    foreign = Authority.make(tmp_path / "foreign", world.clock)
    with pytest.raises(Denied, match="not of this mesh"):
        world.accept(world.offer(forged(foreign, "developer", world.authority.mesh)).request)


def test_an_expired_caller_is_refused(world: World) -> None:
    request = world.offer().request
    world.clock.shift_ms = 25 * 3_600_000
    with pytest.raises(Denied, match="expired"):
        world.accept(request)


def test_a_session_for_another_key_is_not_opened(world: World) -> None:
    """As when a Coordinator swaps the key, or the node has a new one."""
    with pytest.raises(Unavailable, match="another key"):
        world.accept(world.offer(key=X25519PrivateKey.generate()).request)


def test_a_coordinator_that_answers_itself_cannot_prove_the_key(world: World) -> None:
    offer = world.offer()
    _, answer = world.answer(world.offer().request)
    with pytest.raises(Denied, match="does not hold the node's sealing key"):
        offer.accepted(answer)


def test_a_coordinator_that_swaps_the_nodes_ephemeral_key_is_noticed(world: World) -> None:
    offer = world.offer()
    _, answer = world.answer(offer.request)
    answer.ephemeral = X25519PrivateKey.generate().public_key().public_bytes_raw()
    with pytest.raises(Denied, match="does not hold"):
        offer.accepted(answer)


@given(st.lists(st.integers(0, 2 * WINDOW), max_size=60))
def test_a_call_counts_once(calls: list[int]) -> None:
    numbers, taken = Numbers(), set[int]()
    for call in calls:
        fresh = call not in taken and (not taken or call > max(taken) - WINDOW)
        if fresh:
            numbers.take(call)
            taken.add(call)
        else:
            with pytest.raises(Denied, match=r"second time|older"):
                numbers.take(call)


def test_sessions_are_bounded_and_an_opening_counts_once(world: World) -> None:
    sessions = Sessions(world.dragon, lambda: world.key, world.clock)
    first = world.offer().request
    sessions.open(first)
    with pytest.raises(Denied, match="second time"):
        sessions.open(first)
    for _ in range(PER_CALLER_MAX):
        sessions.open(world.offer().request)
    assert len(sessions) == PER_CALLER_MAX
    with pytest.raises(Unavailable, match="not known"):
        sessions.find(first.session)
