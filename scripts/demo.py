"""`make demo`: a tour that checks itself. It exits 0 only when everything that it says was true.

A mesh of its own in a temporary directory, a repository made with git, a test that fails, is
repaired, passes and is committed; then the same failure in another clone. Nothing but the product's
own commands and its live feed is used, and what they say is held against `git log`.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from demo_away import away_act
from demo_models import models_act
from demo_proof import proof_act
from demo_shop import ANSWERING_FILE, DIVISION, FILES, HEADER, LOOKUP, QUESTION, Mistake
from demo_stage import Cards, Done, Stage, Untrue, watching

from common.errors import PostDevAIError
from common.model.failure import Recollection

PYTEST = ("python", "-m", "pytest", "-q")
CART, WAREHOUSE = "tests/test_cart.py", "tests/test_warehouse.py"
FRESH_TIMEOUT_S = 20.0


def main() -> int:
    """0 when every check held, 1 when one did not, 130 after Ctrl-C."""
    stage = Stage(Path(tempfile.mkdtemp(prefix="postdevai-demo-")))
    code = 0
    try:
        asyncio.run(_tour(stage))
        stage.say(f"Done: {stage.checks} checks held.")
    except* (Untrue, PostDevAIError) as failed:
        print(f"\nThe demo failed: {_sentences(failed)}", file=sys.stderr)
        code = 1
    except* KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        code = 130
    finally:
        shutil.rmtree(stage.directory, ignore_errors=True)
    return code


def _sentences(failed: BaseExceptionGroup[Exception]) -> str:
    inner = [
        _sentences(error) if isinstance(error, BaseExceptionGroup) else str(error)
        for error in failed.exceptions
    ]
    return "; ".join(inner)


async def _tour(stage: Stage) -> None:
    shop, clone = stage.directory / "shop", stage.directory / "elsewhere" / "shop"
    await _build(stage, shop)
    try:
        stage.say("Starting Coordinator, Dragon and Developer, and indexing the repository.")
        await stage.start(shop)
        async with watching(stage.home) as cards:
            repair = await _first_act(stage, shop, clone, cards)
            await proof_act(stage, shop, cards.arrived[0][1].recollection.remedies[0].id)
        await _question(stage, clone)
        await models_act(stage, _failures(cards))
        await away_act(stage, partial(_once_more, stage, clone), repair)
    finally:
        stage.say("Stopping.")
        await stage.stop()
    stage.check("no process is left", not stage.left_behind(), stage.left_behind())


def _failures(cards: Cards) -> list[str]:
    """What the tests said whose cards have come."""
    found = [card.recollection.failure for _, card in cards.arrived]
    return [f"{f.test}\n{f.code}: {f.message.splitlines()[0]}" for f in found if f is not None]


async def _first_act(stage: Stage, shop: Path, clone: Path, cards: Cards) -> str:
    """The commit that repaired what comes back."""
    division = await _break_and_repair(stage, shop, DIVISION, decoys=True)
    lookup = await _break_and_repair(stage, shop, LOOKUP, decoys=False)
    await _fail_by_chance(stage, shop)
    stage.check("no card came for what had never happened before", not cards.arrived)

    stage.say("Another clone of the shop, elsewhere on the disk; its lines are moved.")
    await stage.git(stage.directory, "clone", "-q", str(shop), str(clone))
    await stage.start(shop, clone)
    for path in (DIVISION.path, LOOKUP.path):
        _prepend(clone / path, HEADER)
    await _comes_back(stage, clone, cards, DIVISION, division, other=lookup)
    await _comes_back(stage, clone, cards, LOOKUP, lookup, other=division)
    await _chance_comes_back(stage, clone, cards)
    stage.check("three failures came back, and three cards came", len(cards.arrived) == 3)
    return division


async def _once_more(stage: Stage, clone: Path) -> None:
    _replace(clone / DIVISION.path, DIVISION.right, DIVISION.wrong)
    failed = await _record(stage, clone, *PYTEST, CART)
    stage.say(_last_line(failed))
    _replace(clone / DIVISION.path, DIVISION.wrong, DIVISION.right)


async def _build(stage: Stage, shop: Path) -> None:
    for name, text in FILES.items():
        path = shop / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    await stage.git(shop, "init", "-q", "-b", "main")
    await stage.commit(shop, "a shop")
    stage.say(f"A repository with {len(FILES)} files: {shop}")


async def _break_and_repair(stage: Stage, shop: Path, mistake: Mistake, *, decoys: bool) -> str:
    """The commit that repaired it, by git's own word."""
    _replace(shop / mistake.path, mistake.right, mistake.wrong)
    await stage.commit(shop, mistake.breaking)
    failed = await _record(stage, shop, *PYTEST, CART)
    stage.say(f'"{mistake.breaking}" breaks a test: {_last_line(failed)}')
    stage.check("the run keeps pytest's exit code", failed.code == 1, failed.out + failed.err)

    if decoys:
        with (shop / "README.md").open("a", encoding="utf-8") as readme:
            readme.write("\nOpen from nine to five.\n")
        await stage.commit(shop, "readme: opening hours")
        stage.say("Meanwhile an unrelated commit, and a look at `git status`.")
        await _record(stage, shop, "git", "status")
    _replace(shop / mistake.path, mistake.wrong, mistake.right)
    passed = await _record(stage, shop, *PYTEST, CART)
    stage.check("repaired in the working tree, it passes", passed.code == 0, passed.out)
    commit = await stage.commit(shop, mistake.repair)
    stage.say(f"Committed afterwards: {commit[:7]} {mistake.repair}")
    return commit


