"""What was put aside when a node left this machine, or when its lake was not its leader's."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from developer_node.front.doctor.finding import ATTENTION, Finding, Ground
from developer_node.front.own_names import put_aside


def left_behind(ground: Ground) -> Iterator[Finding]:
    """Each with what it is: it is kept until its owner removes it."""
    for path in put_aside(ground.home.root):
        kind = path.name.partition("-")[0]
        yield Finding(
            "left-behind",
            f"{path} is {_WHAT[kind]}.",
            f"When you do not need it any more: rm -r {shlex.quote(str(path))}",
            ATTENTION,
        )


_WHAT = {
    "coordinator": "the Coordinator that has moved away, with its keys: who reads it can be it",
    "dragon": "the lake of the Dragon that has left; another one leads what it held",
    "developer": "what a laptop kept that has left the mesh; what it recorded is with the Dragon",
    "parted": "a lake that parted from its leader's: what only this Dragon had is in it alone",
}
