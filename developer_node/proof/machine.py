"""Which sandboxes there are on this sort of machine, best first."""

from __future__ import annotations

import sys

from developer_node.proof.bubblewrap import Bubblewrap
from developer_node.proof.namespaces import Namespaces
from developer_node.proof.sandbox import Sandbox
from developer_node.proof.seatbelt import Seatbelt


def of_this_machine() -> tuple[Sandbox, ...]:
    """None of them may work here; then nothing is tried."""
    return (Seatbelt(),) if sys.platform == "darwin" else (Bubblewrap(), Namespaces())
