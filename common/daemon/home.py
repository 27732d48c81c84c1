"""Where a person's mesh lives on this machine.

HOME is POSTDEVAI_HOME or ~/.postdevai, mode 0700:
    ROLE.lock              flock, held for a daemon's life
    ROLE/                  a daemon's state, 0700
    ROLE/ready.json        written when it serves, removed when it stops
    ROLE/ROLE.log          what it did
    ports.json             ports it took, so that it takes them again
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import stat
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

import platformdirs

from common.daemon.files import write_private
from common.errors import Denied, Invalid
from common.model.node import Role

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
        """The explicit directory, or POSTDEVAI_HOME, or ~/.postdevai; made with mode 0700."""
        named = explicit or os.environ.get("POSTDEVAI_HOME", "")
        root = Path(named).expanduser().absolute() if named else Path.home() / ".postdevai"
        return cls(_private(root))

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
        try:
            descriptor = os.open(self.lock_path(role), os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def runtime_directory(self) -> Path:
        """A short directory for sockets, 0700 and this user's own, named by a hash of HOME."""
        name = hashlib.sha256(os.fsencode(self.root.resolve())).hexdigest()[:12]
        base = os.environ.get("XDG_RUNTIME_DIR", "")
        if base and Path(base).is_dir() and os.access(base, os.W_OK):
            found = Path(base) / f"postdevai-{name}"
            if len(os.fsencode(found)) <= RUNTIME_PATH_BYTES_MAX:
                return _private(found)
        shared = Path("/tmp") if Path("/tmp").is_dir() else Path(tempfile.gettempdir())
        own = shared / f"postdevai-{os.getuid()}"
        if own.is_symlink():  # anybody may write there
            raise Denied(f"{own} is a link", hint="remove it, or set XDG_RUNTIME_DIR")
        return _private(_private(own) / name)


def models_directory() -> Path:
    """Where models arrive: POSTDEVAI_MODELS, or the user's cache; shared by all meshes."""
    named = os.environ.get("POSTDEVAI_MODELS", "")
    if named:
        return Path(named).expanduser().absolute()
    return platformdirs.user_cache_path("postdevai") / "models"


def _private(path: Path) -> Path:
    """The directory, made 0700; Denied when it is somebody else's, or open to others."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        raise Invalid(f"{path} is a file, not a directory", field="home") from None
    except OSError as error:
        raise Denied(
            f"{path} cannot be made: {error.strerror}", hint="choose another --home"
        ) from error
    found = path.stat()
    if found.st_uid != os.getuid():
        raise Denied(f"{path} belongs to another user", hint="choose another --home")
    if stat.S_IMODE(found.st_mode) & 0o077:
        path.chmod(0o700)
    return path


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
