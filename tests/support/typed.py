"""`postdevai` as a process: what was typed, and how it ended."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Terminal:
    """Where a person types; no daemon runs unless a test serves one."""

    home: Path
    cwd: Path
    env: dict[str, str] = field(default_factory=dict)

    async def begin(self, *words: str, **env: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "developer_node.front.cli", *words),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self.cwd,
            env=os.environ | {"POSTDEVAI_HOME": str(self.home)} | self.env | env,
        )

    async def type(self, *words: str, stdin: bytes = b"", **env: str) -> Done:
        process = await self.begin(*words, **env)
        out, err = await process.communicate(stdin)
        assert process.returncode is not None
        assert "Traceback" not in err.decode(), err.decode()
        return Done(process.returncode, out.decode(), err.decode())
