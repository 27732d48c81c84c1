"""dragon-node restore: a backup becomes the lake of a HOME that has none."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from common.daemon.keys import sealing_key
from dragon_node.__main__ import main
from dragon_node.lake.recovery.backup import Backups
from dragon_node.lake.recovery.transfer import Place
from tests.support.recovery import KEY, ONE, toy


def _main(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["dragon-node", *words])
    return main()


async def _backed_up(directory: Path) -> None:
    async with toy(directory / "here", KEY) as lake:
        await lake.say("a", ONE)
        place = Place(directory / "here", KEY)
        made = Backups(place, directory / "none", lake.archive, lake.snapshots, lake.clock)
        async for _ in made.steps(directory / "backup", directory / "key"):
            pass


async def _said(home: Path) -> list[str]:
    async with toy(home, sealing_key(home)) as lake:
        return await lake.things(ONE)


def test_restore_makes_the_lake_and_says_each_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(_backed_up(tmp_path))
    home, backup, key = (str(tmp_path / name) for name in ("home", "backup", "key"))
    words = ("restore", "--home", home, "--from", backup, "--key", key)
    assert _main(monkeypatch, *words) == 0
    said = capsys.readouterr().out
    assert "verify: " in said and "journal: 1 of 1" in said
    assert asyncio.run(_said(tmp_path / "home" / "dragon")) == ["a"]
    assert _main(monkeypatch, *words) == 4, "there is a lake now"
    assert "holds a lake already" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [("restore",), ("restore", "--from", "/x"), ("serve", "--from", "/x", "--key", "/y")]
)
def test_restore_needs_both_and_nothing_else_takes_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        _main(monkeypatch, *words, "--home", str(tmp_path / "home"))
    assert ended.value.code == 2
