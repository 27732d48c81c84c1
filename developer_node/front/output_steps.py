"""Long work on the lake: a bar while it goes on, one line for each thing that it found."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from common.model.lake import LakeStep
from developer_node.front.output_page import Page, Span, line
from developer_node.front.output_progress import steps


async def follow(work: AsyncGenerator[LakeStep], page: Page, first: str) -> bool:
    """Shows the steps as they come; False when one of them has found something wrong."""
    well = True
    ended = False
    with steps(page, first) as progress:
        async with aclosing(work) as coming:
            async for step in coming:
                well = well and step.ok
                ended = step.ended
                if step.ok and not step.ended:
                    share = step.done / step.total if step.total else None
                    progress.now(_said(step), share)
                else:
                    style = "" if step.ok else "red"
                    page.show(line(Span(step.sentence or step.step, style)))
    if not ended:
        page.show(line(Span("It ended before it was done: nothing says that it worked.", "red")))
    return well and ended


def _said(step: LakeStep) -> str:
    """Events of no working copy are kept as a project that is named by zeros alone."""
    said = step.sentence if step.sentence.strip("0") else "what happened outside any repository"
    return f"{step.step}: {said}" if step.sentence else step.step


async def gather(work: AsyncGenerator[LakeStep]) -> list[LakeStep]:
    """All of them, for scripts."""
    async with aclosing(work) as coming:
        return [step async for step in coming]
