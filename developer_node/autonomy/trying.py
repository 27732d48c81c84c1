"""Whether a remedy of the past mends what failed just now: red without it, green with it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from common.model.event import CommandFinished, Ground, Output
from common.model.failure import Failure
from developer_node.autonomy.patches import apply
from developer_node.proof.hindrance import Hindrance
from developer_node.proof.prepared import About, Prepared
from developer_node.proof.rows import Rows
from developer_node.proof.sandbox import Sandbox, choose
from developer_node.proof.shown import shown
from developer_node.proof.surroundings import Recorded, find
from developer_node.proof.trees import Tree
from developer_node.text.working_copy import made_once

TIMEOUT_S = 120.0
"""Of one run."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the runs showed."""

    mends: bool
    sentence: str
    output: Output = Output()
    exit_code: int = -1
    """Of the last run; -1 when nothing was run."""


@dataclass(frozen=True, slots=True)
class Workbench:
    """What all tries on this machine have in common."""

    home: Path
    sandboxes: Sequence[Sandbox]
    interpret: Callable[[CommandFinished, str], CommandFinished]
    redact: Callable[[str], str]

    async def attempt(
        self,
        root: Path,
        ran: CommandFinished,
        failure: Failure,
        diff: str,
        variables: Mapping[str, str],
        directory: Path,
    ) -> Outcome:
        """Six runs at most, in a sandbox; `directory` is empty and the caller's to remove."""
        rows = Rows(TIMEOUT_S)
        try:
            sandbox = await asyncio.to_thread(choose, self.sandboxes)
            rows.sandbox = sandbox.name
            prepared = await asyncio.to_thread(
                self._prepare, root, ran, failure, diff, variables, directory
            )
            bench = prepared.bench(
                directory=directory / "runs",
                sandbox=sandbox,
                hidden=(self.home,),
                timeout_s=rows.timeout_s,
                interpret=self.interpret,
                redact=self.redact,
            )
            async with aclosing(rows.fill(prepared, bench)) as filling:
                async for _ in filling:
                    pass
        except Hindrance as hindrance:
            rows.reason = hindrance.sentence
        return _outcome(rows, ran.command)

    def _prepare(
        self,
        root: Path,
        ran: CommandFinished,
        failure: Failure,
        diff: str,
        variables: Mapping[str, str],
        directory: Path,
    ) -> Prepared:
        ground = ran.ground or Ground()
        root, cwd = root.resolve(), Path(os.path.realpath(ran.cwd))
        if not cwd.is_relative_to(root):
            raise Hindrance(f"it ran in {ran.cwd}, outside the working copy")
        then = Recorded(ground.interpreter, ground.packages, variables, ground.lock_hash)
        key = made_once(self.home / "developer" / "variables_key", os.urandom(32).hex())
        around = find(then, ran.command, cwd, root, bytes.fromhex(key), os.environ)
        failing, mended = (_at(root, directory / name, ground) for name in ("failing", "mended"))
        apply(diff, mended.files)
        return Prepared(
            failing=failing.files,
            mended=mended.files,
            root=root,
            cwd=cwd,
            command=ran.command,
            paths=(),
            surroundings=around,
            shown=shown(root, failing.entries()),
            choice=lambda tried: failure,
        )


def _at(root: Path, directory: Path, ground: Ground) -> Tree:
    tree = Tree.of(root, directory)
    tree.read(ground.head)
    if tree.write() != ground.tree:
        raise Hindrance("what failed is not what is committed")
    return tree


def _outcome(rows: Rows, command: str) -> Outcome:
    finished = rows.finished(About("", command))
    codes = [tried.command.exit_codes[-1] for _, tried in rows.runs if tried.command.exit_codes]
    code = codes[-1] if codes else -1
    if finished.verdict == "confirmed":
        said = f"red {finished.red} of {finished.runs} without it, green {finished.green} with it"
        return Outcome(True, said, finished.output, code)
    return Outcome(False, finished.reason, finished.output, code)
