"""Every command of the table keeps the contract for scripts: data, codes, colours, refusals."""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import typer

from common.model.answer import AskEnd, AskPart, AskPassages, AskRequest, Hit
from common.model.ids import ContentHash, NodeId
from common.model.node import Node
from developer_node.front.cli import commands
from developer_node.front.cli.application import application
from tests.support.local_api import Script, serve
from tests.support.typed import Terminal

DOCS = (Path(__file__).resolve().parents[5] / "docs" / "cli.md").read_text()
ESCAPE = "\x1b"
BLOB = ContentHash("0123456789abcdef" * 2)
HIT = Hit("thing", "/code/thing", "a.py", 1, 2, blob=BLOB, text="one\ntwo\n")
CODES = frozenset(range(6))

EXAMPLES: dict[str, tuple[str, ...]] = {
    "status": (),
    "doctor": (),
    "nodes": (),
    "bench": (),
    "recall": ("--last",),
    "history": (),
    "search": ("words",),
    "ask": ("where",),
    "open": (BLOB,),
    "kept": (),
    "never": (),
    "lake": (),
    "models": (),
    "service": (),
    "invite": ("tool",),
    "watch": (".",),
    "related": ("file", "a.py"),
    "redact": ("--test", "text"),
}
"""Commands that print data and can be typed to a daemon that is scripted; the rest change things,
and have tests of their own."""
NO_DATA = {
    *("up", "down", "tui", "shell", "run", "pause", "resume", "snooze", "completion"),
    *("uninstall", "mcp", "lsp", "upgrade"),
}
"""Commands that print no data."""


@pytest.fixture
async def terminal(tmp_path: Path) -> AsyncGenerator[Terminal]:
    async def answer(asked: AskRequest) -> AsyncIterator[AskPart]:
        parts: tuple[AskPart, ...] = (AskPassages((HIT,)), AskEnd())
        for part in parts:
            yield part

    (tmp_path / "text").write_text("nothing secret\n")
    made = Terminal(tmp_path / "home", tmp_path)
    node = Node("dragon", NodeId("d"), "a:1", "serving", 1.0)
    script = Script(hits=(HIT,), nodes=(node,), blobs={BLOB: b"one\ntwo\n"}, answer=answer)
    async with serve(made.home, script, os.getpid()):
        yield made


def _flags(name: str) -> set[str]:
    group: Any = typer.main.get_command(application((name,)))
    return {flag for parameter in group.commands[name].params for flag in parameter.opts}


def test_every_command_that_prints_data_has_json() -> None:
    names = {name for name, _, _ in commands.every()}
    lacking = {name for name in names - NO_DATA if "--json" not in _flags(name)}
    assert lacking == set()
    assert set(EXAMPLES) <= names - NO_DATA


@pytest.mark.parametrize("name", sorted(EXAMPLES))
async def test_json_is_one_document_with_the_documented_keys(name: str, terminal: Terminal) -> None:
    done = await terminal.type(name, "--json", *EXAMPLES[name])
    assert done.code in CODES and done.code != 2, done.err
    data = json.loads(done.out)  # fails on none, on two, and on words beside it
    assert isinstance(data, dict)
    assert ESCAPE not in done.out + done.err
    documented = re.search(rf"^```json {name}\n(.*?)^```$", DOCS, re.M | re.S)
    if documented and name != "snapshot":
        assert set(json.loads(documented[1])) == set(data)
    else:
        assert all(f'"{key}"' in DOCS for key in data)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
async def test_a_pipe_gets_plain_text_and_the_same_code(name: str, terminal: Terminal) -> None:
    words = EXAMPLES[name]
    plain = await terminal.type(name, *words, TERM="xterm-256color", FORCE_COLOR="")
    assert ESCAPE not in plain.out + plain.err
    assert plain.code in CODES
    assert plain.code == (await terminal.type(name, "--json", *words)).code


@pytest.mark.parametrize("name", [name for name, _, _ in commands.every()])
async def test_an_option_that_is_none_is_two_and_a_sentence(name: str, tmp_path: Path) -> None:
    done = await Terminal(tmp_path / "home", tmp_path).type(name, "--no-such-option")
    assert (done.code, done.out) == (2, "")
    assert "--no-such-option" in done.err and ESCAPE not in done.err
    assert len(done.err.strip().splitlines()) <= 6


def test_the_codes_in_the_docs_are_those_of_the_program() -> None:
    from common.daemon.lifecycle import EXIT_CODES

    table = DOCS.partition("## Exit codes")[2].partition("##")[0]
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.M)}
    assert told == {0, 130, *EXIT_CODES.values()}
