"""The Coordinator's own identity: it holds the CA key, so it issues its own leaf."""

from __future__ import annotations

import asyncio
from pathlib import Path

from common.daemon.files import write_private
from common.model.node import Identity
from common.rpc.certificates import (
    Credential,
    key_from_pem,
    key_to_pem,
    new_key,
    node_id,
    public_to_pem,
    read_credential,
)
from coordinator_node.gateway.authority import Authority

LOOK_S = 30.0


class OwnIdentity:
    """A fresh leaf at every start, and again at two thirds of its term."""

    def __init__(self, directory: Path, authority: Authority) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = directory / "key.pem"
        if not path.exists():
            write_private(path, key_to_pem(new_key()))
        self._key = key_from_pem(path.read_bytes())
        self._directory = directory
        self._authority = authority
        public = self._key.public_key()
        self._identity = Identity(authority.mesh, "coordinator", node_id(public))
        self._credential = self._issued()

    @staticmethod
    def id_in(directory: Path) -> str:
        """Of the Coordinator whose key is there; empty when none was made yet."""
        path = directory / "key.pem"
        return node_id(key_from_pem(path.read_bytes()).public_key()) if path.exists() else ""

    @property
    def identity(self) -> Identity:
        """Who the Coordinator is."""
        return self._identity

    @property
    def public_pem(self) -> str:
        """Its public key."""
        return public_to_pem(self._key.public_key()).decode()

    @property
    def credential(self) -> Credential:
        """What it shows now."""
        return self._credential

    async def keep_renewed(self) -> None:
        """Issues a new leaf at two thirds of each term, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            shown = self._credential
            due_ms = shown.not_before_ms + (shown.not_after_ms - shown.not_before_ms) * 2 // 3
            if self._authority.clock.now_ms() >= due_ms:
                self._credential = await asyncio.to_thread(self._issued)

    def _issued(self) -> Credential:
        leaf_pem = self._authority.issue(self._identity, self._key.public_key())
        write_private(self._directory / "leaf.pem", leaf_pem)
        write_private(self._directory / "ca.pem", self._authority.ca_pem)
        return read_credential(key_to_pem(self._key), leaf_pem, self._authority.ca_pem)
