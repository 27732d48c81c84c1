"""Copied into a sandbox: tells, when an interpreter ends, which files its modules came from."""

# Python 3.8 and later, the standard library alone: it runs on the person's interpreter.

from __future__ import annotations

import atexit
import json
import os
import sys


def _tell(place: str) -> None:
    files = sorted(
        {
            os.path.realpath(file)
            for module in list(sys.modules.values())
            if isinstance(file := getattr(module, "__file__", None), str)
        }
    )
    path = os.path.join(place, f"modules-{os.getpid()}-{os.urandom(4).hex()}.json")
    with open(path, "w", encoding="utf-8", errors="replace") as out:
        json.dump(files, out)


def _run_the_other() -> None:
    """The sitecustomize that this one stands in front of."""
    here = os.path.dirname(os.path.abspath(__file__))
    for place in sys.path:
        other = os.path.join(place, "sitecustomize.py")
        if os.path.abspath(place) != here and os.path.isfile(other):
            with open(other, "rb") as source:
                code = compile(source.read(), other, "exec")
            exec(code, {"__name__": "sitecustomize", "__file__": other})
            return


if _PLACE := os.environ.get("POSTDEVAI_SEEN"):
    atexit.register(_tell, _PLACE)
    _run_the_other()
