"""A node of this machine ends here: stopped, handed on, and put aside where nothing reads it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from common.daemon.home import Home
from common.errors import Conflict, Invalid, Missing, PostDevAIError
from common.model.node import Node, Role
from developer_node.front.local_client import LocalClient
from developer_node.front.output_nodes import with_models
from developer_node.front.output_page import Page, line
from developer_node.front.output_progress import steps
from developer_node.front.output_words import count
from developer_node.front.service.running_service import service_of
from developer_node.front.up import codes, daemons

JOURNAL = Path("dragon") / "journal.db"
BARE_BYTES = 1 << 20
"""A journal that is larger holds something: then the Dragon is not stopped to look."""
REPLICA = Path("dragon") / "replica.json"
"""A Dragon has it that follows another one, or has been followed."""
OWNERS_KEY = Path("developer") / "owner.key"
WAIT_S = 60.0
"""So long may it take until what waits here is with the Dragon."""
LOOK_S = 0.2
ENGINE = Path("coordinator") / "engine.toml"
"""A Coordinator has it whose state is, or was, in NATS."""


async def leave_dragon(home: Home, page: Page) -> str:
    """Stops it, waits until another one leads what it held, if it held anything, and puts it aside.

    Where none could it is not stopped; where none does it is started again. Either is refused.
    """
    if not codes.is_enrolled(home, "dragon"):
        raise Missing(f"there is no Dragon in {home.root}")
    journal = home.root / JOURNAL
    held = journal.stat().st_size if journal.is_file() else 0
    if held > BARE_BYTES and not (home.root / REPLICA).is_file():
        raise Conflict(
            "no other Dragon has what this one holds",
            hint="Have another one follow it first: docs/operate.md",
        )
    pid = daemons.holder(home, "dragon")
    if pid is not None and not service_of(pid):
        with steps(page, "asking whether another Dragon has everything"):
            await codes.run_node("dragon", "leave", "--ask", "--home", str(home.root))
    if said := takes_the_models(await _nodes(home), pid):
        page.show(line(said))
    return await _left(home, page, "dragon", ("leave",))


def takes_the_models(known: Sequence[Node], pid: int | None) -> str:
    """That others have none when the Dragon with this pid has left; empty where that is not so."""
    loaded = with_models(known)
    others = [each for each in known if each.role == "dragon" and each.state == "serving"]
    if len(loaded) != 1 or loaded[0].pid != pid or len(others) < 2:
        return ""
    return (
        "No other Dragon has a model loaded: without one, search goes by words alone, and answers "
        "are passages. On the machine of the other one: python scripts/fetch_models.py"
    )


async def _nodes(home: Home) -> Sequence[Node]:
    """Empty where this machine's laptop node, or the mesh, cannot be asked."""
    try:
        async with await LocalClient.connect(home) as client:
            return await client.nodes()
    except PostDevAIError:
        return ()


async def leave_developer(home: Home, page: Page) -> str:
    """Waits until nothing that was recorded waits here, stops, and takes the mesh's keys away.

    Where something does wait, or another may not be without this laptop, nothing has changed.
    """
    if not codes.is_enrolled(home, "developer"):
        raise Missing(f"this machine records for no mesh in {home.root}")
    if (home.root / OWNERS_KEY).is_file():
        raise Conflict(
            "this laptop holds the owner's key, which no other one has",
            hint="The other machines leave. To end all of it: postdevai uninstall --everything",
        )
    async with await LocalClient.connect(home) as client:
        with steps(page, "handing on what waits here"):
            await _handed_on(client)
    return await _left(home, page, "developer", ("leave",))


async def _handed_on(client: LocalClient) -> None:
    """Conflict when it is not with a Dragon, or a Coordinator, in time."""
    end = time.monotonic() + WAIT_S
    while True:
        waits = (await client.status()).outbox
        records = waits.waiting + waits.spooled
        edits = (await client.shared.sync()).waiting
        if not records and not edits:
            return
        if time.monotonic() > end:
            raise Conflict(
                f"{count(records, 'record')} and {count(edits, 'edit')} wait here, and nobody else "
                "has them: the laptop does not leave",
                hint="`postdevai status` says why. To throw them away: postdevai uninstall"
                " --everything",
            )
        await asyncio.sleep(LOOK_S)


async def leave_to_others(home: Home, page: Page) -> str:
    """Stops it and puts it aside, where other Coordinators share its state in NATS.

    Where none is there it is started again, and the refusal is raised.
    """
    _has_coordinator(home)
    if not (home.root / ENGINE).is_file():
        raise Invalid(
            "a Coordinator that is alone leaves in a file: --to and --key-to are missing",
            field="to",
            hint="Type: postdevai leave coordinator --to FILE --key-to FILE",
        )
    return await _left(home, page, "coordinator", ("leave",))


async def leave_coordinator(home: Home, page: Page, to: Path, key_to: Path) -> str:
    """Stops it, writes it into one sealed file for the machine that it moves to, and puts it aside.

    Where it cannot be written it is started again, and the refusal is raised.
    """
    _has_coordinator(home)
    for path in (to, key_to):
        if path.exists():
            raise Conflict(f"{path} is there already", hint="name a new file")
        if not path.parent.is_dir():
            raise Missing(f"there is no directory {path.parent}")
    if to.parent.resolve() == key_to.parent.resolve():
        raise Invalid(
            f"{key_to} would lie beside the file that it opens",
            field="key_to",
            hint="keep the key apart: on another disk, or in a password store",
        )
    words = ("backup", "--to", str(to), "--key-to", str(key_to), "--move")
    return await _left(home, page, "coordinator", words)


def _has_coordinator(home: Home) -> None:
    if not (home.root / "coordinator" / "authority" / "ca.pem").is_file():
        raise Missing(f"there is no Coordinator in {home.root}")


async def _left(home: Home, page: Page, role: Role, words: tuple[str, ...]) -> str:
    pid = daemons.holder(home, role)
    if pid is not None and service_of(pid):
        raise Conflict(
            f"the {role} node is a service, which would start it again",
            hint=f"first: postdevai service uninstall {role}",
        )
    if pid is not None:
        with steps(page, f"stopping the {role} node"):
            page.show(line(f"{role:<12}", await daemons.stop(pid, role)))
    try:
        with steps(page, f"handing on what the {role} holds"):
            return (await codes.run_node(role, *words, "--home", str(home.root))).strip()
    except PostDevAIError:
        if pid is not None:
            child = daemons.start(role, home, with_parent=False)
            await daemons.until_ready(child, home, lambda _: None)
            page.show(line(f"The {role} node does not leave; it was started again."))
        raise
