"""`uninstall`: takes away what PostDevAI wrote on this machine, and says first what is lost.

The program itself, its Python environment and models that other meshes share are left: the last
are named, with the line that removes them.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from common.daemon.home import Home, models_directory
from developer_node.front.completion import installing as completion
from developer_node.front.completion.installing import Shell
from developer_node.front.output_words import count, size
from developer_node.front.shell.recorded import installing as recorded

SHELLS: tuple[Shell, ...] = ("bash", "zsh", "fish")
OURS = frozenset(("coordinator", "dragon", "developer", "ports.json"))
"""One of them tells that a directory is a HOME and not somebody's own."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that goes."""

    what: str
    where: str


def losses(home: Home, *, everything: bool) -> list[Loss]:
    """What would go, so that a person can say yes or no."""
    found = [
        Loss("the line that records new terminals", str(path)) for path in _rc_files(recorded.SIGN)
    ]
    for shell in SHELLS:
        if completion.script_file(shell).is_file():
            found.append(Loss(f"completion for {shell}", str(completion.script_file(shell))))
    if everything:
        files, held = _weight(home.root)
        said = f"everything that was recorded and learned: {count(files, 'file')}, {size(held)}"
        found.append(Loss(said, str(home.root)))
    return found


def take_lines_out() -> Iterator[str]:
    """The shells are as they were; what was done, in sentences."""
    for path in _rc_files(recorded.SIGN):
        kept = [one for one in _lines(path) if not one.rstrip().endswith(recorded.SIGN)]
        _write(path.resolve(), "".join(kept))
        yield f"{path}: took the line out"
    for shell in SHELLS:
        yield from completion.uninstall(shell)


def remove(home: Home) -> Iterator[str]:
    """HOME and what lies beside it in memory. Nothing may run there any more."""
    home.leave_runtime_directory()
    if not is_ours(home):
        yield f"{home.root} was left: it does not look like a directory of PostDevAI"
        return
    shutil.rmtree(home.root)
    yield f"{home.root}: removed"
    models = models_directory()
    if models.is_dir():
        held = size(_weight(models)[1])
        yield f"Models are left, other meshes may share them ({held}). To remove: rm -r {models}"


def is_ours(home: Home) -> bool:
    """Whether HOME holds what a mesh writes, or nothing at all."""
    names = {entry.name for entry in os.scandir(home.root)}
    return not names or bool(names & OURS)


def _rc_files(sign: str) -> Iterator[Path]:
    for shell in SHELLS:
        path = recorded.rc_file(shell)
        if path is not None and any(one.rstrip().endswith(sign) for one in _lines(path)):
            yield path


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").splitlines(keepends=True)
    except (OSError, UnicodeDecodeError):
        return []


def _write(path: Path, text: str) -> None:
    """At once or not at all; a file that our line was all of is removed."""
    if not text:
        path.unlink()
        completion.leave_empty(path.parent)
        return
    draft = path.with_name(f".{path.name}.postdevai")
    draft.write_text(text, "utf-8")
    draft.chmod(stat.S_IMODE(path.stat().st_mode))
    draft.replace(path)


def _weight(root: Path) -> tuple[int, int]:
    """Files below, and their bytes."""
    files = held = 0
    for directory, _, names in os.walk(root):
        for name in names:
            files += 1
            held += os.lstat(os.path.join(directory, name)).st_size
    return files, held
