"""This node's identity on disk, and how it stays valid.

DIRECTORY/key.pem     the enrolled key, for life
DIRECTORY/ca.pem      the mesh's CA
DIRECTORY/mesh.json   where the Coordinator was, who it is, the enrolment certificate's hash
DIRECTORY/leaf.pem    the leaf; written last, so that it is there only when all of it is
DIRECTORY/owner.json  what the owner's part of the code said, where it had one; see sealed/kept.py
DIRECTORY/coordinators.json   see told_coordinators.py
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from common.clock import Clock, SystemClock
from common.daemon.files import write_private
from common.daemon.home import Home
from common.errors import Corrupt, Denied, Missing, Unavailable
from common.model.node import CoordinatorAddress, Identity, Role
from common.rpc import pinned
from common.rpc.certificates import (
    Credential,
    key_from_pem,
    key_to_pem,
    new_key,
    read_credential,
    read_leaf,
)
from common.rpc.join_code import read_code
from common.rpc.owner_code import owners_word
from common.rpc.sealed.kept import WORD
from common.rpc.told_coordinators import keep_told, merged, of_mesh, read_told

log = logging.getLogger(__name__)

LOOK_S = 30.0
"""How often the clock is read: a laptop's sleep would outlast one long wait."""


@dataclass(frozen=True, slots=True)
class MeshInfo:
    """Where the Coordinator was found, and who it is."""

    coordinator_address: str
    coordinator_identity: str
    enrolment_address: str
    enrolment_pin: str
    """SHA-256 of the enrolment certificate, hex."""


