"""What the owner set for the time without the Dragon: [away] in HOME/developer.toml.

endpoint   a server on this machine that speaks the OpenAI protocol: "http://127.0.0.1:8080/v1"
model      its model's name; without one the server's first
"""

from __future__ import annotations

import ipaddress
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

FILE = "developer.toml"


@dataclass(frozen=True, slots=True)
class AwaySettings:
    """As read; `sentence` says why there is no model."""

    endpoint: str = ""
    model: str = ""
    sentence: str = ""
    wrong: bool = False
    """The sentence is about something that the owner should put right."""


def read_settings(home: Path) -> AwaySettings:
    """Now. A file that cannot be read, or an endpoint elsewhere, is a sentence and no model."""
    file = home / FILE
    try:
        found = tomllib.loads(file.read_text("utf-8")).get("away", {})
    except FileNotFoundError:
        return AwaySettings(sentence=f"No local model is set: [away] endpoint in {file}.")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return _wrong(f"{file} cannot be read: {error}.")
    if not isinstance(found, dict):
        return _wrong(f"{file}: away is no table.")
    away = cast("dict[str, Any]", found)
    endpoint, model = away.get("endpoint", ""), away.get("model", "")
    if not isinstance(endpoint, str) or not isinstance(model, str):
        return _wrong(f"{file}: endpoint and model are texts.")
    if not endpoint:
        return AwaySettings(sentence=f"No local model is set: [away] endpoint in {file}.")
    if why := _why_not(endpoint):
        return _wrong(f"{file}: {endpoint} {why}.")
    return AwaySettings(endpoint.rstrip("/"), model)


def _wrong(sentence: str) -> AwaySettings:
    return AwaySettings(sentence=sentence, wrong=True)


def _why_not(endpoint: str) -> str:
    """Why nothing is sent there; empty when it is on this machine for certain."""
    try:
        parts = urlsplit(endpoint)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "is no address"
    if parts.scheme != "http" or not host or parts.username or parts.query or parts.fragment:
        return "is not of the form http://127.0.0.1:PORT/v1"
    try:
        here = ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name means what somebody else says it means
        return "is a name: write 127.0.0.1 or [::1]"
    return "" if here else "is not on this machine, and questions do not leave it"
