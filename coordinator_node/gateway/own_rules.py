"""The owner's own rules for tools: HOME/coordinator/policies/*.cedar, looked at each second."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from pathlib import Path

from common.errors import Invalid
from common.rpc import policy
from common.rpc.rules import RuleFile, Rules, checked, shipped
from coordinator_node.gateway.audit import Audit
from coordinator_node.gateway.audit_chain import Act

log = logging.getLogger(__name__)

DIRECTORY = "policies"


class OwnRules:
    """The rules in force. Rules that cannot be read keep the Coordinator from starting; while it
    runs, those of before stay in force, and the log says what is wrong."""

    def __init__(self, directory: Path, audit: Audit) -> None:
        self._directory = directory / DIRECTORY
        self._audit = audit
        self._files: tuple[RuleFile, ...] = ()
        self._rules = policy.shipped()
        self._refused: tuple[RuleFile, ...] | None = None

    def now(self) -> Rules:
        """What is shipped and what the owner added."""
        return self._rules

    def files(self) -> tuple[RuleFile, ...]:
        """The owner's, as they are in force."""
        return self._files

    async def open(self) -> None:
        """Reads them for the first time; Invalid, naming the file, where one is none."""
        found = await asyncio.to_thread(self._read)
        if found:
            await self._take(found)

    async def refresh(self) -> None:
        """Reads them again where they have changed."""
        found = await asyncio.to_thread(self._read)
        if found in (self._files, self._refused):
            return
        try:
            await self._take(found)
        except Invalid as error:
            self._refused = found
            log.error("the owner's rules stay as they were: %s", error.message)
            await self._audit.append(
                Act("owner", "policy", _names(found), "refused", error.message)
            )

    async def _take(self, found: tuple[RuleFile, ...]) -> None:
        rules = Rules(shipped(), checked(found)) if found else policy.shipped()
        text = "".join(file.text for file in found)
        hashed = hashlib.sha256(text.encode()).hexdigest()[:16]
        await self._audit.append(Act("owner", "policy", _names(found), reason=f"sha256 {hashed}"))
        self._rules, self._files, self._refused = rules, found, None

    def _read(self) -> tuple[RuleFile, ...]:
        try:
            return tuple(
                RuleFile(path.name, path.read_text("utf-8"))
                for path in sorted(self._directory.glob("*.cedar"))
            )
        except (OSError, UnicodeDecodeError) as error:
            raise Invalid(f"the owner's rules in {self._directory} cannot be read") from error


def _names(files: tuple[RuleFile, ...]) -> str:
    return ", ".join(file.name for file in files) or "none"
