"""One more Coordinator, invited and made by the Coordinator's own program on its own machine."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from common.daemon.home import Home
from common.errors import Missing
from common.model.node import Invitation
from common.rpc.certificates import identity_from_uri
from developer_node.front.joining import Joined


@dataclass(frozen=True, slots=True)
class Refused:
    """It has said why on stderr."""

    code: int


def invite(home: Home) -> Invitation | Refused:
    """A code; Missing where the Coordinator's files are not."""
    if not (home.root / "coordinator" / "authority" / "ca.pem").exists():
        raise Missing(
            "a code for a Coordinator opens the mesh's keys: it is made where these are",
            hint="Type this on the Coordinator's machine; `postdevai nodes` tells where that is",
        )
    done = _run(home, "invite", "coordinator", "--json")
    return (
        Invitation(**json.loads(done.stdout)) if not done.returncode else Refused(done.returncode)
    )


def join(home: Home, code: str, server: Path | None) -> Joined | Refused:
    """A Coordinator in this HOME, which is not started; it starts the engine's server of the
    directory `server` as well, where there is one."""
    with_server = ("--engine-server", str(server)) if server else ()
    done = _run(home, "join", "-", *with_server, said=f"{code}\n")  # not for `ps` to see
    if done.returncode:
        return Refused(done.returncode)
    said = json.loads(done.stdout)
    directory = home.root / "coordinator" / "identity"
    return Joined(identity_from_uri(said["uri"]), directory, said["coordinator_address"])


def _run(home: Home, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        # -P: a package of the same name where this is typed is not meant
        [sys.executable, "-P", "-m", "coordinator_node", *words, "--home", str(home.root)],
        input=said,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
