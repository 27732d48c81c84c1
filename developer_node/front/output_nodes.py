"""The nodes of the mesh for people: one line a node, and below it what is not as it should be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from common.daemon.addresses import is_loopback
from common.model.node import NOBODY_YET, Member, Node
from common.short_ids import SHORT
from common.versions import apart
from developer_node.front.output_page import Line, Span, line
from developer_node.front.output_words import count, size

CLOCK_OFF_MS = 60_000
BEHIND_MAX = 1_000
"""A follower that lacks no more is about to have everything."""
HEADINGS = ("ROLE", "ID", "STATE", "MACHINE", "ADDRESS", "LEASE", "CERTIFICATE", "VERSION", "LOAD")
PUT_OUT = "put out"
LEFT = "left"
GREEN_AT = HEADINGS.index("STATE")


def page(known: tuple[Node, ...], now_ms: int) -> list[Line]:
    """A table, by role and id."""
    if not known:
        return [line(Span("No node is known.", "yellow"))]
    rows = [_row(node, now_ms) for node in known]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
    said = [line(Span(_padded(HEADINGS, widths), "dim"))]
    for node, row in zip(known, rows, strict=True):
        said.append(_line(node, row, widths))
        margin = " " * (widths[0] + 2)
        if its := follows(node, known):
            said.append(line(margin, Span(its, "dim")))
        if kept := keeps(node):
            said.append(line(margin, Span(kept, "dim")))
        said += [line(margin, Span(each, "yellow")) for each in wrong(node, known)]
    return said


def others(members: Sequence[Member], now_ms: int) -> list[Line]:
    """Who was let in and is not among the nodes; nothing when there is nobody."""
    if not members:
        return []
    heading = "Let in as well, and not among the nodes: tools, and nodes that never came."
    said = [line(), line(Span(heading, "dim"))]
    for each in members:
        left = f"its certificate: {_until(each.certificate_ends_ms, now_ms)}"
        out = LEFT if each.left else PUT_OUT
        state = Span(out, "dim" if each.left else "red") if each.put_out else Span(left, "dim")
        said.append(
            line(Span(f"{each.role.capitalize():<11}  ", "bold"), each.id[:SHORT], "  ", state)
        )
    return said


def wrong(node: Node, known: Sequence[Node]) -> Iterator[str]:
    """What its owner should know of a node: each a sentence."""
    if node.state == "gone" or node.put_out:
        return
    own = next((each.version for each in known if each.role == "coordinator"), node.version)
    if why := apart(own, node.version):
        yield f"{why[0].upper()}{why[1:]}"
    if abs(node.clock_ahead_ms) > CLOCK_OFF_MS:
        way = "ahead of" if node.clock_ahead_ms > 0 else "behind"
        off = _span(abs(node.clock_ahead_ms))
        yield f"Its clock is {off} {way} the Coordinator's; set the clock of {_where(node)}"
    if lagging := lags(node, known):
        yield lagging


def lags(node: Node, known: Sequence[Node]) -> str:
    """Why a Dragon that follows another one could not take its place; empty when it could."""
    if not node.follows or node.state == "gone" or 0 <= node.behind <= BEHIND_MAX:
        return ""
    if node.follows == NOBODY_YET:
        return "It copies nothing yet: it asks the Coordinator which Dragon leads"
    leader = _dragon(node.follows, known)
    if node.behind < 0:
        if node.in_the_way:
            return f"It copies nothing from {leader} now: {node.in_the_way}"
        return f"It copies nothing from {leader} now; where that stays so, its log tells why"
    return f"It is {count(node.behind, 'record')} behind {leader}; it catches up by itself"


def follows(node: Node, known: Sequence[Node]) -> str:
    """Whom it follows, while it keeps up; for a leader, who may take its place."""
    if node.state == "gone" or lags(node, known):
        return ""
    if not node.follows:
        names = " or ".join(_dragon(each, known) for each in node.followers)
        return f"{names} has everything, and may take its place" if names else ""
    lacks = f"lacks {count(node.behind, 'record')}" if node.behind else "has everything"
    return f"Follows {_dragon(node.follows, known)}, and {lacks}"


def keeps(node: Node) -> str:
    """That copies of projects lie there which are another Dragon's."""
    if not node.hidden:
        return ""
    return f"Keeps a copy, out of sight, of {count(len(node.hidden), 'project')} of another Dragon"


def with_models(known: Sequence[Node]) -> tuple[Node, ...]:
    """The Dragons that serve and have a model loaded."""
    return tuple(each for each in known if each.models and _serves(each))


def _serves(node: Node) -> bool:
    return node.state == "serving" and not node.put_out


def _dragon(node_id: str, known: Sequence[Node]) -> str:
    machine = next((each.machine for each in known if each.id == node_id), "")
    return f"{node_id[:SHORT]}{f' on {machine}' if machine else ''}"


def _line(node: Node, row: tuple[str, ...], widths: list[int]) -> Line:
    cells = [f"{text:<{width}}  " for text, width in zip(row, widths, strict=True)]
    is_there = "green" if _serves(node) else "dim" if node.left else "red"
    style = {0: "bold", GREEN_AT: is_there, len(row) - 1: "dim"}
    return line(*(Span(text, style.get(i, "")) for i, text in enumerate(cells)))


def _row(node: Node, now_ms: int) -> tuple[str, ...]:
    return (
        node.role.capitalize(),
        node.id[:SHORT],
        _state(node),
        node.machine or "-",
        _address(node),
        f"{node.lease_s:.1f} s" if node.state != "gone" else "ended",
        _certificate(node, now_ms),
        node.version or "-",
        _load(node),
    )


def _state(node: Node) -> str:
    if node.put_out:
        return LEFT if node.left else PUT_OUT
    return node.state


def _address(node: Node) -> str:
    if not node.address:
        return "listens to nobody"
    more = [each for each in node.addresses if each != node.address and not is_loopback(each)]
    return f"{node.address} +{len(more)}" if more else node.address


def _certificate(node: Node, now_ms: int) -> str:
    if node.put_out:
        return "refused"
    return _until(node.certificate_ends_ms, now_ms)


def _until(ends_ms: int, now_ms: int) -> str:
    if not ends_ms:
        return "-"
    return f"{_span(ends_ms - now_ms)} left" if ends_ms > now_ms else "has ended"


def _load(node: Node) -> str:
    if node.state == "gone":
        return ""
    said = [f"{count(node.load.queue, 'request')}"] if node.role == "dragon" else []
    said.append(f"CPU {node.load.cpu * 100:.0f} %")
    if node.load.rss_bytes:
        said.append(size(node.load.rss_bytes))
    if node.role == "dragon":
        said += [count(len(node.projects), "project"), count(len(node.models), "model")]
    return " · ".join(said)


def _span(ms: int) -> str:
    for unit, length_ms in (("h", 3_600_000), ("min", 60_000)):
        if ms >= length_ms:
            return f"{ms // length_ms} {unit}"
    return f"{ms // 1000} s"


def _where(node: Node) -> str:
    return node.machine or f"the machine of {node.id[:SHORT]}"


def _padded(texts: Sequence[str], widths: Sequence[int]) -> str:
    cells = (f"{text:<{width}}  " for text, width in zip(texts, widths, strict=True))
    return "".join(cells).rstrip()
