"""SQLite files that are sealed page by page: opened, copied, and brought into today's format.

SQLite3 Multiple Ciphers encrypts and authenticates each page (ChaCha20-Poly1305, a fresh nonce at
every write), in the WAL as well. A file says its format in `PRAGMA user_version`, inside the seal;
one of format 1 is plain and says 0.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import apsw

from common.daemon.keys import SealingKey
from common.errors import Conflict, Corrupt, OverLimit

CIPHER = "chacha20"
PURPOSE = "pdv sqlite 1"
"""What the pages' key is derived for."""
PLAIN = b"SQLite format 3\0"
BUSY_MS = 10_000

Step = Callable[[apsw.Connection], None]
"""Makes a format out of the one before. It never changes once landed."""
Reached = Callable[[str], None]
"""Is told each step by name: a test ends the process there."""


@dataclass(frozen=True, slots=True)
class FileFormat:
    """One kind of file, and how older ones become today's."""

    kind: str
    version: int
    """What is written now."""
    steps: Mapping[int, Step]
    """By the format that each makes."""
    shrinks: bool = False
    """Free pages can be given back to the disk a few at a time."""

    @property
    def oldest(self) -> int:
        """The oldest format that can still be read."""
        return min(self.steps, default=self.version + 1) - 1


def unlock(db: apsw.Connection, path: Path, key: SealingKey) -> None:
    """Before anything else on a connection to a sealed file. Corrupt when the key does not fit."""
    db.pragma("cipher", CIPHER)
    db.pragma("key", f"raw:{key.derived(PURPOSE).hex()}")
    try:
        db.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise Corrupt(
            f"{path} does not open with key {key.id}: it is damaged, or was sealed with another",
            hint="Nothing was changed: put the key or the file back as it was. "
            f"Move {path} away only to go on without what is in it.",
        ) from error


def copied(source: Path, source_key: SealingKey | None, to: Path, key: SealingKey | None) -> None:
    """One state of a file, whoever writes to it meanwhile, put in the place of `to`; compact.

    Every page that is in use is authenticated: Corrupt names a source that is not what was
    written. OverLimit when the disk is full. Either leaves `to` as it was. Row ids are kept of
    tables with an INTEGER PRIMARY KEY only: SQLite's VACUUM INTO makes it.
    """
    draft = to.with_name(f".{to.name}.{os.urandom(4).hex()}.copying")
    try:
        _copy(source, source_key, draft, key)
        draft.replace(to)
        _sync(to.parent)
    finally:
        _discard(draft)


def make_ready(
    path: Path, key: SealingKey, file_format: FileFormat, reached: Reached | None = None
) -> None:
    """The file at `path` is sealed and of today's format: it is made, or brought there from an
    older one, whole or not at all. Nobody else may have it open.

    Corrupt when it is of a format that is not known here: it is left alone, as with a wrong key.
    """
    for left in path.parent.glob(f".{path.name}.*.copying*"):  # of a process that was killed
        left.unlink()
    if not path.exists() or not path.stat().st_size:
        _make(path, key, file_format)
        return
    held = None if _is_plain(path) else key
    found = _version(path, held)
    _refuse_unknown(path, file_format, found)
    if found == file_format.version and held is not None:
        return
    _bring_up(path, held, key, file_format, found, reached or _unheard)


def format_of(path: Path, key: SealingKey | None) -> int:
    """The format of a file that nobody writes to. Corrupt when it does not open with the key."""
    return _version(path, None if _is_plain(path) else key)


def _bring_up(
    path: Path,
    held: SealingKey | None,
    key: SealingKey,
    file_format: FileFormat,
    found: int,
    reached: Reached,
) -> None:
    draft = path.with_name(f".{path.name}.{os.urandom(4).hex()}.copying")
    try:
        with _plainly(path), contextlib.closing(_opened(path, held, writing=True)) as db:
            # A WAL left beside the file would be taken for the new one's.
            if db.pragma("journal_mode", "delete") != "delete":
                raise Conflict(f"{path} is open elsewhere", hint="End the process that has it.")
        reached("migration.settled")
        _copy(path, held, draft, key, shrinks=file_format.shrinks)
        reached("migration.copied")
        with _plainly(path), contextlib.closing(_opened(draft, key, writing=True)) as db:
            for version in range(found + 1, file_format.version + 1):
                with db:
                    file_format.steps[version](db)
                    db.pragma("user_version", version)
        _sync(draft)
        reached("migration.stepped")
        draft.replace(path)
        _sync(path.parent)
        reached("migration.renamed")
    finally:
        _discard(draft)


