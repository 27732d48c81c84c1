"""generation_peer.py as a process: the same questions to mlx_lm with nothing around it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence

from scripts.bench.stage import ROOT


class Bare:
    """Started and ended with the block."""

    def __init__(self, model: str) -> None:
        self._model = model

    async def __aenter__(self) -> Bare:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "scripts.bench.generation_peer", self._model),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        assert await self._line() == "ready"
        return self

    async def tokens_per_s(
        self, questions: Sequence[str], tokens_max: int, *, together: bool = False
    ) -> float:
        """Of all of them, in a row or in one batch."""
        work = {"prompts": list(questions), "tokens": tokens_max, "together": together}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(work).encode() + b"\n")
        await self._process.stdin.drain()
        did = json.loads(await self._line())
        return did["tokens"] / did["seconds"]

    async def _line(self) -> str:
        assert self._process.stdout is not None
        return (await self._process.stdout.readline()).decode().strip()

    async def __aexit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
