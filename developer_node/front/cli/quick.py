"""`recall --json` and `status --json`, read by hand: scripts must not wait for a parser.

Only the plain forms are taken here. Whatever else is said goes to the parser, and is refused there.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

DONE, NO = 0, 1


def quick(words: Sequence[str]) -> int | None:
    """The exit code; None when the parser is to have it."""
    match list(words):
        case ["recall", *rest] if "--json" in rest:
            asked = _asked(rest)
            if asked is None:
                return None
            gc.disable()  # what ends at once has nothing to collect: a tenth of its time
            return _recall(*asked)
        case ["status", "--json"]:
            gc.disable()
            return _status()
        case _:
            return None


def _asked(words: list[str]) -> tuple[str, str] | None:
    """A fingerprint and a text, at most one of them; None for whatever is not plain."""
    rest, fingerprint, last = list(words), "", False
    while rest:
        word = rest.pop(0)
        if word == "--":
            break
        if word == "--last":
            last = True
        elif word == "--fingerprint" and rest and not rest[0].startswith("-"):
            fingerprint = rest.pop(0)
        elif word != "--json":
            return None
    text = " ".join(rest)
    if rest == ["-"] or sum((last, bool(fingerprint), bool(text))) > 1:
        return None
    return fingerprint, text


def _recall(fingerprint: str, text: str) -> int:
    from common.daemon.home import Home
    from developer_node.front.local_once import recall_once
    from developer_node.front.output_json_recall import recall

    known = recall_once(Home.from_env(), os.getcwd(), fingerprint, text)
    _print(recall(known))
    return NO if known.match == "none" else DONE


def _status() -> int:
    from common.daemon.home import Home
    from common.errors import Unavailable
    from developer_node.front import output_json
    from developer_node.front.local_once import status_once

    home = Home.from_env()
    try:
        now = status_once(home)
    except Unavailable as error:
        from developer_node.front.cli.refusal import refuse
        from developer_node.front.local_nodes import local_nodes

        _print(output_json.status_without_daemon(local_nodes(home), error.message))
        return refuse(error)
    _print(output_json.status(now))
    return DONE


def _print(data: dict[str, object]) -> None:
    """As `words.print_json` does, whose room knows the parser, too."""
    import json

    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.flush()