async def _fail_by_chance(stage: Stage, shop: Path) -> None:
    stage.network_down.touch()
    failed = await _record(stage, shop, *PYTEST, WAREHOUSE)
    stage.network_down.unlink()
    passed = await _record(stage, shop, *PYTEST, WAREHOUSE)
    stage.say("A test that needs the network fails, and passes with nothing changed.")
    stage.check("it failed, then passed", (failed.code, passed.code) == (1, 0))
    (shop / "shop" / "hours.py").write_text('"""Opening hours."""\n\nOPENS, CLOSES = 9, 17\n')
    await stage.commit(shop, "hours: a module of their own")


async def _comes_back(
    stage: Stage, clone: Path, cards: Cards, mistake: Mistake, commit: str, *, other: str
) -> None:
    before = len(cards.arrived)
    _replace(clone / mistake.path, mistake.right, mistake.wrong)
    failed = await _record(stage, clone, *PYTEST, CART)
    returned = time.monotonic()
    stage.say(f"The same failure again: {_last_line(failed)}")
    arrived, card = await cards.after(before, mistake.repair)
    _replace(clone / mistake.path, mistake.wrong, mistake.right)
    stage.say(f"A card, unasked, {max(0.0, arrived - returned) * 1000:.0f} ms after the prompt:")
    _show(card.why, card.recollection)
    named = {r.commit for r in card.recollection.remedies}
    stage.check("it is about this test", _test_of(card.recollection).endswith("without_a_code"))
    stage.check("it calls it the same symptom", card.recollection.match == "same")
    stage.check(f"it names {commit[:7]} and no other commit", named == {commit}, named)
    stage.check("and so not the other repair of the same test", other not in named)
    remedy = card.recollection.remedies[0]
    stage.check("it was observed, not guessed", remedy.state == "observed", remedy)
    stage.check("its diff is the repair", f"+    {mistake.right}" in remedy.diff, remedy.diff)
    fixed = await stage.git(clone, "log", "--format=%H", f"--grep=^{mistake.repair}$")
    stage.check("git log agrees", fixed == commit, fixed)
    touched = await stage.git(clone, "show", "--format=", "--name-only", commit)
    stage.check("git show touches that file alone", touched == mistake.path, touched)


