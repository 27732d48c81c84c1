"""Draws the pictures of docs/tui.md from a scripted feed: scripts/screenshots.py [--all DIR]."""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from textual.pilot import Pilot  # noqa: E402 (after the path is set)

from tests.support.tui_scenes import SCENES, app_of, settled  # noqa: E402

_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Picture:
    """A scene, the keys that are pressed in it, and the size of the terminal."""

    scene: str
    keys: tuple[str, ...] = ()
    size: tuple[int, int] = (100, 30)
    theme: str = "dusk"


QUESTION = ("4", *("space" if c == " " else c for c in "how is money split"), "enter")

DOCUMENTED = {
    "failures": Picture("cards", ("3",)),
    "ask": Picture("ask", QUESTION),
}
OTHERS = {
    "timeline": Picture("live"),
    "timeline-80": Picture("live", (), (80, 24)),
    "timeline-wide": Picture("cards", (), (140, 34)),
    "timeline-paper": Picture("live", theme="paper"),
    "filter": Picture("live", ("slash", *"pytest"), (80, 24)),
    "empty": Picture("empty", (), (80, 24)),
    "output": Picture("live", ("enter",), (80, 24)),
    "failures-80": Picture("card", ("3",), (80, 24)),
    "failures-wide": Picture("cards", ("3",), (140, 34)),
    "failures-paper": Picture("cards", ("3",), theme="paper"),
    "failures-empty": Picture("live", ("3",), (80, 24)),
    "flaky": Picture("flaky", ("3",), (80, 24)),
    "ambiguous": Picture("ambiguous", ("3",), (80, 24)),
    "diff": Picture("card", ("3", "d"), (80, 24)),
    "ask-80": Picture("ask", QUESTION, (80, 24)),
    "ask-empty": Picture("empty", ("4",), (80, 24)),
    "demonstration": Picture("demonstration", QUESTION, (80, 24)),
    "unfolded": Picture("demonstration", (*QUESTION, "p"), (80, 24)),
    "streaming": Picture("streaming", QUESTION, (80, 24)),
    "not-found": Picture("not_found", QUESTION, (80, 24)),
    "arriving": Picture("arriving", QUESTION, (80, 24)),
    "passage": Picture("ask", (*QUESTION, "enter"), (80, 24)),
    "away": Picture("away", (), (80, 24)),
    "help": Picture("live", ("3", "f1"), (80, 24)),
    "leave": Picture("live", ("q",), (80, 24)),
    "palette": Picture("live", ("ctrl+p",), (80, 24)),
}


async def drawn(picture: Picture) -> str:
    """The SVG; fonts are the reader's own, so that a page loads nothing from elsewhere."""
    app = app_of(SCENES[picture.scene]())
    async with app.run_test(size=picture.size, notifications=False) as pilot:
        app.theme = picture.theme
        await _pressed(pilot, picture.keys)
        return _FONT.sub("", app.export_screenshot(simplify=True))


async def _pressed(pilot: Pilot[None], keys: tuple[str, ...]) -> None:
    await settled(pilot)
    for key in keys:
        await pilot.press(key)
        await settled(pilot)


def main() -> int:
    """Writes the pictures and says which."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, metavar="DIR", help="every scene, into DIR")
    wanted: Path | None = parser.parse_args().all
    folder = wanted or ROOT / "docs" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in (DOCUMENTED | (OTHERS if wanted else {})).items():
        target = folder / f"{name}.svg"
        target.write_text(asyncio.run(drawn(picture)))
        print(target)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
