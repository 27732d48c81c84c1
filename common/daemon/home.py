"""Where a person's mesh lives on this machine.

HOME is POSTDEVAI_HOME or ~/.postdevai, mode 0700. One that is there already and open to others is
refused, not tightened: it may be a directory that others need, such as /tmp. What is in it:
    ROLE.lock              flock, held for a daemon's life
    ROLE/                  a daemon's state, 0700
    ROLE/ready.json        written when it serves, removed when it stops
    ROLE/starts.json       of a service: how often it was started in vain
    ROLE/ROLE.log          what it did
    upgrade/               the state before the last upgrade, and how to go back
    ports.json             ports it took, so that it takes them again
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shlex
import stat
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

import platformdirs

from common.daemon.files import write_private
from common.daemon.locks import is_held, only_instance
from common.errors import Conflict, Denied, Invalid
from common.model.node import Role

OTHER_HOME = "name another directory with POSTDEVAI_HOME"
OTHERS = 0o077
"""What anybody but the owner may do."""
RUNTIME_PATH_BYTES_MAX = 80
"""A socket's path holds 103 bytes on macOS; this leaves room for its name."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What a daemon says once it serves."""

    role: Role
    pid: int
    address: str
    """host:port, or the socket's path."""
    started_ms: int
    version: str
    extra: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Home:
    """The directory that holds the state of every daemon of one mesh on this machine."""

    root: Path

    @classmethod
    def from_env(cls, explicit: str = "") -> Home:
        """The explicit directory, or POSTDEVAI_HOME, or ~/.postdevai; made with mode 0700.

        Denied when it cannot be used, or when others may enter it.
        """
        named = explicit or os.environ.get("POSTDEVAI_HOME", "") or "~/.postdevai"
        other = f"{OTHER_HOME} or --home" if explicit else OTHER_HOME
        try:
            root = Path(named).expanduser().absolute()
        except (OSError, RuntimeError):
            raise Denied(f"nothing tells where {named} is", hint=other) from None
        mode = stat.S_IMODE(_own(root, other).st_mode)
        if mode & OTHERS:
            close = f"if it is for PostDevAI alone, type: chmod 700 {shlex.quote(str(root))}; else "
            hint = other if mode & stat.S_ISVTX else close + other  # nobody may close /tmp
            raise Denied(f"{root} is open to others (mode {mode:04o})", hint=hint)
        if not os.access(root, os.R_OK | os.W_OK | os.X_OK):
            raise Denied(f"{root} cannot be written", hint=other)
        return cls(root)

    def directory(self, role: Role) -> Path:
        """HOME/ROLE, made with mode 0700."""
        return _private(self.root / role)

    def identity_directory(self, role: Role) -> Path:
        """Where a node keeps its key and certificates."""
        return _private(self.directory(role) / "identity")

    def lock_path(self, role: Role) -> Path:
        """The file that a running daemon holds with flock."""
        return self.root / f"{role}.lock"

    def log_path(self, role: Role) -> Path:
        """What the daemon writes down."""
        return self.directory(role) / f"{role}.log"

    def ready_path(self, role: Role) -> Path:
        """Where a serving daemon says so."""
        return self.root / role / "ready.json"

    def ready(self, role: Role) -> Ready | None:
        """What the daemon said; None unless its process lives and holds the lock."""
        try:
            said = Ready(**json.loads(self.ready_path(role).read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return said if _alive(said.pid) and self.is_locked(role) else None

    def write_ready(self, said: Ready) -> None:
        """Replaces the ready file at once."""
        write_private(self.ready_path(said.role), json.dumps(asdict(said)).encode())

    def is_locked(self, role: Role) -> bool:
        """Whether a process holds the role's lock."""
        return is_held(self.lock_path(role))

    def runtime_directory(self) -> Path:
        """A short directory for sockets, 0700 and this user's own, named by a hash of HOME."""
        path = self._runtime_path()
        for made in (path.parent, path) if path.parent.name == _shared_name() else (path,):
            if made.is_symlink():  # anybody may write to /tmp
                raise Denied(f"{made} is a link", hint="remove it, or set XDG_RUNTIME_DIR")
            _private(made)
        return path

    def left_sockets(self) -> list[Path]:
        """Sockets in this user's own directory for them, in use or not."""
        path = self._runtime_path()
        if path.is_symlink() or not path.is_dir() or path.stat().st_uid != os.getuid():
            return []
        return [each for each in sorted(path.iterdir()) if stat.S_ISSOCK(each.lstat().st_mode)]

    def leave_runtime_directory(self) -> None:
        """Removes it once the daemon that listens there is gone, unless there is more in it."""
        path = self._runtime_path()
        if path.is_symlink() or not path.is_dir() or path.stat().st_uid != os.getuid():
            return
        with contextlib.suppress(OSError, Conflict), self._without("developer"):
            for left in path.iterdir():
                if stat.S_ISSOCK(left.lstat().st_mode):  # of a daemon that was killed
                    left.unlink()
            path.rmdir()

    def _without(self, role: Role) -> contextlib.AbstractContextManager[None]:
        """Keeps a daemon from starting; Conflict when it runs."""
        return only_instance(self.lock_path(role), role)

    def _runtime_path(self) -> Path:
        name = hashlib.sha256(os.fsencode(self.root.resolve())).hexdigest()[:12]
        base = os.environ.get("XDG_RUNTIME_DIR", "")
        if base and Path(base).is_dir() and os.access(base, os.W_OK):
            found = Path(base) / f"postdevai-{name}"
            if len(os.fsencode(found)) <= RUNTIME_PATH_BYTES_MAX:
                return found
        shared = Path("/tmp") if Path("/tmp").is_dir() else Path(tempfile.gettempdir())
        return shared / _shared_name() / name


def models_directory() -> Path:
    """Where models arrive: POSTDEVAI_MODELS, or the user's cache; shared by all meshes."""
    named = os.environ.get("POSTDEVAI_MODELS", "")
    if named:
        return Path(named).expanduser().absolute()
    return platformdirs.user_cache_path("postdevai") / "models"


def _shared_name() -> str:
    return f"postdevai-{os.getuid()}"


def _private(path: Path) -> Path:
    """A directory that is ours by its name, made 0700 even if it was open."""
    if stat.S_IMODE(_own(path, OTHER_HOME).st_mode) & OTHERS:
        try:
            path.chmod(0o700)
        except OSError as error:
            raise Denied(f"{path} is open to others: {error.strerror}", hint=OTHER_HOME) from error
    return path


def _own(path: Path, other: str) -> os.stat_result:
    """The directory, made with mode 0700 where there is none; Denied when it is another's."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.stat()
    except FileExistsError:
        raise Invalid(f"{path} is a file, not a directory", field="home", hint=other) from None
    except OSError as error:
        raise Denied(f"{path} cannot be made: {error.strerror}", hint=other) from error
    if found.st_uid != os.getuid():
        raise Denied(f"{path} belongs to another user", hint=other)
    return found


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
