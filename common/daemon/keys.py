"""The key that seals what one daemon keeps on disk, and where it is found.

HOME/ROLE/key.json   the key's id and where it is kept: given, keychain or file; no secret
HOME/ROLE/key        the key as 64 hexadecimal digits, mode 0600, unless it is kept elsewhere

A key is made once, at first use. One that was made and cannot be found again is a refusal, never a
reason for another: what the first has sealed would be lost behind it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, cast, get_args

from common.errors import Corrupt, Denied, Invalid, Missing

VARIABLE = "POSTDEVAI_KEY_FILE"
"""Names a key file of the person's own; it is read, never made."""
KEY_BYTES = 32
ID_BYTES = 8
_OTHERS = 0o077

Kept = Literal["given", "keychain", "file"]


@dataclass(frozen=True, slots=True)
class SealingKey:
    """32 secret bytes. They are in no repr, and each use has a key derived from them."""

    raw: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.raw) != KEY_BYTES:
            raise Invalid(f"a key of {len(self.raw)} bytes, not {KEY_BYTES}")

    @property
    def id(self) -> str:
        """Tells this key from others and says nothing of it: 16 hexadecimal digits."""
        return self._hash(b"pdv id", ID_BYTES).hex()

    def derived(self, purpose: str) -> bytes:
        """32 bytes for one use, so that no two uses share a key. At most 16 bytes of purpose."""
        return self._hash(purpose.encode(), KEY_BYTES)

    def _hash(self, person: bytes, size: int) -> bytes:
        return hashlib.blake2b(key=self.raw, person=person, digest_size=size).digest()


class Keychain(Protocol):
    """Where an operating system keeps secrets, by name."""

    def put(self, name: str, secret: str) -> None:
        """Denied when it may not be used now."""
        ...

    def get(self, name: str) -> str:
        """Missing when there is none of this name, Denied when it may not be used now."""
        ...

    def remove(self, name: str) -> None:
        """Missing when there is none of this name."""
        ...


@dataclass(frozen=True, slots=True)
class _Note:
    id: str
    kept: Kept


def sealing_key(directory: Path, keychain: Keychain | None = None) -> SealingKey:
    """The key of HOME/ROLE, made at first use. `keychain` takes the place of the system's own.

    Denied when the key is gone, is another than the one noted, or lies open to others; Corrupt
    when a file is there that is no key. Either names the file and says what to do.
    """
    chain = keychain or _system_keychain()
    named = os.environ.get(VARIABLE, "")
    note = _noted(directory) or _note_first(directory, named, chain)
    key = _given(named) if named else _kept(directory, note, chain)
    if key.id != note.id:
        raise Denied(
            f"{directory} is sealed with key {note.id}, and this one is {key.id}",
            hint=f"put the key that sealed it back, or name its file with {VARIABLE}; "
            "nothing was changed",
        )
    return key


def forget_key(directory: Path, keychain: Keychain | None = None) -> None:
    """Removes the key and the note of it: what it has sealed cannot be read by anybody then.

    A key file of the person's own stays.
    """
    note = _noted(directory)
    chain = keychain or _system_keychain()
    if note is not None and note.kept == "keychain" and chain is not None:
        chain.remove(note.id)
    for name in ("key", "key.json"):
        (directory / name).unlink(missing_ok=True)


def read_key_file(path: Path) -> SealingKey:
    """The key in a file: 64 hexadecimal digits, that only its owner may read."""
    return _read(path, f"write the key that sealed it to {path}")


def _kept(directory: Path, note: _Note, keychain: Keychain | None) -> SealingKey:
    match note.kept:
        case "file":
            return _read(directory / "key", _gone(directory))
        case "given":
            raise Denied(
                f"{directory} is sealed with the key file that {VARIABLE} named, key {note.id}",
                hint=f"set {VARIABLE} to that file",
            )
        case "keychain":
            if keychain is None:
                raise Denied(
                    f"{directory} is sealed with key {note.id}, which is in a keychain of macOS",
                    hint=f"write the key to a file, mode 0600, and name it with {VARIABLE}",
                )
            try:
                return _parsed(keychain.get(note.id), f"the keychain's postdevai {note.id}")
            except Missing as error:
                raise Denied(
                    f"the key {note.id}, which seals {directory}, is not in the keychain",
                    hint=_gone(directory),
                ) from error


