"""The tensors of a model as the headers of its safetensors files tell them; no weight is read."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.errors import Corrupt, Unavailable
from dragon_node.inference.catalog.files import (
    TENSORS_BYTES_MAX,
    parsed_object,
    read_object,
    shortened,
)

AGAIN = "fetch it again"
AXES_MAX = 16
AXIS_MAX = 1 << 40
BITS_MIN = 4
"""Of the smallest type that the format has."""
ITEM_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
"""Of the types in which a model computes."""
STATISTICS = ("A_log", "dt_bias", ".D", "bias", "router", "gate.weight", "inv_freq")
"""Kept in float32 by some models that compute in less: they say nothing about the caches."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor in a file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    bytes: int

    @property
    def elements(self) -> int:
        """As stored: eight 4-bit weights are one."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Tensors:
    """All of a model's."""

    named: dict[str, Tensor]

    @classmethod
    def read(cls, directory: Path) -> Tensors:
        """From the files that mlx-lm loads. Unavailable when there are none or one of several is
        not there; Corrupt when one was cut."""
        files = _weights(directory)
        absent = sorted(_indexed(directory) - {f.name for f in files})
        if absent:
            raise Unavailable(f"{directory.name} lacks {absent[0][:200]}", hint=AGAIN)
        tensors = {t.name: t for file in files for t in _header(file)}
        if not tensors:
            raise Unavailable(f"{directory.name} has no weights (model*.safetensors)", hint=AGAIN)
        return cls(tensors)

    @property
    def bytes(self) -> int:
        """Of all weights in memory; what a model leaves out when it loads is counted too."""
        return sum(_loaded_bytes(t) for t in self.named.values())

    @property
    def item_bytes(self) -> int:
        """Of a number in the caches: the widest type that takes part in computing keys."""
        widths = [
            ITEM_BYTES[t.dtype]
            for t in self.named.values()
            if t.dtype in ITEM_BYTES and not any(s in t.name for s in STATISTICS)
        ]
        return max(widths, default=4)

    def parameters(self) -> int:
        """Weights as they were before they were packed; scales and biases of groups are none."""
        packed = {n.removesuffix(".scales") for n in self.named if n.endswith(".scales")}
        of_groups = {f"{p}.{leaf}" for p in packed for leaf in ("scales", "biases")}
        return sum(
            self._unpacked(name) if name.removesuffix(".weight") in packed else tensor.elements
            for name, tensor in self.named.items()
            if name not in of_groups
        )

    def _unpacked(self, name: str) -> int:
        """MLX packs 2, 3, 4, 5, 6 or 8 bits in groups of 16, 32, 64 or 128 along the last axis."""
        weight = self.named[name]
        scales = self.named[name.removesuffix(".weight") + ".scales"]
        if weight.dtype != "U32" or not scales.elements:
            return weight.elements
        words = weight.elements / scales.elements
        group = next((g for g in (64, 32, 128, 16) if words * 32 / g in (2, 3, 4, 5, 6, 8)), 64)
        return scales.elements * group


def _weights(directory: Path) -> list[Path]:
    try:
        return sorted(directory.glob("model*.safetensors"))
    except OSError as why:  # taken away while it is looked at
        raise Unavailable(f"{directory} cannot be looked at: {why}", hint=AGAIN) from why


def _indexed(directory: Path) -> set[str]:
    """The files that the index names; none when there is no index."""
    try:
        index = read_object(directory / "model.safetensors.index.json", TENSORS_BYTES_MAX)
        return {str(name) for name in index["weight_map"].values()}
    except FileNotFoundError:
        return set()
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as why:
        raise Corrupt(
            f"the index of {directory.name} cannot be read: {shortened(why)}", hint=AGAIN
        ) from why


def _header(file: Path) -> Iterator[Tensor]:
    try:
        header, begin = _parsed(file)
        found = [_tensor(n, told) for n, told in header.items() if n != "__metadata__"]
        wanted = begin + sum(t.bytes for t in found)
        there = file.stat().st_size
    except FileNotFoundError:
        raise Unavailable(f"{file.parent.name} lacks {file.name}", hint=AGAIN) from None
    except (
        OSError,
        struct.error,
        ValueError,
        LookupError,
        TypeError,
        ArithmeticError,
        AttributeError,
    ) as why:
        raise Corrupt(f"{file.name} is no safetensors file: {shortened(why)}", hint=AGAIN) from why
    if there < wanted:
        raise Corrupt(
            f"{file.parent.name}/{file.name} was cut: {there:,} of {wanted:,} bytes", hint=AGAIN
        )
    yield from found


def _parsed(file: Path) -> tuple[dict[str, Any], int]:
    """The header, and where the weights begin."""
    if not file.is_file():
        file.stat()  # FileNotFoundError when that is why
        raise ValueError("it is no regular file")
    with file.open("rb") as opened:
        (size,) = struct.unpack("<Q", opened.read(8))
        if size > TENSORS_BYTES_MAX:
            raise ValueError(f"a header of {size:,} bytes")
        return parsed_object(opened.read(size)), 8 + size


def _tensor(name: str, told: dict[str, Any]) -> Tensor:
    begin, end = (int(n) for n in told["data_offsets"])
    shape = tuple(int(n) for n in told["shape"])
    if len(shape) > AXES_MAX or not all(0 <= n <= AXIS_MAX for n in shape):
        raise ValueError(f"{name[:80]!r} has a shape that no tensor has")
    tensor = Tensor(name, str(told["dtype"]), shape, end - begin)
    if begin < 0 or tensor.bytes < 0 or tensor.elements * BITS_MIN > tensor.bytes * 8:
        raise ValueError(f"{name[:80]!r} is not as large as its shape says")
    return tensor


def _loaded_bytes(tensor: Tensor) -> int:
    """MLX has no 8-bit floats: what comes in them is widened to 16 bits unless it stays packed."""
    return tensor.bytes * 2 if tensor.dtype.startswith("F8_") else tensor.bytes
