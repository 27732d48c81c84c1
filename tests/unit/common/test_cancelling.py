"""A cancellation that is passed over is said again, or heeded all the same."""

from __future__ import annotations

import asyncio

import pytest

from common.cancelling import cancellable, heeding

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


@pytest.mark.parametrize("fails", [False, True])
async def test_a_cancellation_in_the_moment_of_the_answer_is_heeded(fails: bool) -> None:
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    work = asyncio.ensure_future(heeding(asyncio.wait_for(answer, PATIENCE_S)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    answer.set_exception(KeyError()) if fails else answer.set_result(7)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work


async def test_a_term_that_ends_within_the_work_is_no_cancellation_of_it() -> None:
    async def in_vain() -> str:
        try:
            async with asyncio.timeout(0):
                await asyncio.Event().wait()
        except TimeoutError:
            return "ended"
        return "never"

    assert await heeding(in_vain()) == "ended"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await heeding(asyncio.Event().wait())
