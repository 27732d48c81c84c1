"""The environment that a command failed in, found again among those that are here now."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from common.model.ids import content_hash
from common.model.remedy import RemedyMaterial
from developer_node.proof.hindrance import Hindrance
from developer_node.text.environment import find_python, lock_hash, packages_blob, variables_blob

NAMES_MAX = 5
_VIRTUAL = (".venv", "venv", "env")
_NEVER = ("POSTDEVAI_", "DBUS_", "SSH_", "XDG_RUNTIME")
_ALWAYS = ("LANG", "LC_ALL", "LC_CTYPE", "USER", "LOGNAME", "SHELL", "TZ")


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is known of the environment then."""

    interpreter: str
    packages: str
    """Content hash; empty when not known."""
    variables: Mapping[str, str]
    """Keyed hash by name."""
    lock_hash: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Variables for the sandbox, and which recorded ones are not known any more."""

    variables: dict[str, str]
    lost: tuple[str, ...] = ()

    def sentence(self) -> str:
        """Which variables are lost, for people; empty when none is."""
        if not self.lost:
            return ""
        more = f" and {len(self.lost) - NAMES_MAX} more" if len(self.lost) > NAMES_MAX else ""
        return f"set otherwise then: {', '.join(self.lost[:NAMES_MAX])}{more}"


def recorded(material: RemedyMaterial, variables: bytes) -> Recorded:
    """From the material and the blob of its variables."""
    lines = (line.partition("=") for line in variables.decode("utf-8", "replace").splitlines())
    named = {name: hashed for name, _, hashed in lines}
    return Recorded(material.interpreter, material.packages, named, material.lock_hash)


def find(
    then: Recorded, command: str, cwd: Path, root: Path, key: bytes, own: Mapping[str, str]
) -> Surroundings:
    """The one of today's environments that equals the recorded one.

    The daemon knows no shell: PATH is guessed from its own and the virtual environments around.
    Hindrance, with what differs, when no guess leads to the same interpreter and packages.
    """
    argv = _program(command)
    nearest = ""
    candidates = list(_candidates(cwd, root, own))
    candidates.sort(key=lambda c: -_agreement(c, then, key))
    for candidate in candidates:
        differs = _differs(then, argv, cwd, candidate)
        if not differs:
            return _surroundings(candidate, then, key)
        nearest = nearest or differs
    raise Hindrance(f"the environment differs: {nearest}")


def check_locks(then: Recorded, tree: Path) -> None:
    """Hindrance when the rebuilt tree's lock files are not those that were recorded."""
    if lock_hash(tree) != then.lock_hash:
        raise Hindrance("the environment differs: lock files that git does not know have changed")


def usual(cwd: Path, root: Path, own: Mapping[str, str]) -> Surroundings:
    """Today's environment, for a fix of the past: nothing was recorded of its own."""
    candidate = next(_candidates(cwd, root, own))
    names = ("PATH", "VIRTUAL_ENV", *_ALWAYS)
    return Surroundings({n: candidate[n] for n in names if n in candidate})


def _candidates(cwd: Path, root: Path, own: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The nearest virtual environment first, the daemon's own PATH last."""
    base = {n: v for n, v in own.items() if not n.startswith(_NEVER) and n != "VIRTUAL_ENV"}
    base.setdefault("PATH", os.defpath)
    around = (d for d in (cwd, *cwd.parents) if d.is_relative_to(root))
    for directory in around:
        for name in _VIRTUAL:
            place = directory / name
            if (place / "bin" / "python").exists():
                path = f"{place / 'bin'}:{base['PATH']}"
                yield base | {"PATH": path, "VIRTUAL_ENV": os.fspath(place)}
    if "VIRTUAL_ENV" in own:
        yield base | {"VIRTUAL_ENV": own["VIRTUAL_ENV"]}
    yield base


def _agreement(candidate: Mapping[str, str], then: Recorded, key: bytes) -> int:
    """How many recorded variables it has with the same value: PATH tells most."""
    hashed = _hashed(candidate, key)
    same = sum(1 for name, value in hashed.items() if then.variables.get(name) == value)
    return same + 1000 * ("PATH" in hashed and then.variables.get("PATH") == hashed["PATH"])


def _differs(then: Recorded, argv: list[str], cwd: Path, candidate: Mapping[str, str]) -> str:
    if not then.interpreter:
        return ""
    python = find_python(argv, cwd, candidate)
    if python.name != then.interpreter:
        return f"{then.interpreter} then, {python.name or 'no Python'} now"
    if then.packages and content_hash(packages_blob(python)) != then.packages:
        return "other packages are installed now"
    return ""


def _surroundings(candidate: Mapping[str, str], then: Recorded, key: bytes) -> Surroundings:
    hashed = _hashed(candidate, key)
    same = {n: candidate[n] for n, value in hashed.items() if then.variables.get(n) == value}
    needed = {n: candidate[n] for n in ("PATH", "VIRTUAL_ENV", *_ALWAYS) if n in candidate}
    given = needed | same
    known = {n for n in given if then.variables.get(n) == hashed.get(n)} | {
        "HOME",
        "TMPDIR",
        "PATH",
    }
    return Surroundings(given, tuple(sorted(set(then.variables) - known)))


def _hashed(candidate: Mapping[str, str], key: bytes) -> dict[str, str]:
    lines = variables_blob(candidate, key).decode("utf-8", "replace").splitlines()
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def _program(command: str) -> list[str]:
    """The words of the command, without assignments before it."""
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    while words and "=" in words[0].split("/")[0]:
        words = words[1:]
    return words or ["sh"]
