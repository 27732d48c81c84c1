"""The demo's act of proof: a remedy that is confirmed, and one that honestly is not."""

from __future__ import annotations

from pathlib import Path

from demo_stage import Done, Stage

PYTEST = ("python", "-m", "pytest", "-q")
STOCK = '''"""Counts what is left, unless the warehouse is away."""

from pathlib import Path


def left() -> int:
    return 0 if Path({away!r}).exists() else 7
'''
TEST_STOCK = """from shop.stock import left


def test_something_is_left():
    assert left() > 0
"""


async def proof_act(stage: Stage, shop: Path, remedy: str) -> None:
    """Tries two remedies again, offline, in a sandbox."""
    stage.say("Is it true? The remedy is tried again: red without it, green with it, offline.")
    done = await stage.postdevai("prove", remedy, "--yes", "--json", cwd=shop)
    said = done.json()
    _show(said)
    stage.check("three of three failed without it", said["red"] == 3, said["reason"])
    stage.check("three of three passed with it alone", said["green"] == 3, said["reason"])
    stage.check("it is confirmed", (done.code, said["verdict"]) == (0, "confirmed"), said)
    known = (await stage.postdevai("recall", "--json", "--fingerprint", said["fingerprint"])).json()
    states = {r["id"]: r["state"] for r in known["remedies"]}
    stage.check("and recall says so from now on", states.get(remedy) == "confirmed", states)
    clean = await stage.git(shop, "status", "--porcelain")
    stage.check("the files were not touched", clean == "", clean)
    await _unproven(stage, shop)


async def _unproven(stage: Stage, shop: Path) -> None:
    """The change was made in the same minutes and touches the right file; it mended nothing."""
    (shop / "shop" / "stock.py").write_text(STOCK.format(away=str(stage.network_down)), "utf-8")
    (shop / "tests" / "test_stock.py").write_text(TEST_STOCK, "utf-8")
    await stage.commit(shop, "stock: what is left")
    stage.network_down.touch()
    failed = await _record(stage, shop, "tests/test_stock.py")
    stage.network_down.unlink()
    with (shop / "shop" / "stock.py").open("a", encoding="utf-8") as stock:
        stock.write("\n\nUNIT = 'pieces'\n")
    passed = await _record(stage, shop, "tests/test_stock.py")
    await stage.commit(shop, "stock: it has a unit")
    stage.say("A change that came along while the network came back looks like a remedy.")
    stage.check("it failed, then passed", (failed.code, passed.code) == (1, 0), failed.out)
    done = await stage.postdevai("prove", "--yes", "--json", cwd=shop)
    said = done.json()
    _show(said)
    stage.check("it is not confirmed", (done.code, said["verdict"]) == (1, "unproven"), said)
    stage.check("and the reason is the true one", "does not fail" in said["reason"], said["reason"])


async def _record(stage: Stage, cwd: Path, test: str) -> Done:
    return await stage.postdevai("run", "--", *PYTEST, test, cwd=cwd)


def _show(said: dict[str, object]) -> None:
    runs = f"red {said['red']} of {said['runs']}, green {said['green']} of {said['runs']}"
    print(f"          | {said['verdict']}: {runs}")
    if said["reason"]:
        print(f"          | {said['reason']}")
    print(f"          | {said['sandbox'] or 'nothing was run'}")
