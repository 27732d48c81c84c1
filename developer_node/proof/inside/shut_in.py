"""Shuts a command in by Linux's own namespaces: `python -I -S shut_in.py PLAN -- COMMAND...`.

PLAN is JSON: unseen (directories that become empty), binds ([from, to, writable] in order), cwd,
environment. It stands alone, with the standard library only, for it is run and never imported.
Needs Linux 5.12 (mount_setattr). Exit code 125 and a sentence when something cannot be done.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import TypedDict

CANNOT = 125
_NEW_ALL = 0x10000000 | 0x00020000 | 0x40000000 | 0x20000000 | 0x08000000 | 0x04000000
"""User, mounts, network, processes, IPC, host name."""
_MS_REC_PRIVATE = 0x4000 | 0x40000
_MS_NOSUID_NODEV_NOEXEC = 2 | 4 | 8
_MS_NOSUID_NODEV = 2 | 4
_MS_BIND, _MS_MOVE = 0x1000, 0x2000
_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442
_AT_FDCWD, _AT_EMPTY_PATH, _AT_RECURSIVE = -100, 0x1000, 0x8000
_OPEN_TREE_CLONE, _MOVE_FROM_EMPTY_PATH, _RDONLY = 1, 4, 1
_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_SECUREBITS, _PR_SET_NO_NEW_PRIVS = 1, 24, 28, 38
_SECBITS_NO_ROOT_LOCKED = 0b101111
_CAPS = 64
_DEVICES = ("null", "zero", "full", "random", "urandom")
_LINKS = (("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("ptmx", "pts/ptmx"))
_MORE_LINKS = (("stdout", "/proc/self/fd/1"), ("stderr", "/proc/self/fd/2"))

_libc = ctypes.CDLL(None, use_errno=True)

Held = tuple[int, bool]
"""A copy of a mount, and whether it is a directory's."""


class Plan(TypedDict):
    """As namespaces.py writes it."""

    unseen: list[str]
    binds: list[tuple[str, str, bool]]
    cwd: str
    environment: dict[str, str]


def main(argv: Sequence[str]) -> int:
    """Runs the command shut in; its exit code as a shell gives it."""
    plan: Plan = json.loads(argv[1])
    command = list(argv[3:])
    user, group = os.geteuid(), os.getegid()
    _do("namespaces", _libc.unshare(_NEW_ALL))
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")
    _end_with_the_caller()  # not before: new rights take that away again
    child = os.fork()
    if child == 0:
        _end_with_the_caller()
        _arrange(plan)
        _without_rights()
        os.setsid()
        os.chdir(plan["cwd"])
        for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # by Python, for itself alone
            signal.signal(ignored, signal.SIG_DFL)
        os.execvpe(command[0], command, plan["environment"])
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _end_with_the_caller() -> None:
    _do("its end with ours", _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))


def _arrange(plan: Plan) -> None:
    """First what is to be seen again is taken hold of, then all becomes read-only."""
    _do("private mounts", _mount(b"none", b"/", None, _MS_REC_PRIVATE))
    held = [_held(source, writable) for source, _, writable in plan["binds"]]
    devices = {name: _held(f"/dev/{name}", True) for name in _DEVICES}
    _set_read_only(_AT_FDCWD, b"/")
    _do("proc", _mount(b"proc", b"/proc", b"proc", _MS_NOSUID_NODEV_NOEXEC))
    _devices(devices)
    for place in plan["unseen"]:
        _empty(place)
    for (_, target, _), tree in zip(plan["binds"], held, strict=True):
        if tree is not None:
            _put(tree, target)


def _held(source: str, writable: bool) -> Held | None:
    """A copy of the mount at a path; None when there is nothing."""
    if not os.path.exists(source):
        return None
    flags = _OPEN_TREE_CLONE | (_AT_RECURSIVE if os.path.isdir(source) else 0) | os.O_CLOEXEC
    tree = _libc.syscall(_OPEN_TREE, _AT_FDCWD, os.fsencode(source), flags)
    _do(f"taking hold of {source}", tree)
    if not writable:
        _set_read_only(tree, b"")
    return tree, os.path.isdir(source)


def _put(held: Held, target: str) -> None:
    tree, is_directory = held
    if is_directory:
        os.makedirs(target, exist_ok=True)
    elif not os.path.exists(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        open(target, "xb").close()
    moved = _libc.syscall(
        _MOVE_MOUNT, tree, b"", _AT_FDCWD, os.fsencode(target), _MOVE_FROM_EMPTY_PATH
    )
    _do(f"showing {target}", moved)
    os.close(tree)


def _devices(held: Mapping[str, Held | None]) -> None:
    """Those that every program needs, and no disk."""
    _do("devices", _mount(b"tmpfs", b"/dev", b"tmpfs", 2, b"mode=755"))
    for name, tree in held.items():
        if tree is not None:
            _put(tree, f"/dev/{name}")
    for name in ("pts", "shm"):
        os.mkdir(f"/dev/{name}")
    _do("shared memory", _mount(b"tmpfs", b"/dev/shm", b"tmpfs", _MS_NOSUID_NODEV, b"mode=1777"))
    options = b"newinstance,ptmxmode=0666,mode=620"
    _do("terminals", _mount(b"devpts", b"/dev/pts", b"devpts", 2 | 8, options))
    for name, target in (*_LINKS, *_MORE_LINKS):
        os.symlink(target, f"/dev/{name}")


def _empty(place: str) -> None:
    if os.path.isdir(place) and not os.path.islink(place):
        done = _mount(b"tmpfs", os.fsencode(place), b"tmpfs", _MS_NOSUID_NODEV, b"mode=755,size=1g")
        _do(f"hiding {place}", done)


def _set_read_only(place: int, path: bytes) -> None:
    attributes = (ctypes.c_uint64 * 4)(_RDONLY, 0, 0, 0)
    flags = _AT_RECURSIVE | (0 if path else _AT_EMPTY_PATH)
    size = ctypes.sizeof(attributes)
    done = _libc.syscall(_MOUNT_SETATTR, place, path, flags, ctypes.byref(attributes), size)
    _do("read-only files", done)


def _without_rights() -> None:
    """Also for root: nothing of what was done here can be undone by the command."""
    _do("no root", _libc.prctl(_PR_SET_SECUREBITS, _SECBITS_NO_ROOT_LOCKED, 0, 0, 0))
    for capability in range(_CAPS):
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # there are fewer on older kernels
    _do("no new rights", _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def _mount(
    source: bytes, target: bytes, kind: bytes | None, flags: int, options: bytes | None = None
) -> int:
    return _libc.mount(source, target, kind, ctypes.c_ulong(flags), options)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def _do(what: str, returned: int) -> None:
    if returned < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv))
    except OSError as error:
        sys.stderr.write(f"{error.strerror or error}\n")
        sys.stderr.flush()
        os._exit(CANNOT)  # in the child too: nothing of the parent's is run twice
