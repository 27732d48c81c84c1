"""What a node says when it registers and while it is there, read and held to its limits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast, get_args

from common.daemon.addresses import ADDRESSES_MAX, parted
from common.errors import Conflict, Denied, Invalid
from common.model.node import Capability, Node, NodeLoad, NodeOffer, NodeState
from common.pb.postdevai.v1.registry_service_pb2 import Heartbeat, RegisterHello
from common.rpc.certificates import Leaf
from common.versions import refusal
from common.wire.translate import from_pb
from coordinator_node.registry.roster import LEASE_S

NAME_CHARS_MAX = 128
SEALING_KEY_CHARS_MAX = 8_192
SENTENCE_CHARS_MAX = 500
PROJECTS_MAX = 1_024
MODELS_MAX = 64
FOLLOWERS_MAX = 8


def read_hello(leaf: Leaf, hello: RegisterHello, own_version: str) -> Node:
    """The node that says hello; role and id are its certificate's.

    Conflict when its version does not work with this one's.
    """
    caller = leaf.identity
    if hello.capabilities and caller.role != "dragon":
        raise Denied(f"a {caller.role} offers nothing to others")
    for i, capability in enumerate(hello.capabilities):
        if capability not in get_args(Capability):
            field = f"hello.capabilities[{i}]"
            raise Invalid(f"{field} is {capability[:40]!r}, which is not known", field=field)
    if len(hello.address) > 255 or len(hello.version) > 64:
        raise Invalid("hello.address or hello.version is too long", field="hello.address")
    if len(hello.sealing_key) > SEALING_KEY_CHARS_MAX:
        raise Invalid("hello.sealing_key is too long", field="hello.sealing_key")
    _short((hello.machine, hello.process), "hello.machine and hello.process", NAME_CHARS_MAX, 2)
    if why := refusal(own_version, hello.version):
        raise Conflict(why, hint="on that machine: postdevai upgrade", field="hello.version")
    addresses = _addresses(hello)
    return Node(
        role=caller.role,
        id=caller.id,
        address=hello.address,
        state="serving",
        lease_s=LEASE_S,
        version=hello.version,
        pid=hello.pid,
        capabilities=cast(tuple[Capability, ...], tuple(dict.fromkeys(hello.capabilities))),
        addresses=addresses,
        certificate_ends_ms=leaf.not_after_ms,
        machine=hello.machine,
    )


def read_beat(beat: Heartbeat) -> tuple[NodeState, NodeLoad, NodeOffer | None]:
    """State, load, and what it holds where that has changed."""
    if beat.state not in ("serving", "draining"):
        raise Invalid("state must be serving or draining", field="heartbeat.state")
    load = from_pb(beat.load, NodeLoad, "heartbeat.load.")
    offer = None
    if beat.HasField("offer"):
        offer = from_pb(beat.offer, NodeOffer, "heartbeat.offer.")
        _short(offer.projects, "heartbeat.offer.projects", NAME_CHARS_MAX, PROJECTS_MAX)
        _short(offer.hidden, "heartbeat.offer.hidden", NAME_CHARS_MAX, PROJECTS_MAX)
        _short(offer.models, "heartbeat.offer.models", NAME_CHARS_MAX, MODELS_MAX)
        _short(offer.on_disk, "heartbeat.offer.on_disk", NAME_CHARS_MAX, MODELS_MAX)
        _short((offer.in_the_way,), "heartbeat.offer.in_the_way", SENTENCE_CHARS_MAX, 1)
        _short((offer.follows,), "heartbeat.offer.follows", NAME_CHARS_MAX, 1)
        _short(offer.followers, "heartbeat.offer.followers", NAME_CHARS_MAX, FOLLOWERS_MAX)
    return cast(NodeState, beat.state), load, offer


def _addresses(hello: RegisterHello) -> tuple[str, ...]:
    """The one first of which it says that it is the first."""
    _short(hello.addresses, "hello.addresses", 255, ADDRESSES_MAX)
    for each in hello.addresses:
        try:
            parted(each)
        except ValueError:
            raise Invalid(
                f"hello.addresses holds {each[:40]!r}, which is no host:port",
                field="hello.addresses",
            ) from None
    every = (hello.address, *hello.addresses) if hello.address else tuple(hello.addresses)
    return tuple(dict.fromkeys(every))


def _short(texts: Iterable[str], field: str, chars_max: int, count_max: int) -> None:
    every = tuple(texts)
    if len(every) > count_max or any(len(each) > chars_max for each in every):
        raise Invalid(
            f"{field}: at most {count_max} of at most {chars_max} characters each", field=field
        )
