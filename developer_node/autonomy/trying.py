"""Whether a remedy of the past mends what failed just now: red without it, green with it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from common.model.event import CommandFinished, Ground, Output
from common.model.failure import Failure, Remedy
from developer_node.autonomy.patches import apply
from developer_node.proof.hindrance import Hindrance
from developer_node.proof.prepared import About, Prepared
from developer_node.proof.rows import Rows
from developer_node.proof.shown import shown
from developer_node.proof.surroundings import Recorded, find
from developer_node.proof.trees import Tree
from developer_node.proof.workbench import Workbench
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
class ActCase:
    """What failed just now on a clean tree, and the change of the past that may mend it."""

    root: Path
    ran: CommandFinished
    failure: Failure
    remedy: Remedy
    variables: Mapping[str, str]
    """Keyed hashes of what the command ran with, by name."""
    home: Path

    async def prepare(self, directory: Path) -> Prepared:
        """Both trees; Hindrance when what failed is not what is committed."""
        return await asyncio.to_thread(self._rebuild, directory)

    def _rebuild(self, directory: Path) -> Prepared:
        ran, ground = self.ran, self.ran.ground or Ground()
        root, cwd = self.root.resolve(), Path(os.path.realpath(ran.cwd))
        if not cwd.is_relative_to(root):
            raise Hindrance(f"it ran in {ran.cwd}, outside the working copy")
        then = Recorded(ground.interpreter, ground.packages, self.variables, ground.lock_hash)
        key = made_once(self.home / "developer" / "variables_key", os.urandom(32).hex())
        around = find(then, ran.command, cwd, root, bytes.fromhex(key), os.environ)
        failing, mended = (_at(root, directory / name, ground) for name in ("failing", "mended"))
        apply(self.remedy.diff, mended.files)
        return Prepared(
            failing=failing.files,
            mended=mended.files,
            root=root,
            cwd=cwd,
            command=ran.command,
            paths=tuple(p for p in self.remedy.paths if (mended.files / p).exists()),
            surroundings=around,
            shown=shown(root, failing.entries()),
            choice=lambda tried: self.failure,
        )


async def attempt(bench: Workbench, case: ActCase, directory: Path) -> Outcome:
    """Six runs at most, in a sandbox; `directory` is empty and the caller's to remove."""
    rows = Rows(TIMEOUT_S)
    async with aclosing(bench.work(case, directory, rows)) as working:
        async for _ in working:
            pass
    return _outcome(rows, case.ran.command)


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