def _note_first(directory: Path, named: str, keychain: Keychain | None) -> _Note:
    """Makes a key where there is none, and notes it. Of two processes the first one counts."""
    key, kept = (_given(named), "given") if named else _made_in(directory, keychain)
    _create(directory / "key.json", json.dumps({"id": key.id, "kept": kept}) + "\n")
    note = _noted(directory)
    if note is None:
        raise Corrupt(f"{directory}/key.json was removed while it was being made")
    return note


def _made_in(directory: Path, keychain: Keychain | None) -> tuple[SealingKey, Kept]:
    made, file = SealingKey(os.urandom(KEY_BYTES)), directory / "key"
    if keychain is not None and not file.exists():
        try:
            keychain.put(made.id, made.raw.hex())
        except Denied:
            pass  # no keychain in this session: a file, and key.json says so
        else:
            return made, "keychain"
    _create(file, made.raw.hex() + "\n")
    return _read(file, _gone(directory)), "file"


def _noted(directory: Path) -> _Note | None:
    path = directory / "key.json"
    try:
        held = json.loads(path.read_text("ascii"))
        note = _Note(str(held["id"]), cast(Kept, held["kept"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise Corrupt(
            f"{path} does not say which key seals {directory}: {error}",
            hint=f"if {directory}/key is still the one, move {path} away",
        ) from error
    if note.kept not in get_args(Kept):
        raise Corrupt(
            f"{path} was written by a newer version: kept is {note.kept}", hint="update PostDevAI"
        )
    return note


def _read(path: Path, hint: str) -> SealingKey:
    mode = 0
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text("ascii")
    except FileNotFoundError as error:
        raise Denied(f"the key file {path} is not there", hint=hint) from error
    except UnicodeDecodeError:
        text = ""
    except OSError as error:
        raise Denied(f"the key file {path} cannot be read: {error.strerror}", hint=hint) from error
    if mode & _OTHERS:
        raise Denied(
            f"the key file {path} is open to others (mode {mode:04o})",
            hint=f"type: chmod 600 {shlex.quote(str(path))}",
        )
    return _parsed(text, str(path))


def _parsed(text: str, where: str) -> SealingKey:
    try:
        raw = bytes.fromhex(text.strip())
    except ValueError:
        raw = b""
    if len(raw) != KEY_BYTES:
        raise Corrupt(
            f"{where} is no key: {2 * KEY_BYTES} hexadecimal digits are expected",
            hint="put the key that sealed it back; nothing was changed",
        )
    return SealingKey(raw)


def _create(path: Path, text: str) -> None:
    """Makes a file, mode 0600, whole or not at all; leaves one that is there as it is."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:
        with open(draft, "x", encoding="ascii", opener=_private) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink(missing_ok=True)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _gone(directory: Path) -> str:
    return (
        f"put the key back, or name its file with {VARIABLE}; without it what lies sealed in "
        f"{directory} is lost, and moving {directory} away starts anew"
    )


def _given(named: str) -> SealingKey:
    make = f"{VARIABLE} names it; make one with: (umask 077; openssl rand -hex 32 > {named})"
    return _read(Path(named).expanduser(), make)


def _system_keychain() -> Keychain | None:
    """The login keychain on macOS, unless it is switched off; elsewhere none."""
    if sys.platform != "darwin" or os.environ.get("POSTDEVAI_KEYCHAIN") == "off":
        return None
    from common.daemon.keychain import SecurityTool  # the recorder imports no subprocess for it

    found: Callable[[], Keychain] = SecurityTool
    return found()
