"""The addresses of what can be read as a resource: failures, and files as they were indexed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from common.errors import Invalid
from common.model.answer import Hit
from developer_node.front.reference import Reference, read_reference

FAILURE_TEMPLATE = "postdevai://failure/{fingerprint}"
BLOB_TEMPLATE = "postdevai://blob/{hash}{?lines}"

_URI = re.compile(r"postdevai://(failure|blob)/([0-9A-Za-z_.:-]{1,128})(?:\?lines=(\d+(?:-\d+)?))?")


@dataclass(frozen=True, slots=True)
class Place:
    """What an address names."""

    kind: Literal["failure", "blob"]
    name: str
    lines: str = ""
    """FIRST-LAST or LINE; empty for all."""

    @property
    def reference(self) -> Reference:
        """The blob and its lines; Invalid when it names none."""
        return read_reference(f"{self.name}:{self.lines}" if self.lines else self.name)


def failure_uri(fingerprint: str) -> str:
    """Of a failure."""
    return f"postdevai://failure/{fingerprint}"


def hit_uri(hit: Hit) -> str | None:
    """Of the lines that were found, as they were indexed; None when their content is not kept."""
    if not hit.blob:
        return None
    lines = f"?lines={hit.start_line}-{hit.end_line}" if hit.start_line else ""
    return f"postdevai://blob/{hit.blob}{lines}"


def read_uri(uri: str) -> Place:
    """Invalid when it is no address of ours."""
    found = _URI.fullmatch(uri.strip())
    if found is None or (found[1] == "failure" and found[3]):
        raise Invalid(
            f"{uri!r} is no address of a resource here.",
            field="uri",
            hint="There are postdevai://failure/FINGERPRINT and postdevai://blob/HASH?lines=1-20",
        )
    kind = "failure" if found[1] == "failure" else "blob"
    return Place(kind, found[2], found[3] or "")
