"""What is to be installed: a wheel, the newest wheel of a directory, or a version by name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from common.errors import Invalid, Missing

_WHEEL = re.compile(r"postdevai-(?P<version>[^-]+)-.*\.whl")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One version, and where it comes from."""

    version: str
    requirement: str
    """What pip is told: a wheel's path, or name==version."""
    wheels: Path | None
    """The directory that holds it and what it needs; None when it comes over the network."""


def candidate(named: str, *, network: bool) -> Candidate:
    """Reads what stands behind --to. Nothing is asked for over the network here."""
    path = Path(named).expanduser()
    if path.is_dir():
        path = _newest(path)
    if path.is_file():
        found = _WHEEL.fullmatch(path.name)
        if found is None:
            raise Invalid(f"{path} is no wheel of postdevai", field="to", hint=_NAMES)
        return Candidate(found["version"], str(path.absolute()), path.absolute().parent)
    if "/" in named or named.endswith(".whl"):
        raise Missing(f"there is no {path}", hint=_NAMES)
    if not re.fullmatch(r"\d+(\.\w+)+", named):
        raise Invalid(f"{named!r} is no version, wheel or directory", field="to", hint=_NAMES)
    if not network:
        raise Invalid(
            f"version {named} would have to come over the network, which nobody allowed",
            field="to",
            hint="add --network, or name a wheel or a directory of wheels",
        )
    return Candidate(named, f"postdevai[coordinator,dragon]=={named}", None)


def order(version: str) -> tuple[tuple[int, str], ...]:
    """By which versions are compared; a release comes after what leads to it."""
    parts = re.findall(r"\d+|[a-z]+", version.lower())
    return (*((int(p), "") if p.isdecimal() else (-1, p) for p in parts), (0, ""))


def _newest(directory: Path) -> Path:
    wheels = [path for path in directory.glob("postdevai-*.whl") if _WHEEL.fullmatch(path.name)]
    if not wheels:
        raise Missing(f"{directory} holds no wheel of postdevai", hint=_NAMES)
    return max(wheels, key=lambda path: order(path.name.split("-")[1]))


_NAMES = "name a wheel (postdevai-1.2.0-py3-none-any.whl), a directory of them, or a version"
