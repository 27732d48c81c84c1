"""What a file on disk is, and whether its content may be kept: text of at most 1 MiB."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass

from common.model.ids import BLOB_BYTES_MAX

GIT_ID_BYTES_MAX = 256 << 20
"""Of larger files not even git's id is worked out: that would keep a core busy for seconds."""

_BINARY_PROBE_BYTES = 8_000  # where git looks for a NUL
_CHUNK_BYTES = 1 << 20

Signature = tuple[int, int, int, int, int]
"""Mode, size, mtime, ctime and inode: while they stay, so does the content."""


@dataclass(frozen=True, slots=True)
class Observed:
    """A file as it was a moment ago. `data` is None when the content cannot be kept."""

    size: int
    git_blob: str
    skipped: str
    data: bytes | None
    signature: Signature


def observe(path: str, *, algorithm: str = "sha1") -> Observed | None:
    """None when there is no such file, or it is a directory, pipe, socket or device."""
    try:
        found = os.lstat(path)
        if stat.S_ISLNK(found.st_mode):
            return _link(path, found, algorithm)
        if not stat.S_ISREG(found.st_mode):
            return None
        return _regular(path, algorithm)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:  # became a link while we looked
            return None
        return _unreadable(path, error)


def signature(found: os.stat_result) -> Signature:
    """What would change if the content did."""
    return (found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def shown(path: str) -> str:
    """A name as it can travel: bytes that are not UTF-8 are written as escapes."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _link(path: str, found: os.stat_result, algorithm: str) -> Observed:
    target = os.fsencode(os.readlink(path))
    blob = _git_id(target, algorithm)
    return Observed(len(target), blob, "symbolic link", None, signature(found))


def _regular(path: str, algorithm: str) -> Observed | None:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb", buffering=0) as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            return None
        size = found.st_size
        if size > BLOB_BYTES_MAX:
            blob = _streamed_git_id(handle, size, algorithm) if size <= GIT_ID_BYTES_MAX else ""
            why = f"too large: {size} bytes of at most {BLOB_BYTES_MAX}"
            return Observed(size, blob, why, None, signature(found))
        data = b"".join(iter(lambda: file.read(_CHUNK_BYTES), b""))
    why = why_not_text(data)
    kept = None if why else data
    return Observed(len(data), _git_id(data, algorithm), why, kept, signature(found))


def why_not_text(data: bytes) -> str:
    """Why content is not kept; empty when it is text."""
    if len(data) > BLOB_BYTES_MAX:  # it grew while we read
        return f"too large: {len(data)} bytes of at most {BLOB_BYTES_MAX}"
    if b"\0" in data[:_BINARY_PROBE_BYTES]:
        return "binary"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"not UTF-8: byte {error.start}"
    return ""


def _unreadable(path: str, error: OSError) -> Observed | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    why = f"unreadable: {error.strerror}"
    return Observed(found.st_size, "", why, None, signature(found))


def _git_id(data: bytes, algorithm: str) -> str:
    digest = hashlib.new(algorithm, b"blob %d\0" % len(data), usedforsecurity=False)
    digest.update(data)
    return digest.hexdigest()


def _streamed_git_id(handle: int, size: int, algorithm: str) -> str:
    """Empty when the file did not stay as long as it was."""
    digest = hashlib.new(algorithm, b"blob %d\0" % size, usedforsecurity=False)
    left = size
    while left and (chunk := os.read(handle, min(left, _CHUNK_BYTES))):
        digest.update(chunk)
        left -= len(chunk)
    return "" if left or os.read(handle, 1) else digest.hexdigest()
