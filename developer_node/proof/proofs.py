"""Tries a remedy again, from what was recorded to a verdict that says why."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from common.clock import Clock
from common.errors import Denied, Invalid, Missing
from common.model.event import CommandFinished
from common.model.ids import ContentHash, WorkingCopyId
from common.model.remedy import ProofProgress, ProofStep, ProofTarget, RemedyMaterial
from developer_node.proof.machine import of_this_machine
from developer_node.proof.mined import MinedCase, mined_case
from developer_node.proof.recorded import RecordedCase
from developer_node.proof.rows import Rows
from developer_node.proof.sandbox import Sandbox
from developer_node.proof.workbench import Workbench
from developer_node.text.working_copy import find_root, working_copy
from developer_node.watch.ports import Record, event_of

TIMEOUT_S = 120.0
"""Of one run, unless the person says otherwise."""
CONSENT = "it runs the recorded command again, in a sandbox without network"


LEFTOVERS = ("proofs", "tries")
"""Below HOME/developer: files of working copies in clear, for as long as one proof or act takes."""


def remove_leftovers(directory: Path) -> None:
    """At a daemon's start: what one that was killed in a proof, or in trying a remedy, left."""
    for name in LEFTOVERS:
        shutil.rmtree(directory / name, ignore_errors=True)


class Dragon(Protocol):
    """Who knows what was recorded."""

    async def material(self, remedy_id: str) -> RemedyMaterial: ...


class Contents(Protocol):
    """Where recorded contents are fetched."""

    async def blob(self, content: ContentHash) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Proofs:
    """One at a time; a second asker waits its turn."""

    home: Path
    dragon: Dragon
    contents: Contents
    record: Record
    known: Callable[[], dict[str, WorkingCopyId]]
    """Working copies of this machine, by path."""
    redact: Callable[[str], str]
    interpret: Callable[[CommandFinished, str], CommandFinished]
    clock: Clock
    sandboxes: Sequence[Sandbox] = field(default_factory=of_this_machine)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def prove(self, target: ProofTarget) -> AsyncGenerator[ProofStep]:
        """Progress, then a ProofFinished that is recorded. Closing it ends the runs."""
        if not target.consent:
            raise Denied(
                f"a proof needs your consent: {CONSENT}", hint="Say yes to it, or pass --yes."
            )
        if bool(target.remedy_id) == bool(target.commit):
            raise Invalid("name a remedy, or a path and a commit", field="remedy_id")
        if self._turn.locked():
            yield _rebuilding("Another proof is under way; this one waits its turn.")
        async with self._turn:
            directory = await asyncio.to_thread(self._fresh)
            rows = Rows(target.timeout_s or TIMEOUT_S)
            try:
                case, name = await self._case(target)
                yield _rebuilding(f"Rebuilding the files of {case.what}.")
                bench = Workbench(self.home, self.sandboxes, self.interpret, self.redact)
                async with aclosing(bench.work(case, directory, rows)) as trying:
                    async for progress in trying:
                        yield ProofStep(progress)
            finally:
                await asyncio.shield(asyncio.to_thread(shutil.rmtree, directory, True))
            finished = rows.finished(case.about)
            await self.record([(event_of(finished, name, self.clock.now_ms()), {})])
            yield ProofStep(finished)

    async def _case(self, target: ProofTarget) -> tuple[RecordedCase | MinedCase, WorkingCopyId]:
        if target.commit:
            root = find_root(Path(target.path or "."))
            if root is None:
                raise Missing(
                    f"{target.path} is in no working copy", hint="Name one of your clones."
                )
            case = await asyncio.to_thread(mined_case, root, target.commit)
            return case, working_copy(self.home, root)
        material = await self.dragon.material(target.remedy_id)
        root = self._here(material)
        return RecordedCase(material, root, self.home, self.contents), material.working_copy

    def _here(self, material: RemedyMaterial) -> Path:
        """Where the failing working copy lies; Missing when that is not on this machine."""
        for path, name in self.known().items():
            if name == material.working_copy:
                return Path(path)
        root = Path(material.root)
        if (
            material.root
            and root.is_dir()
            and material.working_copy == working_copy(self.home, root)
        ):
            return root
        raise Missing(
            f"it failed in {material.root or 'a working copy'}, which is not here",
            hint="Prove it on the machine where it failed.",
        )

    def _fresh(self) -> Path:
        """A new directory; what a killed daemon left behind goes first."""
        proofs = self.home / "developer" / "proofs"
        shutil.rmtree(proofs, ignore_errors=True)
        directory = proofs / os.urandom(8).hex()
        directory.mkdir(mode=0o700, parents=True)
        return directory


def _rebuilding(sentence: str) -> ProofStep:
    return ProofStep(ProofProgress("rebuilding", 0, 1, sentence))
