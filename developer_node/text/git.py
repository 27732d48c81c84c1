"""The git program, asked questions in a way that changes nothing in the user's repository."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from common.errors import Missing, Unavailable

_SETTINGS = (
    "core.fsmonitor=false",  # would start a daemon
    "core.hooksPath=/dev/null",  # writing an index runs a hook
    "core.splitIndex=false",
    "core.untrackedCache=false",
    "core.quotePath=false",
    "gc.auto=0",
    "core.fsync=none",  # only our own trees are written, and they can be made again
    "filter.lfs.clean=",  # would write into .git/lfs
    "filter.lfs.process=",
    "filter.lfs.required=false",
)
_ARGUMENTS = tuple(part for setting in _SETTINGS for part in ("-c", setting))


def git_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for git: nothing inherited from a hook, no lock, no network, no question."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    kept |= {
        "LC_ALL": "C",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
    }
    return kept | dict(more or {})


def git(
    root: Path,
    arguments: Sequence[str],
    *,
    stdin: bytes = b"",
    more: Mapping[str, str] | None = None,
    timeout_s: float = 60.0,
) -> bytes:
    """What git prints. Unavailable when there is no git, Missing with its words when it says no."""
    command = ["git", *_ARGUMENTS, "-C", os.fspath(root), *arguments]
    try:
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            env=git_environment(more),
            timeout=timeout_s,
            check=False,
        )
    except FileNotFoundError as error:
        raise Unavailable("git is not installed", hint="install git") from error
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"git {arguments[0]} took more than {timeout_s:.0f} s") from error
    if done.returncode != 0:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise Missing(f"git {arguments[0]}: {words[0] if words else 'failed'}")
    return done.stdout


def text_of(output: bytes) -> str:
    """What git printed as text; a name that is not UTF-8 keeps its bytes as surrogates."""
    return output.decode("utf-8", "surrogateescape")
