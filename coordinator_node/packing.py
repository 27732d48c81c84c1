"""A Coordinator in one sealed file: for another machine, or for the day its disk is gone.

The file: common/sealed.py around a tar of HOME/coordinator (the CA and the other keys, the
identity, the state, the audit log, the owner's rules), under a key of its own in a file apart.
"""

from __future__ import annotations

import io
import os
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath

import apsw

from common.daemon.elsewhere import came, went
from common.daemon.files import write_private
from common.daemon.home import Home
from common.daemon.keys import KEY_BYTES, SealingKey, read_key_file
from common.daemon.locks import only_instance
from common.errors import Conflict, Corrupt, Invalid, Missing, OverLimit
from common.model.node import Role
from common.sealed import seal, unseal
from coordinator_node.engine.settings import read_settings

MAGIC = b"PDCOORD1"
FILE_BYTES_MAX = 256 << 20
LEFT_OUT = ("ready.json", "engine.lock", "audit.lock", "log")
LEFT_OUT_ENDINGS = (".log.err", ".err", "-wal", "-shm", ".lock")
NODES: tuple[Role, ...] = ("dragon", "developer")
DAEMONS_LOG = "coordinator.log"


def pack(home: Home, to: Path, key_to: Path, *, move: bool) -> str:
    """Writes the file and its key; a sentence about both.

    With `move` the Coordinator here is put aside, so that there are never two: it must not run.
    Without, it may. Conflict when a file is there already or the state is not in one file.
    """
    directory = home.root / "coordinator"
    if not (directory / "authority" / "ca.pem").is_file():
        raise Missing(f"there is no Coordinator in {home.root}")
    if read_settings(directory).engine != "sqlite":
        raise Conflict(
            "the state is in NATS, where other machines have copies of it",
            hint="first `postdevai mesh migrate --to sqlite`, or add a Coordinator to that engine",
        )
    for path in (to, key_to):
        if path.exists():
            raise Conflict(f"{path} is there already", hint="name a new file")
    if to.parent.resolve() == key_to.parent.resolve():
        raise Invalid(
            f"{key_to} would lie beside the file that it opens",
            field="key_to",
            hint="keep the key apart: on another disk, or in a password store",
        )
    if not move:
        _write(directory, to, key_to)
        return f"{to} holds the Coordinator; the key that opens it: {key_to}"
    with only_instance(home.lock_path("coordinator"), "coordinator"):
        _write(directory, to, key_to)
        aside = home.root / f"coordinator-moved-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}"
        went(home, ("coordinator",))
        directory.rename(aside)
    return f"{to} holds the Coordinator; the key that opens it: {key_to}. Here it is put aside."


def unpack(home: Home, source: Path, key_file: Path) -> str:
    """The Coordinator of such a file in this home, where there is none yet; what it is then.

    Conflict when there is one, Missing when the file is not there, Denied when the key is another,
    Corrupt when the file is torn.
    """
    directory = home.root / "coordinator"
    if (directory / "authority").exists():
        raise Conflict(f"there is a Coordinator in {home.root} already")
    try:
        sealed = source.read_bytes()
    except FileNotFoundError:
        raise Missing(f"there is no {source}") from None
    data = unseal(read_key_file(key_file), MAGIC, sealed, str(source))
    arriving = home.root / "coordinator-arriving"
    arriving.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as packed:
            for member in packed:
                content = packed.extractfile(member)
                path = PurePosixPath(member.name)
                if content is None or path.is_absolute() or ".." in path.parts:
                    raise Corrupt(f"{source} holds {member.name!r}, which no Coordinator has")
                target = arriving / path
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_private(target, content.read())
    except tarfile.TarError as error:
        raise Corrupt(f"{source} cannot be read: {error}") from error
    for left in directory.iterdir() if directory.is_dir() else ():
        left.rename(arriving / left.name)  # a log of an earlier life, at most
    if directory.is_dir():
        directory.rmdir()
    arriving.rename(directory)
    # `up` makes no Dragon and no laptop here that nobody asked for: those of the mesh are known.
    known = {role: home.root / role / "identity" / "leaf.pem" for role in NODES}
    others: list[Role] = [role for role in NODES if not known[role].is_file()]
    went(home, others)
    came(home, "coordinator")
    return f"The Coordinator is in {directory} now. Start it with: postdevai up --host all --detach"


def _write(directory: Path, to: Path, key_to: Path) -> None:
    key = SealingKey(os.urandom(KEY_BYTES))
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, data in _files(directory):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o600
            tar.addfile(member, io.BytesIO(data))
    write_private(key_to, key.raw.hex().encode() + b"\n")
    write_private(to, seal(key, MAGIC, packed.getvalue()))


def _files(directory: Path) -> Iterator[tuple[str, bytes]]:
    """What makes a Coordinator; databases as they are at one moment.

    They come first: what is written down meanwhile is then in the audit log and not in the state,
    which is no fault; the other way round, lines would be missing.
    """
    total = 0
    for path in sorted(directory.rglob("*"), key=lambda each: (each.suffix != ".db", each)):
        name = path.relative_to(directory).as_posix()
        if _is_left_out(name) or not path.is_file():
            continue
        data = _database(path) if path.suffix == ".db" else path.read_bytes()
        total += len(data)
        if total > FILE_BYTES_MAX:
            raise OverLimit(f"the Coordinator's files are more than {FILE_BYTES_MAX:,} bytes")
        yield name, data


def _is_left_out(name: str) -> bool:
    first = name.split("/", 1)[0]
    return (
        first.startswith((".", DAEMONS_LOG)) or first in LEFT_OUT or name.endswith(LEFT_OUT_ENDINGS)
    )


def _database(path: Path) -> bytes:
    """As one transaction sees it, whoever writes meanwhile."""
    with (
        tempfile.TemporaryDirectory(dir=path.parent, prefix=".packing-") as scratch,
        closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as db,
    ):
        db.set_busy_timeout(5_000)
        copy = Path(scratch) / path.name
        db.execute("VACUUM INTO ?", (str(copy),))
        return copy.read_bytes()
