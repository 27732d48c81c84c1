"""Sizes as people write them."""

from __future__ import annotations

import pytest

from common.daemon.sizes import size_bytes


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1_000", 1_000),
        ("16GB", 16_000_000_000),
        ("16 gb", 16_000_000_000),
        ("512MiB", 512 << 20),
        ("1.5TB", 1_500_000_000_000),
        ("7b", 7),
    ],
)
def test_a_size_is_bytes_or_has_a_unit(text: str, size: int) -> None:
    assert size_bytes(text) == size


@pytest.mark.parametrize("text", ["", "GB", "-1", "2 bananas", "1e9", "0x10"])
def test_anything_else_is_refused_with_how_to_write_it(text: str) -> None:
    with pytest.raises(ValueError, match="16GB"):
        size_bytes(text)
