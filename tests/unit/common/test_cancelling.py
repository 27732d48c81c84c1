"""A cancellation that is passed over is said again."""

from __future__ import annotations

import asyncio

import pytest

from common.cancelling import cancellable

PATIENCE_S = 30.0


async def test_what_passes_over_a_cancellation_ends_all_the_same() -> None:
    passed_over = 0

    async def deaf() -> None:
        nonlocal passed_over
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                passed_over += 1
                if passed_over > 2:
                    raise

    work = asyncio.create_task(cancellable(deaf()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    work.cancel()
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(asyncio.CancelledError):
            await work
    assert passed_over == 3


async def test_what_is_not_cancelled_returns_or_raises_as_it_would() -> None:
    async def returns() -> int:
        return 7

    async def raises() -> None:
        raise KeyError("k")

    assert await cancellable(returns()) == 7
    with pytest.raises(KeyError):
        await cancellable(raises())