async def _chance_comes_back(stage: Stage, clone: Path, cards: Cards) -> None:
    before = len(cards.arrived)
    stage.network_down.touch()
    failed = await _record(stage, clone, *PYTEST, WAREHOUSE)
    stage.network_down.unlink()
    stage.say(f"The network is away again: {_last_line(failed)}")
    _, card = await cards.after(before, "the failure by chance")
    _show(card.why, card.recollection)
    stage.check("it says that it comes and goes", card.recollection.flaky is not None)
    named = [r.commit for r in card.recollection.remedies if r.commit]
    stage.check("it names no commit, though one came after it", not named, named)


async def _question(stage: Stage, clone: Path) -> None:
    await stage.git(clone, "checkout", "-q", ".")
    await _until_fresh(stage)
    stage.say(f"A question: {QUESTION}")
    done = await stage.postdevai("ask", "--json", QUESTION)
    stage.check("ask answers", done.code == 0, done.err)
    said = done.json()
    speaker = said["model"] or f"no model ({said['without_model']})"
    stage.say(f"{len(said['citations'])} citations; {speaker}")
    stage.check("it cites something", bool(said["citations"]))
    for number, cited in enumerate(said["citations"], 1):
        lines = f"{cited['start_line']}-{cited['end_line']}"
        opened = await stage.postdevai("open", "--json", f"{cited['blob']}:{lines}")
        text = opened.json()["text"].splitlines()
        whole = await stage.git(clone, "show", f"{cited['commit']}:{cited['path']}")
        at_commit = whole.splitlines()[cited["start_line"] - 1 : cited["end_line"]]
        stage.check(
            f"[{number}] {cited['path']}:{lines} opens as it is in {cited['commit'][:7]}",
            _without_blank_end(text) == _without_blank_end(at_commit),
            text,
        )
    paths = [cited["path"] for cited in said["citations"]]
    stage.check(f"{ANSWERING_FILE} is among them", ANSWERING_FILE in paths, paths)


async def _until_fresh(stage: Stage) -> None:
    """Until the lake knows the files as they are now."""
    deadline = time.monotonic() + FRESH_TIMEOUT_S
    while time.monotonic() < deadline:
        found = (await stage.postdevai("search", "--json", "--literal", "def percent")).json()
        fresh = found["freshness"]
        settled = not any(hit["dirty"] for hit in found["hits"])
        if settled and not fresh["events_behind"] and not _files_behind(fresh):
            return
    raise Untrue(f"the lake is not up to date after {FRESH_TIMEOUT_S:.0f} s")


def _files_behind(freshness: dict[str, Any]) -> bool:
    return any(project["files_behind"] != 0 for project in freshness["projects"])


async def _record(stage: Stage, cwd: Path, *command: str) -> Done:
    return await stage.postdevai("run", "--", *command, cwd=cwd)


def _show(why: str, what: Recollection) -> None:
    message = what.failure.message.splitlines()[0] if what.failure else ""
    print(f"          | {_test_of(what)}: {message}")
    print(f"          | {why}")
    for remedy in what.remedies:
        print(f"          | {remedy.state}: {remedy.label}")
        for line in remedy.diff.splitlines():
            if line[:1] in "+-" and not line.startswith(("+++", "---")):
                print(f"          |   {line}")


def _test_of(what: Recollection) -> str:
    return what.failure.test if what.failure else ""


def _last_line(done: Done) -> str:
    return (done.out.strip().splitlines() or [""])[-1]


def _without_blank_end(lines: list[str]) -> list[str]:
    return "\n".join(lines).rstrip().splitlines()


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    if text.count(old) != 1:
        raise Untrue(f"{path} does not hold {old!r} once")
    path.write_text(text.replace(old, new), "utf-8")


def _prepend(path: Path, text: str) -> None:
    path.write_text(text + path.read_text("utf-8"), "utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
