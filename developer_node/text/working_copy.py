"""Working copies: where one begins, how it is named, and what tells which project it belongs to."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from common.errors import Missing, Unavailable
from common.model.ids import WorkingCopyId, working_copy_id
from developer_node.text.git import git, text_of

if TYPE_CHECKING:
    from common.model.event import WorkingCopySeen

ROOT_COMMITS_MAX = 32
_REMOTE = re.compile(r"^(?P<name>\S+)\t(?P<url>.+?) \(fetch\)")
_SCP_LIKE = re.compile(r"^(?:[^@/]+@)?(?P<host>\[[0-9a-fA-F:]+\]|[^:/]+):(?P<path>(?!//).+)$")
_DEFAULT_PORTS = {"ssh": 22, "https": 443, "http": 80, "git": 9418}


def machine_id(home_root: Path) -> str:
    """The random name of this machine's HOME, made by whoever asks first."""
    return made_once(home_root / "developer" / "machine_id", os.urandom(16).hex())


def made_once(path: Path, draft: str) -> str:
    """What the file holds; where there is none, `draft` becomes its content for good."""
    with suppress(FileNotFoundError):
        if text := path.read_text("ascii").strip():
            return text
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "w", encoding="ascii") as file:
        file.write(draft + "\n")
    try:
        os.link(beside, path)  # fails when somebody else was first
    except FileExistsError:
        pass
    finally:
        beside.unlink()
    return path.read_text("ascii").strip()


def find_root(cwd: Path) -> Path | None:
    """The top of the working copy that holds `cwd`; None outside any, also in a bare one."""
    resolved = cwd.resolve()
    for directory in (resolved, *resolved.parents):
        mark = directory / ".git"
        if mark.is_file() or (mark / "HEAD").exists() or (mark / "HEAD").is_symlink():
            return directory
    return None


def working_copy(home_root: Path, root: Path) -> WorkingCopyId:
    """The name of the clone at `root` on this machine."""
    return working_copy_id(machine_id(home_root), os.fspath(root.resolve()))


def evidence(root: Path) -> WorkingCopySeen:
    """What git knows of the clone at `root`; without git only its path and machine."""
    from common.model.event import WorkingCopySeen  # the recorder's prompt waits for imports here

    path, machine = os.fspath(root.resolve()), os.uname().nodename
    try:
        shallow = _said(root, "rev-parse", "--is-shallow-repository") == "true"
        return WorkingCopySeen(
            path=path,
            machine=machine,
            remotes=_remotes(root),
            roots=() if shallow else _roots(root),
            shallow=shallow,
            head=_said(root, "rev-parse", "--verify", "--quiet", "HEAD"),
            branch=_said(root, "symbolic-ref", "--short", "--quiet", "HEAD"),
        )
    except Unavailable:
        return WorkingCopySeen(path=path, machine=machine)


def normalise_remote(url: str) -> str:
    """host/owner/name of a remote, without credentials or `.git`; empty for a path on this disk."""
    if "://" in url:
        parts = urlsplit(url)
        if parts.scheme == "file" or not parts.hostname:
            return ""
        host, path = parts.hostname.lower(), parts.path
        if parts.port and parts.port != _DEFAULT_PORTS.get(parts.scheme.removeprefix("git+")):
            host = f"{host}:{parts.port}"
    else:
        found = _SCP_LIKE.match(url)
        if not found or url.startswith((".", "/", "~")):
            return ""
        host, path = found["host"].strip("[]").lower(), found["path"]
    name = path.strip("/").removesuffix(".git").strip("/")
    return f"{host}/{name}" if name else ""


def _remotes(root: Path) -> tuple[str, ...]:
    urls = (_REMOTE.match(line) for line in _said(root, "remote", "-v").splitlines())
    return tuple(sorted({n for m in urls if m and (n := _normalised_or_empty(m["url"]))}))


def _normalised_or_empty(url: str) -> str:
    try:
        return normalise_remote(url)
    except ValueError:  # not a URL at all, such as a port of letters
        return ""


def _roots(root: Path) -> tuple[str, ...]:
    found = _said(root, "rev-list", "--max-parents=0", "HEAD").split()
    return tuple(sorted(found)[:ROOT_COMMITS_MAX])


def _said(root: Path, *arguments: str) -> str:
    try:
        return text_of(git(root, arguments)).strip()
    except Missing:  # no commits, no branch, no remote: nothing to say
        return ""
