"""A node that dies under `up` in the foreground is started again, later each time it does.

Not one that was told to stop, nor one that a restart does not mend: wrong settings, no permission,
a corrupt store. `up --detach` leaves nobody to watch; a service does that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from common.daemon.home import Home
from common.model.node import Role
from developer_node.front.output_page import Page, Span, line
from developer_node.front.up import daemons
from developer_node.front.up.daemons import Child

FIRST_S = 1.0
MOST_S = 60.0
STEADY_S = 60.0
"""One that lived so long has not died of its start: it begins anew with the shortest wait."""
OF_NO_USE = frozenset((0, 2, 4, 5))
Start = Callable[[Role, Home], Child]


def wait_s(code: int, lived_s: float, deaths: int) -> float | None:
    """How long to wait before the next start; None when there is to be none.

    `deaths` counts those in a row of a node that never lived for STEADY_S, this one left out.
    """
    if code in OF_NO_USE:
        return None
    return FIRST_S if lived_s >= STEADY_S else min(MOST_S, FIRST_S * 2 ** min(deaths, 10))


@dataclass
class _Watched:
    child: Child | None
    """None while its next start is waited for, and once there is to be none."""
    since_s: float
    served: bool = False
    """It said so; one that is told to stop takes that back, and may then be killed by `down`."""
    deaths: int = 0
    again_s: float | None = None


@dataclass
class Restarting:
    """The children of one `up`. `children` is kept true: whoever stops them finds each there."""

    home: Home
    children: list[Child]
    page: Page
    start: Start = lambda role, home: daemons.start(role, home, with_parent=True)
    _nodes: dict[Role, _Watched] = field(default_factory=dict[Role, _Watched], init=False)

    @property
    def some_left(self) -> bool:
        """Whether a child lives, or is to be started again."""
        if not self._nodes:
            return bool(self.children)
        return any(each.child or each.again_s is not None for each in self._nodes.values())

    def look(self, now_s: float) -> None:
        """Notices who died, and starts whose wait is over."""
        for child in self.children:
            self._nodes.setdefault(child.role, _Watched(child, now_s))
        for role, node in self._nodes.items():
            if node.child is not None:
                if node.child.process.poll() is not None:
                    self._died(role, node, node.child.process.returncode, now_s)
                elif self.home.ready(role) is not None:
                    node.served = True
            elif node.again_s is not None and now_s >= node.again_s:
                self._start(role, node, now_s)

    def _died(self, role: Role, node: _Watched, code: int, now_s: float) -> None:
        stopped = code < 0 and node.served and not self.home.ready_path(role).exists()
        wait = None if stopped else wait_s(code, now_s - node.since_s, node.deaths)
        node.child = None
        if code:
            said = daemons.ended(role, self.home, code).message
            last = f"It is started again in {wait:.0f} s." if wait else f"To start it: {_UP}"
            self.page.show(line(Span(f"{said[:1].upper()}{said[1:]}. {last}", "red")))
        if wait is not None:
            steady = now_s - node.since_s >= STEADY_S
            node.deaths = 1 if steady else node.deaths + 1
            node.again_s = now_s + wait

    def _start(self, role: Role, node: _Watched, now_s: float) -> None:
        node.again_s = None
        if self.home.is_locked(role):
            self.page.show(line(f"{role:<12}", "was started by somebody else"))
            return
        node.child = self.start(role, self.home)
        node.since_s, node.served = now_s, False
        place = next(n for n, each in enumerate(self.children) if each.role == role)
        if (pipe := self.children[place].process.stdin) is not None:
            pipe.close()
        self.children[place] = node.child  # where it was: they are stopped in their order
        self.page.show(line(Span(f"{role:<12}", "bold"), f"again, pid {node.child.process.pid}"))


_UP = "postdevai up"
