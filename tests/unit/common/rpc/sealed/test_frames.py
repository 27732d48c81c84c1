"""A frame opens in its own place of its own call, as it was sealed, or not at all."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import common.rpc.sealed.frames as module
from common.errors import Denied
from common.rpc.sealed.frames import HEADER, Flag, Opener, Sealer, call_key, parted, with_head

KEY = bytes(range(32))
CONTEXT = b"session up method caller target"


def pair(
    call: int = 7, other: int | None = None, context: bytes = CONTEXT
) -> tuple[Sealer, Opener]:
    wanted = call if other is None else other
    return Sealer(KEY, call, CONTEXT), Opener(KEY, wanted, context)


def sealed(count: int = 4) -> list[bytes]:
    sealer, _ = pair()
    frames = [sealer.seal(Flag.MESSAGE, b"message %d" % i) for i in range(count - 1)]
    return [*frames, sealer.seal(Flag.END, b"")]


def test_frames_open_in_order_as_they_were_sealed() -> None:
    """The control of all refusals below."""
    _, opener = pair()
    opened = [opener.open(frame)[1] for frame in sealed()]
    assert opened == [b"message 0", b"message 1", b"message 2", b""]
    assert opener.ended


@given(frame=st.integers(0, 3), place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_any_flipped_bit_is_refused(frame: int, place: int, bit: int) -> None:
    frames = sealed()
    _, opener = pair()
    for each in frames[:frame]:
        opener.open(each)
    changed = bytearray(frames[frame])
    changed[place % len(changed)] ^= 1 << bit
    with pytest.raises(Denied):
        opener.open(bytes(changed))


@given(st.permutations(range(4)).filter(lambda order: list(order) != [0, 1, 2, 3]))
def test_any_other_order_is_refused(order: list[int]) -> None:
    frames, (_, opener) = sealed(), pair()
    with pytest.raises(Denied, match=r"second time|another order|after the end"):
        for i in order:
            opener.open(frames[i])


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("replayed", "came a second time"),
        ("missing", "missing or came in another order"),
        ("of another call", "of another call"),
        ("short", "too short"),
        ("flags", "was changed"),
        ("sequence", "missing or came in another order"),
        ("content", "was changed"),
        ("after the end", "after the end"),
    ],
)
def test_each_is_refused_with_its_own_reason(what: str, reason: str) -> None:
    frames, (_, opener) = sealed(), pair()
    first = opener.open(frames[0])
    assert first == (Flag.MESSAGE, b"message 0")
    second = frames[1]
    flags, call, seq = HEADER.unpack_from(second)
    rest = second[HEADER.size :]
    tried = {
        "replayed": [frames[0]],
        "missing": [frames[2]],
        "of another call": [HEADER.pack(flags, call + 1, seq) + rest],
        "short": [second[:20]],
        "flags": [HEADER.pack(flags | Flag.END, call, seq) + rest],
        "sequence": [HEADER.pack(flags, call, seq + 1) + rest],
        "content": [second[:-1] + bytes([second[-1] ^ 1])],
        "after the end": [*frames[1:], frames[3]],
    }[what]
    with pytest.raises(Denied, match=reason) as raised:
        for frame in tried:
            opener.open(frame)
    assert raised.value.field == "seal"


def test_a_frame_of_another_method_caller_or_direction_does_not_open() -> None:
    sealer, opener = pair(context=CONTEXT.replace(b"method", b"METHOD"))
    with pytest.raises(Denied, match="sealed for another call"):
        opener.open(sealer.seal(Flag.MESSAGE, b"x"))


def test_each_call_has_a_key_of_its_own() -> None:
    assert len({call_key(KEY, call) for call in range(100)}) == 100


def test_ten_thousand_malformed_frames_are_each_refused() -> None:
    """Also such as begin as the next frame would."""
    rng = random.Random(7)
    begin = HEADER.pack(Flag.MESSAGE, 7, 0)
    for i in range(10_000):
        _, opener = pair()
        noise = rng.randbytes(rng.randrange(120))
        with pytest.raises(Denied):
            opener.open(begin + noise if i % 2 else noise)


@settings(max_examples=20)
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=40), st.integers(1, 5))
def test_keys_turn_on_both_sides_together(messages: list[bytes], frames: int) -> None:
    before = module.TURN_FRAMES
    module.TURN_FRAMES = frames
    try:
        sealer, opener = pair()
        for message in messages:
            frame = sealer.seal(Flag.MESSAGE, message)
            assert opener.open(frame)[1] == message
        turned = len(messages) // frames
        key = KEY
        for _ in range(turned):
            key = module.next_key(key)
        assert sealer._key == opener._key == key  # pyright: ignore[reportPrivateUsage]
    finally:
        module.TURN_FRAMES = before


def test_keys_turn_with_bytes_and_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    sealer = Sealer(KEY, 1, CONTEXT, lambda: now[0])
    assert not sealer.seal(Flag.MESSAGE, b"x")[0] & Flag.TURN
    now[0] = module.TURN_S
    assert sealer.seal(Flag.MESSAGE, b"x")[0] & Flag.TURN
    assert not sealer.seal(Flag.MESSAGE, b"x")[0] & Flag.TURN
    monkeypatch.setattr(module, "TURN_BYTES", 10)
    assert sealer.seal(Flag.MESSAGE, b"x" * 10)[0] & Flag.TURN


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_a_head_and_what_follows_it_are_told_apart(head: bytes, content: bytes) -> None:
    assert parted(with_head(head, content)) == (head, content)


@given(st.binary(max_size=12))
def test_a_cut_head_is_refused_or_is_one(content: bytes) -> None:
    try:
        head, rest = parted(content)
    except Denied:
        return
    assert len(head) + len(rest) <= len(content)
