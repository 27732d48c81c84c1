"""What `nodes` tells of each node, and what is not as it should be."""

from __future__ import annotations

from dataclasses import replace

from common.model.ids import NodeId
from common.model.node import NOBODY_YET, Member, Node, NodeLoad
from developer_node.front.output_nodes import others, page, wrong

NOW_MS = 1_772_546_700_000
COORDINATOR = Node(
    "coordinator",
    NodeId("c0ffee00c0ffee00"),
    "192.168.1.5:50053",
    "serving",
    2.4,
    "0.1.0",
    certificate_ends_ms=NOW_MS + 23 * 3_600_000,
    machine="studio",
)
DRAGON = replace(
    COORDINATOR,
    role="dragon",
    id=NodeId("d0d0d0d0d0d0d0d0"),
    address="192.168.1.7:50051",
    addresses=("192.168.1.7:50051", "10.0.0.7:50051", "127.0.0.1:50051"),
    load=NodeLoad(queue=2, cpu=0.5, rss_bytes=3_000_000),
    projects=("p",),
    models=("m", "n"),
)


def text(*nodes: Node) -> list[str]:
    return ["".join(span.text for span in line).rstrip() for line in page(nodes, NOW_MS)]


def test_a_line_tells_of_a_node_what_its_owner_asks() -> None:
    heading, _, dragon = text(COORDINATOR, DRAGON)
    assert heading.split()[:3] == ["ROLE", "ID", "STATE"]
    for said in ("d0d0d0d0 ", "serving", "studio", "192.168.1.7:50051 +1", "2.4 s", "23 h left"):
        assert said in dragon
    assert dragon.endswith("2 requests · CPU 50 % · 3.0 MB · 1 project · 2 models")


def test_a_node_that_is_gone_has_no_load_and_no_lease() -> None:
    gone = replace(DRAGON, state="gone", lease_s=-7.0, clock_ahead_ms=900_000, version="0.9.0")
    (line,) = [each for each in text(COORDINATOR, gone) if each.startswith("Dragon")]
    assert "ended" in line
    assert "request" not in line
    assert list(wrong(gone, (COORDINATOR, gone))) == []  # it says nothing of itself now


def test_a_node_that_was_put_out_is_not_gone_for_a_while() -> None:
    lost = replace(DRAGON, state="gone", lease_s=-7.0, put_out=True)
    (said,) = [each for each in text(COORDINATOR, lost) if each.startswith("Dragon")]
    assert "put out" in said and "gone" not in said and "left" not in said
    (said,) = [
        each for each in text(COORDINATOR, replace(lost, left=True)) if each.startswith("Dragon")
    ]
    assert "left" in said and "put out" not in said and "gone" not in said


def test_tools_stand_below_the_nodes_with_what_their_certificates_have_left() -> None:
    tool = Member("tool", NodeId("f00dfeedf00dfeed"), NOW_MS + 5 * 3_600_000)
    lines = others((tool, replace(tool, id=NodeId("0badf00d0badf00d"), put_out=True)), NOW_MS)
    said = ["".join(span.text for span in line) for line in lines]
    assert "f00dfeed" in said[2] and said[2].endswith("5 h left")
    assert said[3].endswith("0badf00d  put out")
    own = others((replace(tool, put_out=True, left=True),), NOW_MS)[-1]
    assert "".join(span.text for span in own).endswith("f00dfeed  left")
    assert others((), NOW_MS) == []


def test_a_clock_that_is_off_is_said_below_its_node() -> None:
    ahead = replace(DRAGON, clock_ahead_ms=75_000)
    assert text(COORDINATOR, ahead)[-1].strip() == (
        "Its clock is 1 min ahead of the Coordinator's; set the clock of studio"
    )
    assert list(wrong(replace(DRAGON, clock_ahead_ms=-60_000), (COORDINATOR,))) == []


def test_a_version_too_far_away_is_said_below_its_node() -> None:
    (said,) = wrong(replace(DRAGON, version="0.4.0"), (COORDINATOR, DRAGON))
    assert said.startswith("Version 0.4.0 is too far from 0.1.0")
    assert list(wrong(replace(DRAGON, version="0.2.0"), (COORDINATOR, DRAGON))) == []


def test_an_empty_mesh_says_so() -> None:
    assert text() == ["No node is known."]


def test_whom_a_dragon_follows_is_said_below_it_and_how_far_it_is() -> None:
    """What keeps it from taking the other one's place is a need of the owner; the rest is not."""
    leader = replace(DRAGON, id=NodeId("1" * 16), machine="laptop")

    def told(behind: int) -> tuple[str, list[str]]:
        follower = replace(DRAGON, follows=leader.id, behind=behind)
        known = (COORDINATOR, leader, follower)
        return text(*known)[-1].strip(), list(wrong(follower, known))

    assert told(0) == ("Follows 11111111 on laptop, and has everything", [])
    assert told(1_000) == ("Follows 11111111 on laptop, and lacks 1,000 records", [])
    lagging, needed = told(1_001)
    assert (lagging, needed) == (needed[0], [lagging])
    assert lagging.startswith("It is 1,001 records behind 11111111 on laptop")
    followed = replace(leader, followers=(DRAGON.id,))
    said = text(COORDINATOR, followed, replace(DRAGON, follows=leader.id))
    assert said[3].strip() == "d0d0d0d0 on studio has everything, and may take its place"
    assert told(-1)[1] == [told(-1)[0]]
    assert told(-1)[0].startswith("It copies nothing from 11111111 on laptop now")
    stuck = replace(DRAGON, follows=leader.id, behind=-1, in_the_way="its journal was cut")
    assert list(wrong(stuck, (COORDINATOR, leader, stuck))) == [
        "It copies nothing from 11111111 on laptop now: its journal was cut"
    ]
    asking = replace(DRAGON, follows=NOBODY_YET, behind=-1)
    assert list(wrong(asking, (COORDINATOR, asking))) == [
        "It copies nothing yet: it asks the Coordinator which Dragon leads"
    ]
