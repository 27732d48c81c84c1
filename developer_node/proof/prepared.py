"""What a case hands over once its files are rebuilt: two trees and how to run the command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from common.model.event import CommandFinished
from common.model.failure import Failure
from developer_node.proof.judging import Tried
from developer_node.proof.sandbox import Sandbox
from developer_node.proof.surroundings import Surroundings
from developer_node.proof.trial import Bench

Choice = Callable[[Tried], Failure | str]
"""The failure that the first red run shows, or why it shows none."""


@dataclass(frozen=True, slots=True)
class About:
    """What a proof is about, for the record."""

    remedy_id: str
    command: str
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Two trees that differ in the remedy alone."""

    failing: Path
    mended: Path
    root: Path
    """Where both of them lay: the person's working copy."""
    cwd: Path
    command: str
    paths: Sequence[str]
    """Of the remedy, without those that it deletes."""
    surroundings: Surroundings
    shown: tuple[Path, ...]
    choice: Choice

    def bench(
        self,
        *,
        directory: Path,
        sandbox: Sandbox,
        hidden: tuple[Path, ...],
        timeout_s: float,
        interpret: Callable[[CommandFinished, str], CommandFinished],
        redact: Callable[[str], str],
    ) -> Bench:
        """What all runs have in common."""
        return Bench(
            directory,
            self.root,
            self.cwd,
            self.command,
            self.surroundings,
            self.shown,
            tuple(path.resolve() for path in hidden),
            sandbox,
            timeout_s,
            interpret,
            redact,
        )