class NodeIdentity:
    """This node's key, leaf and CA. Made by `open`; kept in term by `keep_renewed`."""

    def __init__(
        self,
        directory: Path,
        identity: Identity,
        mesh: MeshInfo,
        credential: Credential,
        clock: Clock,
    ) -> None:
        self._directory = directory
        self._identity = identity
        self._mesh = mesh
        self._credential = credential
        self._clock = clock
        self._told = read_told(directory, identity.mesh)

    @classmethod
    async def join(cls, directory: Path, join_file: Path | None) -> NodeIdentity:
        """As `open`, with the code in a file, which is removed only once it has been spent."""
        if join_file is None:
            return await cls.open(directory)
        opened = await cls.open(directory, code=await asyncio.to_thread(_code_in, join_file))
        await asyncio.to_thread(join_file.unlink, missing_ok=True)
        return opened

    @classmethod
    async def open(
        cls,
        directory: Path,
        *,
        code: str = "",
        clock: Clock | None = None,
        roles: Sequence[Role] = (),
    ) -> NodeIdentity:
        """This node's identity, with a leaf that is in term.

        Enrols with the code when the directory holds none (Missing without a code; Invalid, and
        the code stays good, when it is for none of the `roles` that were named); renews past
        two thirds of the leaf's term, also after its end. Unavailable when that is needed and
        the Coordinator is away, Denied when it refuses.
        """
        clock = clock or SystemClock()
        if not (directory / "leaf.pem").exists():
            await _enrol(directory, code, clock, roles)
        found = await asyncio.to_thread(_read, directory, clock)
        await found._renew_on_opening()
        return found

    @property
    def identity(self) -> Identity:
        """Who this node is."""
        return self._identity

    @property
    def directory(self) -> Path:
        """Where it is kept, and what else the node keeps beside it."""
        return self._directory

    @property
    def credential(self) -> Credential:
        """What it shows now; another object after each renewal."""
        return self._credential

    @property
    def mesh(self) -> MeshInfo:
        """Where the Coordinator is: as it says itself where it runs in the same HOME."""
        ready = Home(self._directory.parent.parent).ready("coordinator")
        if ready is None or ready.extra.get("identity") != self._mesh.coordinator_identity:
            return self._mesh
        return replace(
            self._mesh,
            coordinator_address=ready.address,
            enrolment_address=ready.extra["enrolment_address"],
        )

    @property
    def coordinators(self) -> tuple[CoordinatorAddress, ...]:
        """Every Coordinator that is known: as they last said it, then as this node joined."""
        mesh = self.mesh
        joined = CoordinatorAddress(
            mesh.coordinator_identity, (mesh.coordinator_address,), (mesh.enrolment_address,)
        )
        first = [joined] if mesh != self._mesh else []  # it says so itself, here and now
        return merged((*first, *self._told, joined))

    async def learn(self, told: tuple[CoordinatorAddress, ...]) -> None:
        """Keeps where the Coordinators are now, which one of them said."""
        mine = of_mesh(told, self._identity.mesh)
        if not mine or mine == self._told:
            return
        try:
            await asyncio.to_thread(keep_told, self._directory, mine)
        except OSError as error:  # a full disk: it is told again at every start
            log.warning("where the Coordinators are is not kept: %s", error)
        self._told = mine

    @property
    def ended(self) -> str:
        """That its leaf is out of term by this machine's clock, so that nobody takes it; empty
        while it is in term."""
        over_ms = self._clock.now_ms() - self._credential.not_after_ms
        if over_ms < 0:
            return ""
        minutes = max(1, over_ms // 60_000)
        how = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
        return f"this node's certificate ended {how} ago by this machine's clock"

    @property
    def renew_at_ms(self) -> int:
        """Two thirds of the leaf's term."""
        shown = self._credential
        return shown.not_before_ms + (shown.not_after_ms - shown.not_before_ms) * 2 // 3

    async def renew(self) -> None:
        """A new leaf for the same key."""
        shown, mesh = self._credential, self.mesh
        leaf_pem, ca_pem = await pinned.renew(
            self._identity.id,
            key_from_pem(shown.key_pem),
            self._enrolment_addresses,
            mesh.enrolment_pin,
        )
        credential = read_credential(shown.key_pem, leaf_pem, ca_pem)
        if read_leaf(leaf_pem).identity != self._identity:
            raise Corrupt("the new leaf names another node")
        await asyncio.to_thread(_write, self._directory, {"ca.pem": ca_pem, "leaf.pem": leaf_pem})
        self._credential = credential
        log.info("certificate renewed not_after_ms=%d", credential.not_after_ms)

    async def keep_renewed(self) -> None:
        """Renews at two thirds of each term, until cancelled; Denied ends it."""
        while True:
            await asyncio.sleep(LOOK_S)
            if self._clock.now_ms() < self.renew_at_ms:
                continue
            try:
                await self.renew()
            except Unavailable as error:
                log.warning("certificate not renewed: %s", error.message)

    @property
    def _enrolment_addresses(self) -> tuple[str, ...]:
        every = (at for each in self.coordinators for at in each.enrolment_addresses)
        return tuple(dict.fromkeys(every))

    async def _renew_on_opening(self) -> None:
        now_ms = self._clock.now_ms()
        if now_ms < self.renew_at_ms:
            return
        try:
            await self.renew()
        except Unavailable as error:
            if now_ms >= self._credential.not_after_ms:
                raise Unavailable(
                    f"this node's certificate has expired and {error.message}",
                    hint="start the Coordinator, then try again",
                ) from error
            log.warning("certificate not renewed: %s", error.message)


async def _enrol(directory: Path, code: str, clock: Clock, roles: Sequence[Role]) -> None:
    if not code:
        raise Missing(
            "this node has not joined a mesh yet",
            hint="ask for a code with `postdevai invite`, then `postdevai join CODE`",
        )
    parts, owner = read_code(code), owners_word(code)
    key_pem = await asyncio.to_thread(_key, directory)
    given = await pinned.enrol(parts, key_from_pem(key_pem), clock, roles=roles)
    _in_term(read_credential(key_pem, given.leaf_pem, given.ca_pem), clock.now_ms())
    mesh = MeshInfo(
        given.coordinator_address,
        given.coordinator_identity,
        given.enrolment_address,
        parts.pin,
    )
    files = {
        "ca.pem": given.ca_pem,
        "mesh.json": json.dumps(asdict(mesh), indent=1).encode(),
        **({WORD: owner.as_bytes} if owner else {}),
        "leaf.pem": given.leaf_pem,
    }
    await asyncio.to_thread(_write, directory, files)


def _in_term(shown: Credential, now_ms: int) -> None:
    """Denied when this machine's clock is so far off that its certificate would not count here."""
    off_ms = max(shown.not_before_ms - now_ms, 0) or min(shown.not_after_ms - now_ms, 0)
    if off_ms:
        raise Denied(pinned.clock_off(off_ms), hint=pinned.SET_CLOCK)


def _key(directory: Path) -> bytes:
    """The key that an interrupted enrolment left, or a new one: a code is good for one key."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / "key.pem"
    if not path.exists():
        write_private(path, key_to_pem(new_key()))
    return path.read_bytes()


def _code_in(join_file: Path) -> str:
    try:
        return join_file.read_text("utf-8").strip()
    except FileNotFoundError:
        return ""  # spent at an earlier start


def _read(directory: Path, clock: Clock) -> NodeIdentity:
    try:
        key_pem = (directory / "key.pem").read_bytes()
        leaf_pem = (directory / "leaf.pem").read_bytes()
        ca_pem = (directory / "ca.pem").read_bytes()
        mesh = MeshInfo(**json.loads((directory / "mesh.json").read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise Corrupt(f"the identity in {directory} is not whole", hint=_AGAIN) from error
    credential = read_credential(key_pem, leaf_pem, ca_pem)
    return NodeIdentity(directory, read_leaf(leaf_pem).identity, mesh, credential, clock)


def _write(directory: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        write_private(directory / name, data)


_AGAIN = "remove that directory and join again with a new code"
