"""`down`: stops the daemons of this machine in order, and leaves no process."""

from __future__ import annotations

from collections.abc import Callable

from common.daemon.home import Home
from common.errors import Conflict, PostDevAIError
from common.model.node import Role
from developer_node.front.output_page import Page, line
from developer_node.front.output_progress import steps
from developer_node.front.service.running_service import STOP, service_of
from developer_node.front.up import codes, daemons
from developer_node.front.up.daemons import ORDER


async def stop_all(
    home: Home,
    *,
    stopping: Callable[[Role, int], None] = lambda role, pid: None,
    stopped: Callable[[Role, str], None] = lambda role, how: None,
) -> int:
    """How many it stopped. All are tried; the first that would not stop is raised at the end.

    One that a service manager runs is left to it: signalled, it would come back.
    """
    failures: list[PostDevAIError] = []
    left: dict[Role, str] = {}
    number = 0
    for role in reversed(ORDER):
        pid = daemons.holder(home, role)
        if pid is None:
            continue
        if manager := service_of(pid):
            left[role] = manager.partition(":")[0]
            continue
        stopping(role, pid)
        try:
            stopped(role, await daemons.stop(pid, role))
            number += 1
        except PostDevAIError as error:
            failures.append(error)
    home.leave_runtime_directory()
    if failures:
        raise failures[0]
    if left:
        raise _left_to_their_manager(left)
    return number


def _left_to_their_manager(left: dict[Role, str]) -> Conflict:
    roles: list[Role] = [role for role in ORDER if role in left]
    which = f"{roles[0]} node is a service" if len(roles) == 1 else "nodes here are services"
    named = "" if len(roles) == 1 else f" ({', '.join(roles)})"
    return Conflict(
        f"the {which} that {left[roles[0]]} runs{named}: it would start them again, so they go on",
        hint=f"stop with: {STOP} {roles[0] if len(roles) == 1 else 'all'}",
    )


async def down(home: Home, page: Page, *, free: bool) -> int:
    """Stops the three; with `free` the RAM disk is given back, too: the journal fills it again."""
    with steps(page, "stopping") as step:
        number = await stop_all(
            home,
            stopping=lambda role, pid: step.now(f"stopping the {role} node, pid {pid}"),
            stopped=lambda role, how: page.show(line(f"{role:<12}", how)),
        )
    if not number:
        page.show(line("Nothing is running."))
    if free:
        printed = await codes.run_node("dragon", "free", "--home", str(home.root))
        page.show(*(line(text) for text in printed.splitlines()))
    return 0
