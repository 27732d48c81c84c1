"""HOME/elsewhere: the nodes that this machine was once and is no longer, a role a line.

Without it `up` would make a node anew that has moved to another machine.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import get_args

from common.daemon.files import write_private
from common.daemon.home import Home
from common.model.node import Role

NAME = "elsewhere"


def roles_elsewhere(home: Home) -> frozenset[Role]:
    """Those that `up` does not start here."""
    try:
        said = (home.root / NAME).read_text("utf-8").split()
    except FileNotFoundError:
        return frozenset()
    every: tuple[Role, ...] = get_args(Role)
    return frozenset(role for role in every if role in said)


def went(home: Home, roles: Collection[Role]) -> None:
    """These are no longer here."""
    _keep(home, roles_elsewhere(home) | frozenset(roles))


def came(home: Home, role: Role) -> None:
    """This one is here again."""
    _keep(home, roles_elsewhere(home) - {role})


def _keep(home: Home, roles: Collection[Role]) -> None:
    path = home.root / NAME
    if roles:
        write_private(path, "".join(f"{role}\n" for role in sorted(roles)).encode())
    else:
        path.unlink(missing_ok=True)
