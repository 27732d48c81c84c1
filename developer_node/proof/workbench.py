"""Where a case is tried: a sandbox is chosen, its trees are rebuilt, and the rows are filled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from common.model.event import CommandFinished
from common.model.remedy import ProofProgress
from developer_node.proof.hindrance import Hindrance
from developer_node.proof.prepared import Prepared
from developer_node.proof.rows import Rows
from developer_node.proof.sandbox import Sandbox, check_root, choose


class Case(Protocol):
    """Something that failed, and what may mend it."""

    @property
    def root(self) -> Path:
        """The person's working copy."""
        ...

    async def prepare(self, directory: Path) -> Prepared:
        """Both trees; Hindrance when they cannot be what they were."""
        ...


@dataclass(frozen=True, slots=True)
class Workbench:
    """What all cases on this machine have in common."""

    home: Path
    sandboxes: Sequence[Sandbox]
    interpret: Callable[[CommandFinished, str], CommandFinished]
    redact: Callable[[str], str]

    async def work(self, case: Case, directory: Path, rows: Rows) -> AsyncGenerator[ProofProgress]:
        """A hindrance ends it with its reason; what was seen until then is kept in the rows.

        `directory` is empty, and the caller's to remove. Closing it ends the runs.
        """
        try:
            sandbox = await asyncio.to_thread(choose, self.sandboxes)
            rows.sandbox = sandbox.name
            check_root(case.root.resolve())
            prepared = await case.prepare(directory)
            bench = prepared.bench(
                directory=directory / "runs",
                sandbox=sandbox,
                hidden=(self.home,),
                timeout_s=rows.timeout_s,
                interpret=self.interpret,
                redact=self.redact,
            )
            async with aclosing(rows.fill(prepared, bench)) as filling:
                async for progress in filling:
                    yield progress
        except Hindrance as hindrance:
            rows.reason = hindrance.sentence
