"""Where unit files lie, and what one that lies there says."""

from __future__ import annotations

import os
import plistlib
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from xml.parsers.expat import ExpatError

from common.model.node import Role
from developer_node.front.service import launchd_unit, systemd_unit
from developer_node.front.service.unit import Kind, Scope, Unit

ROLES: tuple[Role, ...] = ("coordinator", "dragon", "developer")
SCOPES: tuple[Scope, ...] = ("user", "system")


@dataclass(frozen=True, slots=True)
class Found:
    """A unit file of ours that is there."""

    role: Role
    kind: Kind
    scope: Scope
    path: Path
    home: Path | None
    """Whose nodes it runs; None when it does not say."""
    program: Path | None
    fault: str = ""
    """Why it cannot be read."""


def of_home(found: Found, home: Path) -> bool:
    """Whether a unit runs nodes of that HOME, by whichever path it is named."""
    return found.home is not None and found.home.resolve() == home.resolve()


def directory(kind: Kind, scope: Scope, root: Path | None = None) -> Path:
    """Where the manager looks; below `root` when that is given."""
    if kind == "launchd":
        agents = Path.home() / "Library" / "LaunchAgents"
        place = Path("/Library/LaunchDaemons") if scope == "system" else agents
    elif scope == "system":
        place = Path("/etc/systemd/system")
    else:
        config = os.environ.get("XDG_CONFIG_HOME", "")
        base = Path(config) if os.path.isabs(config) else Path.home() / ".config"
        place = base / "systemd" / "user"
    return root / place.relative_to("/") if root else place


def file_name(role: Role, kind: Kind) -> str:
    """Of the unit of a node."""
    return f"postdevai-{role}.service" if kind == "systemd" else f"com.postdevai.{role}.plist"


def content(unit: Unit, version: int) -> bytes:
    """Of the unit's file."""
    if unit.kind == "systemd":
        return systemd_unit.text(unit, version).encode()
    return launchd_unit.plist(unit)


def found(kind: Kind, root: Path | None = None) -> list[Found]:
    """Every unit of ours on this machine, whatever HOME it belongs to."""
    there: list[Found] = []
    for scope in SCOPES:
        for role in ROLES:
            path = directory(kind, scope, root) / file_name(role, kind)
            if path.is_file():
                there.append(read(path, role, kind, scope))
    return there


def read(path: Path, role: Role, kind: Kind, scope: Scope) -> Found:
    """What a unit file says; a fault where it makes no sense."""
    try:
        words, home = parsed(kind, path.read_bytes())
    except (OSError, ValueError, ExpatError) as error:
        return Found(role, kind, scope, path, None, None, str(error) or type(error).__name__)
    if not words or not home:
        return Found(role, kind, scope, path, None, None, "it names no program, or no HOME")
    return Found(role, kind, scope, path, Path(home), Path(words[0]))


def remove(path: Path) -> None:
    """The unit's file, and the links by which systemd starts it."""
    for link in path.parent.glob(f"*.wants/{path.name}"):
        link.unlink()
    path.unlink(missing_ok=True)


def parsed(kind: Kind, data: bytes) -> tuple[list[str], str]:
    """The command line of a unit of ours and its HOME; ValueError when it makes no sense."""
    return _systemd(data) if kind == "systemd" else _launchd(data)


def with_program(kind: Kind, data: bytes, program: Path) -> bytes:
    """A unit that runs another program, and says the rest as it did."""
    words = [str(program), *parsed(kind, data)[0][1:]]
    if kind == "launchd":
        said = plistlib.loads(data)
        return plistlib.dumps(said | {"ProgramArguments": words}, sort_keys=False)
    line = f"ExecStart={systemd_unit.command(words)}"
    return re.sub(r"^ExecStart=.*$", lambda _: line, data.decode(), flags=re.M).encode()


def settings(text: str) -> list[str]:
    """NAME=VALUE of every setting in the text of one of systemd's units."""
    lines = re.findall(r"^Environment=(.*)$", text, re.M)
    return [word for each in lines for word in _split(each)]


def _launchd(data: bytes) -> tuple[list[str], str]:
    try:
        said = plistlib.loads(data)
        return list(said["ProgramArguments"]), str(said["EnvironmentVariables"]["POSTDEVAI_HOME"])
    except (KeyError, TypeError, plistlib.InvalidFileException) as error:
        raise ValueError(f"it is no property list of ours: {error}") from error


def _systemd(data: bytes) -> tuple[list[str], str]:
    text = data.decode()
    started = re.search(r"^ExecStart=(.*)$", text, re.M)
    named: dict[str, str] = {}
    for each in settings(text):
        name, _, value = each.partition("=")
        named[name] = value
    words = [word.replace("$$", "$") for word in _split(started[1])] if started else []
    return words, named.get("POSTDEVAI_HOME", "")


def _split(line: str) -> list[str]:
    return [word.replace("%%", "%") for word in shlex.split(line)]
