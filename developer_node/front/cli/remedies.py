"""`prove`, `mine`, `patch`, `cards`, `snooze`, `autonomy`, `revert`: what is done with remedies."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from common.errors import Invalid, Missing, PostDevAIError
from developer_node.front.cli.refusal import DONE, NO, with_client
from developer_node.front.cli.words import JSON, PROJECT, home, print_json

if TYPE_CHECKING:
    from common.model.event import Autonomy
    from common.model.failure import RemedyKind, Suggestion
    from developer_node.front.local_client import LocalClient

REMEDY = Annotated[
    str,
    typer.Argument(
        metavar="REMEDY", help="A remedy's id; without one the best of the last failure."
    ),
]
Level = Literal["observer", "notifier", "advisor", "assistant", "pair-programmer"]
FEED_SILENT_S = 0.5
CONSENT = "The recorded command is run again, up to six times, in a sandbox without network. Go on?"
CONSENT_TO_FIX = (
    "The tests of this commit are run on the commit before it and on itself, three times each, in a"
    " sandbox without network. Go on?"
)


def prove(
    remedy: REMEDY = "",
    commit: Annotated[
        str, typer.Option(metavar="COMMIT", help="A fix of the git log here, as `mine` found it.")
    ] = "",
    timeout: Annotated[
        float, typer.Option(metavar="S", min=0, max=3600, help="Seconds for each run; 0 means 120.")
    ] = 0,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: JSON = False,
) -> None:
    """Try a remedy again: red without it, green with it, offline."""
    from common.model.remedy import ProofTarget
    from developer_node.front import output_json_remedies, output_remedies
    from developer_node.front.output_page import Page

    if remedy and commit:
        raise Invalid("A remedy and a commit exclude each other.", field="commit")
    if json and not yes:
        raise Invalid("With --json nobody is asked.", field="yes", hint="Add --yes.")

    async def use(client: LocalClient) -> int:
        chosen = "" if commit else remedy or await _last_one(client)
        if not (yes or typer.confirm(CONSENT_TO_FIX if commit else CONSENT, default=True)):
            return NO  # asked only now: what is to be tried is said before
        path = os.getcwd() if commit else ""
        target = ProofTarget(chosen, path, commit, consent=True, timeout_s=timeout)
        output = Page(sys.stderr) if json else Page()
        finished = await output_remedies.follow_proof(client.remedies.prove(target), output)
        if finished is None:
            raise Missing("The proof ended without a verdict.", hint="Try it again.")
        if json:
            print_json(output_json_remedies.proven(finished))
        else:
            output.show(*output_remedies.proof(finished))
        return DONE if finished.verdict == "confirmed" else NO

    raise typer.Exit(with_client(use, home()))


def mine(
    path: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="A repository; without one the one here.")
    ] = None,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, max=200, help="So many fixes at most.")
    ] = 5,
    json: JSON = False,
) -> None:
    """Find fixes of the past that carry a test, in the git log."""
    from common.clock import SystemClock
    from developer_node.front import output_json_remedies, output_remedies
    from developer_node.front.output_page import Page, line

    where = os.fspath((path or Path.cwd()).expanduser().absolute())

    async def use(client: LocalClient) -> int:
        output = Page(sys.stderr) if json else Page()
        walk = client.remedies.mine(where, limit)
        tried = await _tried(client)
        now_ms = SystemClock().now_ms()
        found, end = await output_remedies.follow_mining(walk, output, now_ms, tried)
        if json:
            print_json(output_json_remedies.mined(found, end, tried))
        elif end is not None:
            output.show(line(end.sentence))
        return DONE if found else NO

    raise typer.Exit(with_client(use, home()))


def patch(remedy: REMEDY = "", json: JSON = False) -> None:
    """Print a remedy as a patch for the files here; you apply it."""
    from developer_node.front import output_json_remedies, output_remedies
    from developer_node.front.output_page import Page

    async def use(client: LocalClient) -> int:
        chosen = remedy or await _last_one(client)
        drafted = await client.remedies.draft(chosen, os.getcwd())
        if json:
            print_json(output_json_remedies.drafted(drafted))
        else:
            sys.stdout.write(drafted.diff)
            sys.stdout.flush()
            Page(sys.stderr).show(*output_remedies.drafted(drafted))
        return DONE if drafted.applies else NO

    raise typer.Exit(with_client(use, home()))


def cards(
    project: PROJECT = "",
    quiet: Annotated[
        bool | None, typer.Option("--quiet/--loud", help="Keep the project quiet, or wake it.")
    ] = None,
    json: JSON = False,
) -> None:
    """Show how cards were taken, and which projects are quiet."""
    from developer_node.front import output_json_remedies, output_remedies
    from developer_node.front.output_page import Page

    if quiet is not None and not project:
        raise Invalid("Say which project.", field="project", hint="Add --project NAME.")

    async def use(client: LocalClient) -> int:
        if quiet is not None:
            await client.remedies.quiet(project, quiet=quiet)
        known = await client.remedies.card_stats(project)
        if json:
            print_json(output_json_remedies.stats(known))
        else:
            Page().show(*output_remedies.stats(known))
        return DONE if known else NO

    raise typer.Exit(with_client(use, home()))


def snooze(
    card: Annotated[
        str, typer.Argument(metavar="CARD", help="A card's id; without one the newest.")
    ] = "",
    minutes: Annotated[
        int, typer.Option("--minutes", metavar="N", min=1, max=43200, help="For how long.")
    ] = 60,
) -> None:
    """Put a card off: the same symptom makes none for so long."""
    from developer_node.front.cli.named_none import headline
    from developer_node.front.output_page import Page, line
    from developer_node.front.output_words import count

    async def use(client: LocalClient) -> int:
        newest = None if card else await _newest_card(client)
        await client.remedies.snooze(newest.id if newest else card, minutes)
        what = f": {headline(newest.recollection.failure)}" if newest else "."
        Page().show(line(f"Put off for {count(minutes, 'minute')}{what}"))
        return DONE

    raise typer.Exit(with_client(use, home()))


def autonomy(
    level: Annotated[
        Level | None,
        typer.Argument(
            metavar="LEVEL", help="What to allow; without one the level that holds is shown."
        ),
    ] = None,
    here: Annotated[bool, typer.Option("--here", help="For this repository alone.")] = False,
    allow: Annotated[
        str,
        typer.Option(metavar="CLASSES", help="Which remedies to try: code,dependency,environment."),
    ] = "",
    json: JSON = False,
) -> None:
    """Show or set what is done without asking.

    observer, notifier, advisor (the default), assistant, pair-programmer.
    """
    from common.model.remedy import AutonomySetting
    from developer_node.front import output_json_remedies, output_remedies
    from developer_node.front.output_page import Page

    scope = os.getcwd() if here else ""

    async def use(client: LocalClient) -> int:
        if level is None and not allow:
            now = await client.remedies.autonomy(os.getcwd())
        else:
            before = await client.remedies.autonomy(scope)
            wanted = cast("Autonomy", level.replace("-", " ")) if level else before.level
            classes = _classes(allow) if allow else before.classes
            now = await client.remedies.allow(AutonomySetting(wanted, scope, classes))
        if json:
            print_json(output_json_remedies.setting(now))
        else:
            Page().show(*output_remedies.setting(now))
        return DONE

    raise typer.Exit(with_client(use, home()))


def revert(
    act: Annotated[str, typer.Argument(metavar="ACT", help="Its id: postdevai history --kind act")],
    json: JSON = False,
) -> None:
    """Take back what was done in your name."""
    from common.model.ids import EventId
    from developer_node.front import output_json_remedies, output_remedies
    from developer_node.front.output_page import Page

    async def use(client: LocalClient) -> int:
        done = await client.remedies.revert(EventId(act))
        if json:
            print_json(output_json_remedies.act(done))
        else:
            Page().show(output_remedies.reverted(done))
        return DONE

    raise typer.Exit(with_client(use, home()))


def _classes(words: str) -> tuple[RemedyKind, ...]:
    kinds = ("code", "dependency", "environment")
    chosen = tuple(word.strip() for word in words.split(",") if word.strip())
    for word in chosen:
        if word not in kinds:
            raise Invalid(
                f"{word!r} is no class.", field="allow", hint=f"Write {', '.join(kinds)}."
            )
    return cast("tuple[RemedyKind, ...]", chosen)


async def _last_one(client: LocalClient) -> str:
    """The remedy that is meant when none is named; which one is said, beside what is printed."""
    from developer_node.front.cli.named_none import best_of_last
    from developer_node.front.output_page import Page, line

    chosen, sentence = await best_of_last(client)
    Page(sys.stderr).show(line(sentence))
    return chosen


async def _tried(client: LocalClient) -> dict[str, str]:
    """What came last of each fix that was proven, by its commit; nothing without the Dragon."""
    from common.model.event import ProofFinished
    from common.model.lake import HistoryQuery

    try:
        page = await client.history(HistoryQuery(limit=1000, kind="proof"))
    except PostDevAIError:
        return {}
    bodies = (entry.event.body for entry in reversed(page.entries))
    return {
        body.commit: body.verdict
        for body in bodies
        if isinstance(body, ProofFinished) and body.commit and not body.remedy_id
    }


async def _newest_card(client: LocalClient) -> Suggestion:
    from common.model import failure

    newest: Suggestion | None = None  # one that says something else now comes once more
    feed = client.feed()
    try:
        while True:  # the feed has no end: what is kept comes at once, then it is silent
            async with asyncio.timeout(FEED_SILENT_S):
                item = await anext(feed)
            card = item.item
            if isinstance(card, failure.Suggestion) and (
                newest is None or card.cursor > newest.cursor
            ):
                newest = card
    except TimeoutError:
        pass
    finally:
        await feed.aclose()
    if newest is None:
        raise Missing("No card has come since the daemon started.", hint="Name a card by its id.")
    return newest
