"""Reads small files that somebody else wrote: so many bytes, of a regular file, nested so deep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

CONFIG_BYTES_MAX = 4 << 20
"""Of a config.json; those with the longest lists of names have 1 MB."""
TENSORS_BYTES_MAX = 32 << 20
"""Of a list of tensors: 133,000 of them, the experts of the largest models unpacked, take 17 MB."""
TEXT_BYTES_MAX = 16 << 20
"""Of a tokenizer's configuration or a template."""
SAID_CHARS = 200


def read_bytes(path: Path, most: int) -> bytes:
    """OSError when it cannot be read; ValueError when it is larger, or a pipe or a device, which
    might never end."""
    if not path.is_file():
        path.stat()  # FileNotFoundError when that is why
        raise ValueError("it is no regular file")
    with path.open("rb") as file:
        read = file.read(most + 1)
    if len(read) > most:
        raise ValueError(f"it is larger than {most:,} bytes")
    return read


def read_text(path: Path, most: int) -> str:
    """As read_bytes; ValueError also when it is not UTF-8."""
    return read_bytes(path, most).decode("utf-8")


def parsed_object(text: bytes | str) -> dict[str, Any]:
    """A JSON object; ValueError says why it is none, or nested without end."""
    try:
        parsed: object = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if not isinstance(parsed, dict):
        raise ValueError("it holds no object")
    return cast("dict[str, Any]", parsed)


def read_object(path: Path, most: int) -> dict[str, Any]:
    """A JSON object in a file: OSError or ValueError, as above."""
    return parsed_object(read_text(path, most))


def shortened(why: Exception) -> str:
    """What an error says, short enough to be shown: it may quote the file."""
    text = f"it has no {why}" if isinstance(why, KeyError) else str(why) or type(why).__name__
    return text if len(text) <= SAID_CHARS else f"{text[:SAID_CHARS]}..."
