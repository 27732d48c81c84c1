"""Real history: releases in order, what their changelog says, and the files that they changed."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path

from scripts.bench.material.wheels import cache

PINS = Path(__file__).with_name("sdists.txt")
CHANGED_MAX = 10
"""Files: a release that changed more is no commit, and ten hits could not name them."""
_VERSION = re.compile(r"^__version__ = .*$", re.MULTILINE)
_ROLE = re.compile(r":[a-z:]+:`~?([^`]*)`|``")
_ISSUE = re.compile(r":(?:issue|pr|ghsa|cve):`[^`]*`")


@dataclass(frozen=True, slots=True)
class Release:
    """As a commit: files before, subjects, files after."""

    name: str
    before: dict[str, str]
    after: dict[str, str]
    subjects: tuple[str, ...]

    @property
    def changed(self) -> frozenset[str]:
        """Paths of files that were there before and are not the same afterwards, other than by
        the number of the version."""
        after = {path: _VERSION.sub("", text) for path, text in self.after.items()}
        before = {path: _VERSION.sub("", text) for path, text in self.before.items()}
        return frozenset(path for path, text in before.items() if after.get(path) != text)


def releases() -> list[list[Release]]:
    """Of each package, oldest first."""
    pins = [line.split()[0].split("==") for line in PINS.read_text().splitlines()]
    return [
        [
            Release(f"{name} {new}", _files(name, old), _files(name, new), _subjects(name, new))
            for (_, old), (_, new) in pairwise(versions)
        ]
        for name, versions in groupby(pins, key=lambda pin: pin[0])
    ]


def _files(name: str, version: str) -> dict[str, str]:
    root = _unpacked(name, version) / "src"
    return {p.relative_to(root).as_posix(): p.read_text() for p in sorted(root.rglob("*.py"))}


def _subjects(name: str, version: str) -> tuple[str, ...]:
    """The points under the release's heading, without numbers of issues."""
    text = (_unpacked(name, version) / "CHANGES.rst").read_text()
    _, _, rest = text.partition(f"\nVersion {version}\n")
    own = rest.partition("\nVersion ")[0]
    points = re.split(r"^-[ ]+", own, flags=re.MULTILINE)[1:]
    return tuple(" ".join(_ROLE.sub(r"\1", _ISSUE.sub("", point)).split()) for point in points)


def _unpacked(name: str, version: str) -> Path:
    place = cache() / "sdists" / f"{name}-{version}"
    if not (place / ".whole").exists():
        _unpack(_fetched(name, version), place)
    return place


def _fetched(name: str, version: str) -> Path:
    """The archive; pip checks its hash."""
    pin = next(p for p in PINS.read_text().splitlines() if p.startswith(f"{name}=={version} "))
    directory = cache() / "sdists"
    directory.mkdir(exist_ok=True)
    wanted = directory / f"{name}-{version}.txt"
    wanted.write_text(pin)
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes", "--no-deps"]
    subprocess.run(
        [*pip, "--no-binary", ":all:", "-r", str(wanted), "-d", str(directory)], check=True
    )
    return next(p for p in directory.iterdir() if p.name.lower() == f"{name}-{version}.tar.gz")


def _unpack(archive: Path, place: Path) -> None:
    with tarfile.open(archive) as packed:
        for member in packed.getmembers():
            _, _, member.name = member.name.partition("/")
            if member.name and (member.isdir() or member.name.endswith((".py", ".rst"))):
                packed.extract(member, place, filter="data")
    (place / ".whole").touch()