def _make(path: Path, key: SealingKey, file_format: FileFormat) -> None:
    for suffix in ("-wal", "-shm", "-journal"):  # of one that is gone: they would be taken for its
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    draft = path.with_name(f".{path.name}.{os.urandom(4).hex()}.copying")
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with _plainly(path), contextlib.closing(_opened(draft, key, writing=True)) as db:
            if file_format.shrinks:  # only a file without pages takes it at no cost
                db.pragma("auto_vacuum", "incremental")
            db.pragma("user_version", file_format.version)
        _sync(draft)
        draft.replace(path)
        _sync(path.parent)
    finally:
        _discard(draft)


def _version(path: Path, key: SealingKey | None) -> int:
    with _plainly(path):
        try:
            db = _opened(path, key)
        except apsw.ReadOnlyError:  # killed in a transaction: SQLite has to undo it first
            db = _opened(path, key, writing=True)
        with contextlib.closing(db):
            found: int = db.pragma("user_version")
    return found or 1


def _refuse_unknown(path: Path, file_format: FileFormat, found: int) -> None:
    if found > file_format.version:
        raise Corrupt(
            f"{path} was made by a newer version: its format is {found}, and "
            f"{file_format.version} is the newest {file_format.kind} known here",
            hint="Update PostDevAI; nothing was changed.",
        )
    if found < file_format.oldest:
        raise Corrupt(
            f"{path} is of format {found}, and {file_format.oldest} is the oldest "
            f"{file_format.kind} that can still be read",
            hint="Start a version in between once; nothing was changed.",
        )


def _is_plain(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(PLAIN)) == PLAIN


def _copy(
    source: Path,
    source_key: SealingKey | None,
    to: Path,
    key: SealingKey | None,
    *,
    shrinks: bool = False,
) -> None:
    with _plainly(source), contextlib.closing(_opened(source, source_key)) as db:
        if shrinks and not db.pragma("auto_vacuum"):
            db.pragma("auto_vacuum", "incremental")  # of the copy
        os.close(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            db.execute("VACUUM INTO ?", (_uri(to, key),))
        except apsw.CantOpenError:  # its message repeats the URI, and with it the key
            raise Corrupt(f"{to} cannot be opened", hint=f"Look at {to.parent}.") from None
    _sync(to)


def _opened(path: Path, key: SealingKey | None, *, writing: bool = False) -> apsw.Connection:
    mode = apsw.SQLITE_OPEN_READWRITE if writing else apsw.SQLITE_OPEN_READONLY
    flags = mode | apsw.SQLITE_OPEN_URI  # for the URI in VACUUM INTO
    db = apsw.Connection(path.absolute().as_uri(), flags=flags)
    try:
        db.set_busy_timeout(BUSY_MS)
        if key is not None:
            unlock(db, path, key)
        else:
            db.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    except BaseException:
        db.close()
        raise
    return db


def _uri(path: Path, key: SealingKey | None) -> str:
    """For a new file: without a parameter it would be sealed as the one that it is made from."""
    sealing = "key=" if key is None else f"cipher={CIPHER}&key=raw:{key.derived(PURPOSE).hex()}"
    return f"{path.absolute().as_uri()}?{sealing}"


@contextmanager
def _plainly(path: Path) -> Generator[None]:
    try:
        yield
    except apsw.FullError as error:
        raise OverLimit(f"the disk under {path} is full", hint="Free some space.") from error
    except apsw.BusyError as error:
        raise Conflict(f"{path} is open elsewhere", hint="End the process that has it.") from error
    except apsw.IOError as error:
        if "ENOSPC" in str(error):
            raise OverLimit(f"the disk under {path} is full", hint="Free some space.") from error
        raise Corrupt(f"{path} cannot be read or written: {error}") from error
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise Corrupt(f"{path} is damaged: {error}") from error


def _discard(draft: Path) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        draft.with_name(draft.name + suffix).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unheard(_name: str) -> None:
    pass
