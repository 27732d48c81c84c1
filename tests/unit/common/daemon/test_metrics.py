"""A daemon's numbers: true when they are asked for, and absent rather than old."""

from __future__ import annotations

import asyncio
import socket
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import pytest

from common.daemon import metrics
from common.daemon.metrics import Measured, open_metrics
from common.daemon.ports import Ports


def _read(address: str) -> str:
    with urllib.request.urlopen(f"http://{address}/metrics") as answer:
        return answer.read().decode()


async def _page(address: str) -> str:
    return await asyncio.to_thread(_read, address)


async def test_a_scrape_gets_the_numbers_of_this_moment(tmp_path: Path) -> None:
    value = 1.0

    async def look() -> Sequence[Measured]:
        return [
            Measured("lake_bytes", "all", value),
            Measured("lake_projects", "projects", 2, {"state": "awake"}),
            Measured("lake_projects", "projects", 3, {"state": "asleep"}),
        ]

    async with open_metrics(Ports(tmp_path / "ports.json"), "dragon_metrics", look) as address:
        assert "postdevai_lake_bytes 1.0" in await _page(address)
        value = 2.0
        page = await _page(address)
    assert "postdevai_lake_bytes 2.0" in page
    assert 'postdevai_lake_projects{state="awake"} 2.0' in page
    assert page.count("# TYPE postdevai_lake_projects gauge") == 1


async def test_a_daemon_that_is_stuck_gives_no_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "LOOK_S", 0.05)
    never = asyncio.Event()

    async def look() -> Sequence[Measured]:
        await never.wait()
        return []

    async with open_metrics(Ports(tmp_path / "ports.json"), "dragon_metrics", look) as address:
        with pytest.raises((urllib.error.HTTPError, OSError)):
            await _page(address)


async def test_only_this_machine_can_connect_and_the_port_ends_with_the_daemon(
    tmp_path: Path,
) -> None:
    async def look() -> Sequence[Measured]:
        return []

    async with open_metrics(Ports(tmp_path / "ports.json"), "dragon_metrics", look) as address:
        host, _, port = address.partition(":")
        assert host == "127.0.0.1"
    with socket.socket() as probe, pytest.raises(OSError):
        probe.connect((host, int(port)))
