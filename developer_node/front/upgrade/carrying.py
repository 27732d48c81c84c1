"""What the Coordinator decided while the new version ran, carried into what is put back.

The new program prints all of its state, whatever its format, and the old one makes its own of it.
Where one of the two cannot, the old one makes the state of before safe: by the audit log, which is
never put back, nobody who was put out comes back.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection
from pathlib import Path

from common.daemon.home import Home
from common.errors import Unavailable
from developer_node.front.upgrade import stores
from developer_node.front.upgrade.environment import Environment

MODULE = "coordinator_node.carrying"
ALL = "Whatever the Coordinator decided meanwhile was carried over: who was put out stays out."
CAREFUL = (
    "What the Coordinator kept since could not be carried over ({why}), and its state is that of "
    "before. Who was put out since stays out, by the audit log; no code is good any more. Nodes "
    "that joined since join again, and tasks that were given since are given again."
)


def carry_over(
    home: Home,
    aside: Path,
    put: Collection[str],
    old: Environment,
    new: Environment,
    told: Callable[[str], None],
) -> None:
    """Does nothing where the Coordinator's state was not put back. Unavailable, and the old
    version must not be started, where whoever was put out might come back."""
    for store in stores.of_the_coordinator(put):
        if not (aside / store).is_file():
            continue
        why = _all(home, aside / store, old, new)
        if not why:
            told(ALL)
            continue
        if failed := old.node(MODULE, "careful", str(home.root)):
            raise Unavailable(
                "who was put out since the upgrade could not be kept out, so that nothing was "
                f"started: {failed.rstrip('.')}",
                hint="try again: postdevai upgrade --back",
            )
        told(CAREFUL.format(why=why.rstrip(".")))


def _all(home: Home, kept: Path, old: Environment, new: Environment) -> str:
    """Why not; empty when everything was carried over. Keys are in it: nobody else reads it."""
    with tempfile.TemporaryFile(dir=home.root / "upgrade") as rows:
        if why := new.node(MODULE, "out", str(kept), to=rows.fileno()):
            return why
        rows.seek(0)
        return old.node(MODULE, "in", str(home.root), given=rows.fileno())
