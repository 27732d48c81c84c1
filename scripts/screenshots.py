"""Draws the pictures of docs/tui.md: a mesh of its own, real commands, every view."""

from __future__ import annotations

import argparse
import asyncio
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from demo_shop import DIVISION, FILES, Mistake  # noqa: E402 (after the path is set)
from demo_stage import Stage  # noqa: E402
from textual.pilot import Pilot  # noqa: E402
from textual.widgets import Input  # noqa: E402

from common.daemon.home import Home  # noqa: E402
from developer_node.front.local_client import LocalClient  # noqa: E402
from developer_node.front.tui.app import make_app  # noqa: E402
from tests.support.tui_scenes import seen, until  # noqa: E402

SIZE = (120, 36)
PATIENCE_S = 90.0
CART = "tests/test_cart.py"
_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Picture:
    """A view, what is pressed there, and what must be seen before it is drawn."""

    name: str
    view: str
    shows: str
    keys: tuple[str, ...] = ()
    typed: str = ""
    """Into the question."""


PICTURES = (
    Picture("timeline", "timeline", "pytest -q"),
    Picture("failures", "failures", "Remedy"),
    Picture("ask", "ask", "Knows about", ("enter",), "how is the total of a cart computed"),
    Picture("lake", "lake", "GB"),
    Picture("models", "models", "loaded"),
    Picture("context", "context", "main"),
    Picture("nodes", "nodes", "What runs now"),
    Picture("help", "nodes", "Keys everywhere", ("f1",)),
    Picture("dashboard", "dashboard", "machine"),
)
"""The Dashboard last: by then there are samples for its curves."""


async def drawn(home: Home, picture: Picture) -> str:
    """The SVG; fonts are the reader's own, so that a page loads nothing from elsewhere."""
    app = make_app(lambda: LocalClient.connect(home), start=picture.view)
    async with asyncio.timeout(PATIENCE_S), app.run_test(size=SIZE, notifications=False) as pilot:
        await _until(pilot, lambda shown: "●" in shown and "model" in shown)
        if picture.typed:
            app.screen.query_one("#question", Input).value = picture.typed
        for key in picture.keys:
            await pilot.press(key)
        await _until(pilot, lambda shown: picture.shows in shown)
        await pilot.pause(3.0)  # for a second status, and for what still comes in
        return _FONT.sub("", app.export_screenshot(simplify=True))


async def _until(pilot: Pilot[None], holds: Callable[[str], bool]) -> None:
    await until(pilot, lambda: holds(seen(pilot)))


async def _day(stage: Stage, shop: Path) -> None:
    """A test that fails, is repaired, and fails again the same way."""
    for name, text in FILES.items():
        path = shop / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    await stage.git(shop, "init", "-q", "-b", "main")
    await stage.commit(shop, "a shop")
    await stage.start(shop)
    await _record(stage, shop, "python", "-m", "pytest", "-q")
    await _break(stage, shop, DIVISION)
    _change(shop / DIVISION.path, DIVISION.wrong, DIVISION.right)
    await _record(stage, shop, "python", "-m", "pytest", "-q", CART)
    await stage.commit(shop, DIVISION.repair)
    await _record(stage, shop, "git", "log", "--oneline")
    await stage.until(
        "recall --last", lambda said: bool(said["remedies"]), PATIENCE_S, "no remedy came"
    )
    await _break(stage, shop, DIVISION)


async def _break(stage: Stage, shop: Path, mistake: Mistake) -> None:
    _change(shop / mistake.path, mistake.right, mistake.wrong)
    await stage.commit(shop, mistake.breaking)
    await _record(stage, shop, "python", "-m", "pytest", "-q", CART)


async def _record(stage: Stage, cwd: Path, *command: str) -> None:
    await stage.postdevai("run", "--", *command, cwd=cwd)


def _change(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


async def _all(folder: Path, names: list[str]) -> None:
    stage = Stage(Path(tempfile.mkdtemp(prefix="postdevai-pictures-")))
    try:
        await _day(stage, stage.directory / "shop")
        for picture in PICTURES:
            if not names or picture.name in names:
                target = folder / f"{picture.name}.svg"
                target.write_text(await drawn(Home.from_env(str(stage.home)), picture), "utf-8")
                print(target)
    finally:
        await stage.stop()
        shutil.rmtree(stage.directory, ignore_errors=True)


def main() -> int:
    """Writes the pictures and says which."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these")
    parser.add_argument("--into", type=Path, default=ROOT / "docs" / "pictures")
    told = parser.parse_args()
    told.into.mkdir(parents=True, exist_ok=True)
    asyncio.run(_all(told.into, told.names))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
