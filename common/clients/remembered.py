"""What a node keeps on disk of the mesh, so that it works on without the Coordinator.

DIRECTORY/word.json     ticket keys, denied nodes, and when the Coordinator was last heard
DIRECTORY/routes.json   the last routes of each question, tickets included
"""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from common.clients.registry import Word
from common.daemon.files import write_private
from common.model.ids import NodeId
from common.model.node import Route
from common.model.rule_file import RuleFile
from common.rpc.tickets import TicketKey

log = logging.getLogger(__name__)

QUESTIONS_MAX = 256


class Remembered:
    """The cache; it blocks while it writes, so it is called from a thread."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory

    def word(self) -> tuple[Word, int]:
        """The last word of the Coordinator and when it was heard; 0 for never."""
        try:
            kept = json.loads((self._directory / "word.json").read_text("utf-8"))
            keys = tuple(TicketKey(**key) for key in kept["ticket_keys"])
            denied = frozenset(NodeId(node) for node in kept["denied"])
            rules = tuple(RuleFile(**file) for file in kept.get("rules", ()))
            return Word(keys, denied, rules=rules), int(kept["heard_ms"])
        except (OSError, ValueError, TypeError, KeyError):
            return Word((), frozenset()), 0

    def keep_word(self, word: Word, heard_ms: int) -> None:
        """Replaces the last word."""
        kept = {
            "ticket_keys": [asdict(key) for key in word.ticket_keys],
            "denied": sorted(word.denied),
            "rules": [asdict(file) for file in word.rules],
            "heard_ms": heard_ms,
        }
        self._write("word.json", kept)

    def routes(self) -> OrderedDict[str, tuple[Route, ...]]:
        """Question to routes, oldest question first."""
        try:
            kept = json.loads((self._directory / "routes.json").read_text("utf-8"))
            return OrderedDict((q, tuple(_route(r) for r in rs)) for q, rs in kept.items())
        except (OSError, ValueError, TypeError, AttributeError):
            return OrderedDict()

    def keep_routes(self, routes: dict[str, tuple[Route, ...]]) -> None:
        """Replaces all routes."""
        self._write("routes.json", {q: [asdict(r) for r in rs] for q, rs in routes.items()})

    def _write(self, name: str, kept: Mapping[str, object]) -> None:
        try:
            write_private(self._directory / name, json.dumps(kept).encode())
        except OSError as error:  # a full disk: what is in memory is enough while this runs
            log.warning("%s is not kept: %s", name, error)


def are_alike(before: tuple[Route, ...], after: tuple[Route, ...]) -> bool:
    """Whether they lead to the same places, however their tickets and reasons differ."""

    def place(route: Route) -> Route:
        return replace(route, ticket="", ticket_expires_ms=0, reason="")

    return [place(each) for each in before] == [place(each) for each in after]


def _route(kept: dict[str, Any]) -> Route:
    kept["endpoints"] = tuple(kept.get("endpoints", ()))
    return Route(**kept)
