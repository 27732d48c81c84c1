"""`models`: which there are, what they take, and getting, loading, pinning them."""

from __future__ import annotations

import json as json_words
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated

import typer

from common.errors import Missing
from developer_node.front.cli.refusal import DONE, NO, with_client
from developer_node.front.cli.words import JSON, home, print_json

if TYPE_CHECKING:
    from common.model.llm import Model, ModelList
    from developer_node.front.local_client import LocalClient
    from developer_node.front.local_models import LocalModels

NAME = Annotated[str, typer.Argument(metavar="MODEL", help="Its name in the catalogue.")]


def group() -> typer.Typer:
    """`postdevai models [COMMAND]`."""
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback(invoke_without_command=True)(models)
    app.command("list")(list_models)
    for command in (info, pull, load, unload, pin, unpin, watch):
        app.command(command.__name__)(command)
    return app


def models(context: typer.Context, json: JSON = False) -> None:
    """Show the models and the memory they take; or look after them."""
    if context.invoked_subcommand is None:
        list_models(json)


def list_models(json: JSON = False) -> None:
    """Show every model, and what the memory is spoken for."""
    from common.clock import SystemClock
    from developer_node.front import output_json_models, output_models
    from developer_node.front.output_page import Page

    async def use(client: LocalClient) -> int:
        catalog, stats = await client.models.list(), await client.models.stats()
        if json:
            print_json(output_json_models.page(catalog, stats))
        else:
            Page().show(*output_models.page(catalog, stats, SystemClock().now_ms()))
        return DONE

    raise typer.Exit(with_client(use, home()))


def info(name: NAME, json: JSON = False) -> None:
    """Tell all that is known of a model."""
    from developer_node.front import output_json_models, output_models
    from developer_node.front.output_page import Page

    async def use(client: LocalClient) -> int:
        catalog, stats = await client.models.list(), await client.models.stats()
        found = _find(catalog, name)
        if json:
            print_json(output_json_models.model(found))
        else:
            Page().show(*output_models.info(found, stats))
        return DONE

    raise typer.Exit(with_client(use, home()))


def pull(name: NAME, json: JSON = False) -> None:
    """Fetch a model's weights to the Dragon. It goes on where it was interrupted."""
    _followed(lambda models: models.pull(name), f"{name}: asking for it", json)


def load(name: NAME, json: JSON = False) -> None:
    """Load a model into memory now. What is asked for is loaded by itself."""
    _followed(lambda models: models.load(name), f"{name}: loading", json)


def unload(
    name: NAME,
    now: Annotated[bool, typer.Option("--now", help="End its requests.")] = False,
    json: JSON = False,
) -> None:
    """Take a model out of memory, once its requests have ended."""
    from developer_node.front import output_json_models, output_models
    from developer_node.front.output_page import Page

    async def use(client: LocalClient) -> int:
        before = _find(await client.models.list(), name)
        output = Page(sys.stderr) if json else Page()
        leaving = client.models.unload(name, now=now)
        after = await output_models.waited(leaving, before, output)
        if json:
            print_json(output_json_models.model(after))
        else:
            output.show(output_models.unloaded(before, after))
        return DONE

    raise typer.Exit(with_client(use, home()))


def pin(name: NAME, json: JSON = False) -> None:
    """Keep a model in memory, whatever else needs room."""
    _changed(lambda models: models.pin(name, pinned=True), json)


def unpin(name: NAME, json: JSON = False) -> None:
    """Let a model be evicted again when room is needed."""
    _changed(lambda models: models.pin(name, pinned=False), json)


def watch(json: JSON = False) -> None:
    """Follow every change of the models, with its reason. Ctrl-C ends it."""
    from developer_node.front import output_json_models, output_models
    from developer_node.front.output_page import Page

    async def use(client: LocalClient) -> int:
        page = Page()
        async with aclosing(client.models.watch()) as changes:
            async for each in changes:
                if json:
                    said = json_words.dumps(output_json_models.change(each), ensure_ascii=False)
                    sys.stdout.write(said + "\n")
                    sys.stdout.flush()
                else:
                    page.show(output_models.change(each))
        return DONE

    raise typer.Exit(with_client(use, home()))


def _find(catalog: ModelList, name: str) -> Model:
    for model in catalog.models:
        if model.name == name:
            return model
    known = ", ".join(m.name for m in catalog.models) or "none"
    raise Missing(f"There is no model {name[:80]!r}.", hint=f"There is {known}.")


def _changed(change: Callable[[LocalModels], Awaitable[Model]], json: bool) -> None:
    from developer_node.front import output_json_models, output_models
    from developer_node.front.output_page import Page

    async def use(client: LocalClient) -> int:
        now = await change(client.models)
        if json:
            print_json(output_json_models.model(now))
        else:
            Page().show(output_models.done(now))
        return DONE

    raise typer.Exit(with_client(use, home()))


def _followed(
    coming: Callable[[LocalModels], AsyncGenerator[Model]], first: str, json: bool
) -> None:
    from common.errors import Unavailable
    from developer_node.front import output_json_models, output_models
    from developer_node.front.output_page import Page

    async def use(client: LocalClient) -> int:
        # Progress is for people: with --json it goes to nobody, and the end is the document.
        output = Page(sys.stderr) if json else Page()
        last = await output_models.follow(coming(client.models), output, first)
        if last is None:
            raise Unavailable("The Dragon ended without a word.", hint="Try again.")
        if json:
            print_json(output_json_models.model(last))
        else:
            output.show(output_models.done(last))
        return NO if last.state == "failed" else DONE

    raise typer.Exit(with_client(use, home()))
