"""`uninstall`: takes away what PostDevAI wrote on this machine, and says first what is lost.

The program itself, its Python environment and models that other meshes share are left: the last
are named, with the line that removes them. So is what lies in HOME and is not ours.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from common.daemon.home import Home, models_directory
from developer_node.front import marked_lines, own_names
from developer_node.front.completion import installing as completion
from developer_node.front.completion.installing import Shell
from developer_node.front.output_words import count, size
from developer_node.front.service.files import ROLES
from developer_node.front.service.services import Services
from developer_node.front.shell.recorded import installing as recorded

SHELLS: tuple[Shell, ...] = ("bash", "zsh", "fish")


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
    found += [
        Loss(f"the service of the {unit.role} node", str(unit.path))
        for unit in Services(home).mine(ROLES)
    ]
    for shell in SHELLS:
        if completion.script_file(shell).is_file():
            found.append(Loss(f"completion for {shell}", str(completion.script_file(shell))))
    if everything:
        files, held = _weight(own_names.held(home.root).ours)
        said = f"everything that was recorded and learned: {count(files, 'file')}, {size(held)}"
        found.append(Loss(said, str(home.root)))
    return found


def remove_services(home: Home) -> Iterator[str]:
    """Stopped and removed, before the nodes are: what was done, in sentences."""
    said: list[str] = []
    Services(home).uninstall(ROLES, lambda role, told: said.append(f"{role} service: {told}"))
    yield from said


def take_lines_out() -> Iterator[str]:
    """The shells are as they were; what was done, in sentences."""
    for path in _rc_files(recorded.SIGN):
        try:
            _without_line(path.resolve())
            yield f"{path}: took the line out"
        except OSError as error:
            yield f"{path} was left as it is: {error.strerror}"
    for shell in SHELLS:
        try:
            yield from completion.uninstall(shell)
        except OSError as error:
            yield f"{error.filename} was left as it is: {error.strerror}"


def remove(home: Home) -> Iterator[str]:
    """What is ours in HOME and beside it in memory; HOME itself when nothing else is in it.

    Nothing may run there any more.
    """
    home.leave_runtime_directory()
    found = own_names.held(home.root)
    if not found.is_home:
        yield f"{home.root} was left: it does not look like a directory of PostDevAI"
        return
    for path in found.ours:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    emptied = [_left_empty(path) for path in (*found.shared, home.root)]
    if emptied[-1]:
        yield f"{home.root}: removed"
    elif not found.others:
        yield f"{home.root}: emptied; the directory itself was left"
    else:
        yield f"{home.root}: took out what PostDevAI wrote. The rest is not its own and was left:"
        yield from (f"  {path}" for path in found.others)
    models = models_directory()
    if models.is_dir():
        held = size(_weight((models,))[1])
        yield f"Models are left, other meshes may share them ({held}). To remove: rm -r {models}"


def stays(home: Home) -> tuple[Path, ...]:
    """What lies in HOME and is not ours."""
    return own_names.held(home.root).others


def is_ours(home: Home) -> bool:
    """Whether HOME holds what a mesh writes, or nothing at all."""
    return own_names.held(home.root).is_home


def _left_empty(directory: Path) -> bool:
    try:
        directory.rmdir()
    except OSError:
        return False
    return True


def _rc_files(sign: str) -> Iterator[Path]:
    for shell in SHELLS:
        path = recorded.rc_file(shell)
        if path is not None and marked_lines.has(_bytes(path), sign):
            yield path


def _bytes(path: Path) -> bytes:
    try:
        return marked_lines.read(path)
    except OSError:
        return b""


def _without_line(path: Path) -> None:
    """A file that our line was all of is removed."""
    text = marked_lines.without(marked_lines.read(path), recorded.SIGN)
    if text:
        marked_lines.replace(path, text)
        return
    path.unlink()
    completion.leave_empty(path.parent)


def _weight(roots: Iterable[Path]) -> tuple[int, int]:
    """Files there and below, and their bytes."""
    files = held = 0
    for root in roots:
        if not root.is_dir() or root.is_symlink():
            files, held = files + 1, held + root.lstat().st_size
            continue
        for directory, _, names in os.walk(root):
            for name in names:
                files += 1
                held += os.lstat(os.path.join(directory, name)).st_size
    return files, held
