"""One more Coordinator, invited and made by the Coordinator's own program on its own machine."""

from __future__ import annotations

import json
from pathlib import Path

from common.daemon.home import Home
from common.errors import Missing
from common.model.node import Invitation
from common.rpc.certificates import identity_from_uri
from developer_node.front.joining import Joined
from developer_node.front.said_by_node import run_coordinator


def invite(home: Home) -> Invitation:
    """A code; Missing where the Coordinator's files are not, or its own refusal."""
    if not (home.root / "coordinator" / "authority" / "ca.pem").exists():
        raise Missing(
            "a code for a Coordinator opens the mesh's keys: it is made where these are",
            hint="Type this on the Coordinator's machine; `postdevai nodes` tells where that is",
        )
    return Invitation(**json.loads(run_coordinator(home, "invite", "coordinator", "--json")))


def join(home: Home, code: str, server: Path | None) -> Joined:
    """A Coordinator in this HOME, which is not started; it starts the engine's server of the
    directory `server` as well, where there is one."""
    with_server = ("--engine-server", str(server)) if server else ()
    said = json.loads(
        run_coordinator(home, "join", "-", *with_server, said=f"{code}\n")
    )  # not for `ps`
    directory = home.root / "coordinator" / "identity"
    return Joined(identity_from_uri(said["uri"]), directory, said["coordinator_address"])
